"""What may this person do? Roles come from memberships, and from nothing else.

`is_superuser` and `is_staff` are columns Django insists on; no rule here reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, TextChoices
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from elections.models import Election, Region
    from observers.models import Membership, User
    from observers.querysets import MembershipQuerySet, TeamQuerySet

    Visitor: TypeAlias = User | AnonymousUser


T = TypeVar("T")


class Role(TextChoices):
    OBSERVER = "observer", _("Observer")
    COORDINATOR = "coordinator", _("Coordinator")
    EDITOR = "editor", _("Editor")
    SECURITY = "security", _("Security officer")
    PARTNER = "partner", _("Partner")
    ADMIN = "admin", _("Administrator")


# Of the request this thread is answering; None outside of one.
_asked: ContextVar[dict[object, Any] | None] = ContextVar("asked", default=None)
# They report from where they are, and may carry a phone of ours.
IN_THE_FIELD = (Role.OBSERVER, Role.COORDINATOR, Role.SECURITY)
DESK_ROLES = frozenset({Role.COORDINATOR, Role.EDITOR, Role.SECURITY})


def memberships(
    user: Visitor, election: Election | None = None, *, at: datetime | None = None
) -> MembershipQuerySet:
    """Memberships that count now (or `at` that moment); none for anonymous or inactive people."""
    found: MembershipQuerySet = apps.get_model("observers", "Membership").objects.all()
    if not (user.is_authenticated and user.is_active):
        return found.none()
    found = found.filter(user=user).active(at)
    if (within := elections_of_token(user)) is not None:
        found = found.filter(election__in=within)
    if regions_of_token(user) is not None:
        # Only reading is limited to regions; whatever its scopes say, it is nothing else.
        found = found.filter(role=Role.PARTNER)
    if election is None:
        return found
    # Only an administrator may stand above the elections.
    return found.filter(Q(election=election) | Q(election=None))


def elections_of_token(user: Visitor) -> frozenset[int] | None:
    """What the token of this request is limited to. None: no token, or no such limit."""
    token = getattr(user, "asked_with", None)
    return token.only_elections if token else None


def regions_of_token(user: Visitor) -> frozenset[int] | None:
    """The same of regions, by their ids; what lies below them is meant, too."""
    token = getattr(user, "asked_with", None)
    return token.only_regions if token else None


def within_token(user: Visitor, election_id: int | None) -> bool:
    """May the token of this request be used to write in this election? Without one: yes."""
    within = elections_of_token(user)
    return (within is None or election_id in within) and regions_of_token(user) is None


@contextmanager
def asked_once() -> Iterator[None]:
    """For one request: who sees what does not change while a page is drawn."""
    token = _asked.set({})
    try:
        yield
    finally:
        _asked.reset(token)


def remembered(user: Visitor, what: object, ask: Callable[[], T]) -> T:
    """What `ask` found for this person in this request; outside of one it is asked each time."""
    known = _asked.get()
    if known is None or not user.is_authenticated:
        return ask()
    # Of one request, a session and a token may be two askers with different rights.
    token = getattr(user, "asked_with", None)
    key = (user.pk, token and token.pk, what)
    if key not in known:
        known[key] = ask()
    found: T = known[key]
    return found


def roles(user: Visitor, election: Election | None = None) -> frozenset[Role]:
    """In this election, or in all of them together when none is named."""

    def ask() -> frozenset[Role]:
        found = memberships(user, election).values_list("role", flat=True)
        return frozenset(Role(role) for role in found)

    return remembered(user, ("roles", election and election.pk), ask)


def has_role(
    user: Visitor, role: Role, election: Election | None = None, *, region: Region | None = None
) -> bool:
    """In this election, or in any when none is named; with `region`, only where it is covered."""
    held = memberships(user, election).filter(role=role)
    if region is not None:
        held = held.covering(region)
    return held.exists()


def teams(user: Visitor, election: Election) -> TeamQuerySet:
    found: TeamQuerySet = apps.get_model("observers", "Team").objects.all()
    own = memberships(user, election).filter(team__isnull=False).values("team")
    return found.filter(pk__in=own)


def active_membership(user: Visitor, election: Election, role: Role) -> Membership | None:
    """The one an act is done under, for example the team a report belongs to."""
    return memberships(user, election).filter(role=role).order_by("pk").first()
