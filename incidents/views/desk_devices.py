"""The people of an election and their phones: send a phone out, lock a phone, lock a person."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import segno
from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST, require_safe

from elections import keyset
from elections.models import Election
from incidents import fieldwork, wording
from incidents.cleaning import clean_text
from incidents.errors import WrongState
from incidents.views import clocks
from incidents.views.desk_conversation import moment
from incidents.views.entering import SignedIn, carers_only
from incidents.workflow import locks
from observers import enrolling, whereabouts
from observers.models import Device, Membership, User
from observers.roles import IN_THE_FIELD, Role

ROWS = 50
BY_NAME = (keyset.Key("username"), keyset.Key("id"))
STATES = {
    "": lazy("all"),
    "with": lazy("with a phone"),
    "without": lazy("without a phone"),
    "locked": lazy("locked"),
}
WORKING = {"devices__revoked_at": None, "devices__kind": Device.Kind.PHONE}
# Everything that one phone sent, in its own order.
SENT_BY = "list=reports&state=received,linked,dismissed,quarantined&ordering=device&device="
Row = dict[str, Any]


class Wanted(forms.Form):
    """Whatever is typed finds somebody or nobody; nothing is an error."""

    q = forms.CharField(label=lazy("Name, team or phone"), max_length=200, required=False)
    state = forms.ChoiceField(label=lazy("State"), required=False, choices=STATES.items)


@require_safe
@carers_only
def people(request: SignedIn) -> HttpResponseBase:
    words = clean_text(request.GET.get("q", ""), limit=200)[0]
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    try:
        page = keyset.walk(
            _people(request, words, state),
            keys=BY_NAME,
            limit=ROWS,
            cursor=request.GET.get("cursor") or None,
            binding=f"people {request.user.pk} {state} {words}",
        )
    except keyset.BadCursor:
        return redirect(_address(q=words, state=state))
    asked = Wanted({"q": words, "state": state})
    context = {
        "section": "devices",
        "form": asked,
        "applied": _applied(words, state),
        "clear_url": reverse("desk-devices"),
        "rows": [_row(person, request.user) for person in page.rows],
        "back": request.get_full_path(),
        "next_url": _address(q=words, state=state, cursor=page.next) if page.next else "",
        "previous_url": (
            _address(q=words, state=state, cursor=page.previous) if page.previous else ""
        ),
    }
    return render(request, "incidents/desk/devices.html", context)


def _address(**asked: str) -> str:
    query = urlencode({name: value for name, value in asked.items() if value})
    return reverse("desk-devices") + (f"?{query}" if query else "")


def _applied(words: str, state: str) -> list[Row]:
    found: list[Row] = []
    if words:
        found.append({"text": words, "remove_url": _address(state=state)})
    if state:
        found.append({"text": STATES[state], "remove_url": _address(q=words)})
    return found


def _people(request: SignedIn, words: str, state: str) -> Any:
    user = request.user
    rows = User.objects.on_desk(user)
    if words:
        # A subquery: a person with two phones is still one row.
        rows = rows.filter(pk__in=rows.filter(_named(words)).order_by().values("pk"))
    if state == "with":
        rows = rows.filter(pk__in=rows.filter(**WORKING).order_by().values("pk"))
    elif state == "without":
        rows = rows.exclude(pk__in=rows.filter(**WORKING).order_by().values("pk"))
    elif state == "locked":
        rows = rows.filter(is_active=False)
    memberships = Membership.objects.visible_to(user).select_related("team", "election")
    phones = Device.objects.on_desk(user).order_by("-enrolled_at", "id")
    return rows.administering().prefetch_related(
        Prefetch("memberships", memberships, to_attr="seen_memberships"),
        Prefetch("devices", phones, to_attr="seen_devices"),
    )


def _named(words: str) -> Q:
    """SQLite knows capital letters of the Latin alphabet only."""
    found = Q()
    for spelling in {words, words.lower(), words.upper(), words.capitalize(), words.title()}:
        for field in ("username", "memberships__team__name", "devices__label"):
            found |= Q(**{f"{field}__icontains": spelling})
    return found


def _row(person: Any, by: User) -> Row:
    zone = next((m.election.time_zone for m in person.seen_memberships if m.election), "UTC")
    mine = [one for one in person.seen_memberships if one.election]
    closed = not person.is_active
    others = person.pk != by.pk and not person.administers
    field = [m for m in mine if m.role in IN_THE_FIELD]
    return {
        "id": person.pk,
        "who": person.username,
        "roles": sorted({str(Role(one.role).label) for one in mine}),
        "teams": sorted({one.team.name for one in mine if one.team}),
        "locked": closed and person.locked_by_id is not None,
        "closed": closed and person.locked_by_id is None,
        "locked_at": moment(person.locked_at, zone) if closed and person.locked_at else None,
        "phones": [_phone(one, zone) for one in person.seen_devices],
        "may_invite": not closed and bool(field),
        "elections": sorted({m.election.slug: m.election.name for m in field}.items()),
        "may_lock": others and not closed,
        "may_lock_phones": not person.administers,
        "may_unlock": others and closed and locks.may_unlock(person, by=by, seen=mine),
    }


def _phone(device: Device, zone: str) -> Row:
    return {
        "id": device.pk,
        "label": device.label,
        "browser": device.kind == Device.Kind.BROWSER,
        "enrolled": moment(device.enrolled_at, zone),
        "seen": clocks.since(device.last_seen_at) if device.last_seen_at else "",
        "locked": moment(device.revoked_at, zone) if device.revoked_at else None,
        "reports_url": f"{reverse('desk-queue')}?{SENT_BY}{device.pk}",
    }


@require_POST
@carers_only
def lock_device(request: SignedIn, pk: UUID) -> HttpResponse:
    device = get_object_or_404(Device.objects.on_desk(request.user), pk=pk)
    locks.lock_device(device, by=request.user)
    name = {"label": str(device), "person": device.user.get_username()}
    messages.success(request, _("Locked: the phone “%(label)s” of %(person)s.") % name)
    return _back(request)


@require_POST
@carers_only
def lock_person(request: SignedIn, pk: UUID) -> HttpResponse:
    person = get_object_or_404(User.objects.on_desk(request.user), pk=pk)
    locks.lock_person(person, by=request.user)
    said = _("Locked: %(person)s, with every phone, session, token and invitation.")
    messages.success(request, said % {"person": person.get_username()})
    return _back(request)


@require_POST
@carers_only
def unlock_person(request: SignedIn, pk: UUID) -> HttpResponse:
    person = get_object_or_404(User.objects.on_desk(request.user), pk=pk)
    try:
        locks.unlock_person(person, by=request.user)
    except WrongState as refused:
        messages.error(request, str(refused))
        return _back(request)
    said = _("Unlocked: %(person)s may sign in again. Their phones have to be enrolled again.")
    messages.success(request, said % {"person": person.get_username()})
    return _back(request)


@require_POST
@carers_only
def invite(request: SignedIn, pk: UUID) -> HttpResponse:
    """The answer itself shows the secret, once: it is kept nowhere, so no address leads to it."""
    person = get_object_or_404(User.objects.on_desk(request.user), pk=pk)
    election = _election(request, person)
    if election is None:
        messages.error(request, _("This person does not go out in an election of yours."))
        return _back(request)
    try:
        made, secret = fieldwork.invite(
            by=request.user, user=person, election=election, channel="page"
        )
    except WrongState as refused:
        messages.error(request, str(refused))
        return _back(request)
    link = f"{_home(request)}{reverse('field-enrol-page')}#{secret}"
    context = {
        "section": "devices",
        "who": person.get_username(),
        "election": election.name,
        "code": enrolling.in_groups(secret),
        "link": link,
        "page": f"{_home(request)}{reverse('field-enrol-page')}",
        "picture": segno.make(link, error="m", micro=False).svg_inline(
            scale=6, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None
        ),
        "minutes": round((made.expires_at - timezone.now()).total_seconds() / 60),
        "until": wording.clock(made.expires_at, election.time_zone),
        "back": _own_address(request),
    }
    answer = render(request, "incidents/desk/invitation.html", context)
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def _election(request: SignedIn, person: User) -> Election | None:
    """The one chosen, or the only one of this person's that is also mine."""
    mine = whereabouts.caring_for(request.user)
    asked = request.POST.get("election", "")
    fitting = [one for one in mine if enrolling.may_invite(request.user, person, one)]
    if asked:
        return next((one for one in fitting if one.slug == asked), None)
    return fitting[0] if len(fitting) == 1 else None


def _home(request: HttpRequest) -> str:
    return settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")


def _own_address(request: HttpRequest) -> str:
    back = request.POST.get("back", "")
    own = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return back if own else reverse("desk-devices")


def _back(request: HttpRequest) -> HttpResponse:
    answer = redirect(_own_address(request))
    answer.status_code = 303
    return answer
