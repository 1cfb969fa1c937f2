"""Who may come in: asked before a page does anything. What they see there, the rows decide."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeAlias, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incidents.errors import NotAllowed
from incidents.intake import MAY_FILE
from incidents.querysets import SUBSCRIBERS
from observers.models import User
from observers.roles import DESK_ROLES, Role, roles

Page: TypeAlias = Callable[..., HttpResponseBase]


class SignedIn(HttpRequest):
    """A request of somebody who came in through one of the doors below."""

    user: User


def _door(open_to: Iterable[Role], refusal: Promise) -> Callable[[Page], Page]:
    allowed = frozenset(open_to)

    def decorate(page: Page) -> Page:
        @wraps(page)
        def enter(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not allowed & roles(request.user):
                raise PermissionDenied(str(refusal))
            try:
                return page(cast(SignedIn, request), *args, **kwargs)
            except NotAllowed as refused:
                raise PermissionDenied(str(refused)) from refused

        return enter

    return decorate


desk_only = _door(
    DESK_ROLES,
    _("The desk is for coordinators, editors and security officers of an election."),
)
carers_only = _door(
    (Role.COORDINATOR, Role.SECURITY),
    _("Observers and their phones are looked after by coordinators and security officers."),
)
subscribers_only = _door(
    SUBSCRIBERS,
    _("Webhooks are for partners and for the desk of an election."),
)
observers_only = _door(
    MAY_FILE,
    _("Reports are filed by observers, coordinators and security officers of an election."),
)
programs_only = _door(
    (Role.PARTNER, *DESK_ROLES),
    _("Tokens and saved exports are for partners and for the desk of an election."),
)
