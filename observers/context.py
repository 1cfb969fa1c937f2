"""What every template may ask about the person in front of it."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from observers.roles import roles


def user_roles(request: HttpRequest) -> dict[str, object]:
    """`user_roles`: the roles held in any election; one query, and only when a page asks."""
    user = getattr(request, "user", None)
    if user is None:
        return {"user_roles": frozenset()}
    return {"user_roles": SimpleLazyObject(lambda: roles(user))}
