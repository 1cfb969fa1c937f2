"""What every template may ask about the person in front of it."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from elections.models import Election
from observers.roles import roles


def user_roles(request: HttpRequest) -> dict[str, object]:
    """`user_roles`: the roles held in any election; `rehearsals`: those this person takes part in.

    One query each, and only when a page asks.
    """
    user = getattr(request, "user", None)
    if user is None:
        return {"user_roles": frozenset(), "rehearsals": []}
    rehearsals = SimpleLazyObject(lambda: _rehearsals(user))
    return {"user_roles": SimpleLazyObject(lambda: roles(user)), "rehearsals": rehearsals}


def _rehearsals(user: Any) -> list[Election]:
    if not user.is_authenticated:
        return []
    return list(Election.objects.visible_to(user).filter(is_rehearsal=True))
