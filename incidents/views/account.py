"""One's own tokens and saved exports, and what was read in one's name as a partner."""

from collections.abc import Iterable
from typing import Any, cast
from urllib.parse import unquote_plus
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from elections.models import Election
from incidents import saving
from incidents.errors import Invalid
from incidents.models import SavedExport
from incidents.views.account_forms import ExportForm, TokenForm
from incidents.views.desk_conversation import moment
from incidents.views.entering import SignedIn, programs_only
from observers import tokens
from observers.models import ApiToken, PartnerAccess, User
from observers.roles import DESK_ROLES, Role, memberships, roles

ROWS = 50
MOST_TOKENS = 20  # that work, of one person
Row = dict[str, Any]


@require_http_methods(["GET", "HEAD", "POST"])
@programs_only
def page(request: SignedIn) -> HttpResponseBase:
    """A POST makes a token; the answer itself shows it, once, so no address leads to it."""
    if request.method != "POST":
        return _page(request)
    form = TokenForm(request.POST, user=request.user, elections=_elections(request.user))
    if form.is_valid() and _usable(request.user) >= MOST_TOKENS:
        said = _("You have %(most)s tokens that work. Revoke one first.") % {"most": MOST_TOKENS}
        form.add_error(None, said)
    if not form.is_valid():
        return _page(request, token_form=form, status=400)
    token, text = tokens.create(request.user, **form.wanted)
    return _shown_once(request, name=token.name, text=text, address=False)


@require_POST
@programs_only
def revoke_token(request: SignedIn, pk: UUID) -> HttpResponse:
    token = get_object_or_404(_own_tokens(request.user), pk=pk)
    tokens.revoke(token)
    said = _("Revoked: %(name)s. No request with this token is answered any more.")
    messages.success(request, said % {"name": token.name})
    return _back("tokens")


@require_POST
@programs_only
def make_export(request: SignedIn) -> HttpResponse:
    form = ExportForm(request.POST)
    if not form.is_valid():
        return _page(request, export_form=form, status=400)
    said = form.cleaned_data
    try:
        with transaction.atomic():
            export, secret = saving.make(
                by=request.user,
                name=said["name"],
                query=said["query"],
                format_=said["format"],
                columns=said["columns"],
                labels=said["labels"],
            )
    except Invalid as refused:
        form.refuse(refused.errors)
        return _page(request, export_form=form, status=400)
    path = reverse("saved-export", args=[export.pk, secret, export.format])
    return _shown_once(request, name=export.name, text=f"{_home(request)}{path}", address=True)


@require_POST
@programs_only
def revoke_export(request: SignedIn, pk: UUID) -> HttpResponse:
    export = get_object_or_404(SavedExport.objects.visible_to(request.user), pk=pk)
    saving.revoke(export)
    said = _("Revoked: %(name)s. Its address answers nobody any more.")
    messages.success(request, said % {"name": export.name})
    return _back("exports")


def _page(
    request: SignedIn,
    *,
    token_form: TokenForm | None = None,
    export_form: ExportForm | None = None,
    status: int = 200,
) -> HttpResponse:
    user = request.user
    elections = _elections(user)
    zones = {election.time_zone for election in elections}
    zone = zones.pop() if len(zones) == 1 else "UTC"
    held = _own_tokens(user).prefetch_related("elections", "regions")
    accesses = PartnerAccess.objects.visible_to(user).filter(user=user)[: ROWS + 1]
    context = {
        "section": "tokens",
        "tokens": [_token(one, zone) for one in held],
        "exports": [_export(one, zone) for one in SavedExport.objects.visible_to(user)],
        "partner": Role.PARTNER in roles(user),
        "accesses": [_access(one, zone) for one in accesses[:ROWS]],
        "more_accesses": len(accesses) > ROWS,
        "shown": ROWS,
        "token_form": token_form or TokenForm(user=user, elections=elections),
        "export_form": export_form or ExportForm(),
        # For the title of the page, which says when something is wrong.
        "form": export_form or token_form,
    }
    return render(request, "account/tokens.html", context, status=status)


def _own_tokens(user: User) -> Any:
    """Their own even for an administrator, who sees everybody's in the admin site."""
    return ApiToken.objects.visible_to(user).filter(user=user)


def _usable(user: User) -> int:
    return cast(int, _own_tokens(user).usable().count())


def _elections(user: User) -> Any:
    """In which a token of this person could be of use."""
    working = memberships(user).filter(role__in=[Role.PARTNER, *DESK_ROLES])
    ids = {held.election_id for held in working if held.election_id is not None}
    return Election.objects.visible_to(user).filter(pk__in=ids).distinct().order_by("slug")


def _token(token: ApiToken, zone: str) -> Row:
    labels = dict(tokens.Scope.choices)
    return {
        "id": token.pk,
        "name": token.name,
        "prefix": token.prefix,
        "scopes": [str(labels.get(scope, scope)) for scope in token.scopes],
        "elections": [one.name for one in token.elections.all()],
        "regions": [one.name for one in token.regions.all()],
        "limited": token.by_election or token.by_region,
        "expires": moment(token.expires_at, zone),
        "used": moment(token.last_used_at, zone) if token.last_used_at else None,
        "revoked": moment(token.revoked_at, zone) if token.revoked_at else None,
        "over": token.expires_at <= timezone.now(),
    }


def _export(export: SavedExport, zone: str) -> Row:
    return {
        "id": export.pk,
        "name": export.name,
        "format": export.get_format_display(),
        "query": unquote_plus(export.query),
        "columns": len(export.columns),
        "used": moment(export.last_used_at, zone) if export.last_used_at else None,
        "revoked": moment(export.revoked_at, zone) if export.revoked_at else None,
    }


def _access(access: PartnerAccess, zone: str) -> Row:
    return {
        "at": moment(access.at, zone),
        "prefix": access.prefix,
        "resource": access.resource,
        "format": access.format,
        "filters": _words(access.filters.items()),
        "rows": access.rows,
        "data_version": access.data_version,
    }


def _words(pairs: Iterable[tuple[str, Any]]) -> str:
    return ", ".join(
        f"{name}={';'.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in pairs
    )


def _shown_once(request: SignedIn, *, name: str, text: str, address: bool) -> HttpResponse:
    context = {
        "section": "tokens",
        "name": name,
        "text": text,
        "address": address,
        "api": f"{_home(request)}{reverse('api-index')}",
    }
    answer = render(request, "account/shown_once.html", context)
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def _home(request: HttpRequest) -> str:
    return settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")


def _back(section: str) -> HttpResponse:
    answer = redirect(f"{reverse('account-tokens')}#{section}")
    answer.status_code = 303
    return answer
