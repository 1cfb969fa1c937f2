"""Two lists beside the queue: public texts at work, and arrivals nobody could read."""

import json
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST, require_safe

from elections.templatetags.say import local
from incidents import arriving, publishing, releasing, shaking, wording
from incidents.errors import Invalid, WrongState
from incidents.models import Draft, Incident, RawReport
from incidents.views import clocks
from incidents.views.desk_text import shaken_words, what_changed
from incidents.views.entering import SignedIn, desk_only
from incidents.vocabulary import DraftState, EnvelopeKind, Verification

FEW, ROWS = 15, 50
ARRIVALS = 20
EXCERPT = 4_000
SHAKEN = "shaken"
SECTIONS: tuple[tuple[str, Any], ...] = (
    (SHAKEN, lazy("Rests on something that holds no longer")),
    (DraftState.SUBMITTED, lazy("Awaiting a second editor")),
    (DraftState.APPROVED, lazy("Approved, not public yet")),
    (DraftState.DRAFT, lazy("Being written")),
    (DraftState.WITHDRAWN, lazy("Withdrawn")),
)
Row = dict[str, Any]


@require_safe
@desk_only
def drafts(request: SignedIn) -> HttpResponse:
    publishing.note_lost_access()
    rows = _drafts(request)
    counts = dict(
        rows.filter(shaken_now=False).order_by().values_list("state").annotate(n=Count("pk"))
    )
    counts[SHAKEN] = rows.filter(shaken_now=True).count()
    asked = request.GET.get("state", "")
    chosen = [one for one in SECTIONS if one[0] == asked] or list(SECTIONS)
    alone = len(chosen) == 1
    sections = []
    for state, title in chosen:
        page = Paginator(_in_section(rows, state), ROWS if alone else FEW).get_page(
            request.GET.get("page") if alone else 1
        )
        sections.append(
            {
                "title": title,
                "urgent": state == SHAKEN,
                "count": counts.get(state, 0),
                "rows": [_draft_row(draft, request) for draft in page],
                "more_url": f"?state={state}" if not alone and page.has_next() else "",
                **(_pages(page, f"?state={state}") if alone else {}),
            }
        )
    context = {"section": "drafts", "sections": [s for s in sections if s["rows"] or alone]}
    return render(request, "incidents/desk/drafts.html", context)


def _drafts(request: SignedIn) -> "QuerySet[Any, Any]":
    """With what decides where each stands, so that no row asks for itself."""
    person = request.user.person
    written = Q(last_editor__person=person) | Q(submitted_by__person=person)
    reported = Incident.objects.visible_to(request.user).filter(
        pk=OuterRef("incident"), reports__author__person=person
    )
    return (
        Draft.objects.visible_to(request.user)
        .annotate(
            shaken_now=Case(
                When(shaking.RESTING, shaken_at__isnull=False, then=True), default=Value(False)
            ),
            refuted=Case(
                When(
                    incident__verification=Verification.REFUTED,
                    incident__publication__live=True,
                    then=True,
                ),
                default=Value(False),
            ),
            own=Case(
                When(written, then=True), When(Exists(reported), then=True), default=Value(False)
            ),
        )
        .select_related(
            "incident__election",
            "incident__publication",
            "last_editor",
            "submitted_by",
            "approved_by",
        )
    )


def _in_section(rows: "QuerySet[Any, Any]", state: str) -> "QuerySet[Any, Any]":
    """Most pressing first; what waits for somebody else comes after what waits for me."""
    if state == SHAKEN:
        urgent = rows.filter(shaken_now=True)
        return urgent.order_by("-refuted", "-incident__severity", "shaken_at", "pk")
    rest = rows.filter(shaken_now=False, state=state)
    if state == DraftState.SUBMITTED:
        return rest.order_by("own", "-incident__severity", "incident__changed_at", "pk")
    if state == DraftState.APPROVED:
        return rest.order_by(F("embargo_until").asc(nulls_first=True), "pk")
    return rest.order_by("incident__changed_at", "pk")


def _pages(page: "Page[Any]", base: str) -> dict[str, str]:
    join = "&" if "?" in base else "?"
    return {
        "previous_url": f"{base}{join}page={page.previous_page_number()}"
        if page.has_previous()
        else "",
        "next_url": f"{base}{join}page={page.next_page_number()}" if page.has_next() else "",
    }


def _draft_row(draft: Any, request: SignedIn) -> Row:
    """`draft`: with the annotations of `_drafts`."""
    incident = draft.incident
    public = getattr(incident, "publication", None)
    title = wording.in_language(draft.content.get("title", {}))
    embargo = draft.embargo_until
    now = timezone.now()
    return {
        "url": reverse("desk-incident", args=[incident.ref]) + "#text",
        "title": title.text or incident.title,
        "language": title.language,
        "ref": incident.ref,
        "severity": incident.severity,
        "verification": incident.verification,
        "languages": [code for code, text in draft.content.get("title", {}).items() if text],
        "editor": draft.last_editor.get_username(),
        "submitted_by": draft.submitted_by.get_username()
        if draft.submitted_by and draft.submitted_by_id != draft.last_editor_id
        else "",
        "approved_by": draft.approved_by.get_username() if draft.approved_by else "",
        "state": draft.state,
        "embargo": wording.clock(embargo, incident.election.time_zone) if embargo else "",
        "embargo_over": bool(embargo and embargo <= now),
        "correction": bool(public and public.live),
        "what_changed": what_changed(draft, public),
        "your_own": draft.own and draft.state == DraftState.SUBMITTED,
        "shaken": shaken_words(draft) if draft.shaken_now else [],
        "urgent": draft.refuted,
        "advice": _advice(draft, public),
        "changed": clocks.spoken(now - incident.changed_at),
    }


def _advice(draft: Any, public: Any) -> Any:
    """What an editor can do about it."""
    if not draft.shaken_now:
        return ""
    if draft.refuted:
        return lazy("Public although refuted: withdraw it or correct it.")
    if public and public.live:
        return lazy("Correct it, withdraw it, or say that it is still good.")
    return lazy("Not public yet. Send it back, or say that it is still good.")


@require_safe
@desk_only
def arrivals(request: SignedIn) -> HttpResponse:
    return _arrivals(request)


@require_POST
@desk_only
def release(request: SignedIn, pk: int) -> HttpResponse:
    """Show an answer from a locked phone with its report; leads there."""
    raw = get_object_or_404(RawReport.objects.visible_to(request.user), pk=pk)
    words = request.POST.get("reason", "")
    try:
        made = releasing.release_answer(raw, by=request.user, reason=words)
    except WrongState as refused:
        return _arrivals(request, status=409, wrong=str(refused.message))
    except Invalid as refused:
        problem = next(str(line) for lines in refused.errors.values() for line in lines)
        return _arrivals(request, status=400, typed={"pk": pk, "words": words, "problem": problem})
    messages.success(request, _("The answer stands with the report now."))
    answer = redirect(reverse("desk-report", args=[made.question.report_id]) + "#questions")
    answer.status_code = 303
    return answer


def _arrivals(
    request: SignedIn, *, status: int = 200, wrong: str = "", typed: Row | None = None
) -> HttpResponse:
    seen = RawReport.objects.visible_to(request.user).unread()
    rows = seen.select_related("author", "election").order_by("-received_at", "-pk")
    whole = request.GET.get("whole", "")
    if whole.isascii() and whole.isdigit() and len(whole) < 18:
        rows = rows.filter(pk=int(whole))
    page = Paginator(rows, ARRIVALS).get_page(request.GET.get("page"))
    context = {
        "section": "arrivals",
        "rows": [_arrival(raw, request, whole=bool(whole)) for raw in page],
        "wrong": wrong,
        "typed": typed or {},
        "whole": whole,
        **_pages(page, reverse("desk-arrivals")),
    }
    return render(request, "incidents/desk/arrivals.html", context, status=status)


def _arrival(raw: RawReport, request: SignedIn, *, whole: bool) -> Row:
    zone = raw.election.time_zone if raw.election else "UTC"
    text = visible(_words_of(raw))
    return {
        "pk": raw.pk,
        "report_id": raw.report_id,
        "received": f"{local(raw.received_at, zone)} {wording.zone_words(zone, raw.received_at)}",
        "iso": raw.received_at.isoformat(),
        "author": raw.author.get_username(),
        "channel": raw.get_channel_display(),
        "kind": raw.get_envelope_display() if raw.envelope else "",
        "release_url": (
            reverse("desk-arrival-release", args=[raw.pk])
            if releasing.waits(raw) and releasing.may_release(raw, by=request.user)
            else ""
        ),
        "conflict": raw.outcome == RawReport.Outcome.CONFLICT,
        "of_report": raw.envelope in ("", EnvelopeKind.REPORT),
        "sealed": raw.sealed,
        "size": len(bytes(raw.body)),
        "problems": [
            f"{field}: {line}" if field else arriving.WHY.get(line, line)
            for field, lines in raw.problems.items()
            for line in (lines if isinstance(lines, list) else [lines])
        ],
        "text": text if whole else text[:EXCERPT],
        "cut": not whole and len(text) > EXCERPT,
    }


def _words_of(raw: RawReport) -> str:
    """What was said, not how it was sealed; of a file nothing, for its key stands there."""
    if not raw.envelope:
        return raw.text
    inside = None if raw.envelope == EnvelopeKind.EVIDENCE else arriving.opened(raw)
    return "" if inside is None else json.dumps(inside, ensure_ascii=False, indent=2)


def visible(text: str) -> str:
    """A stranger's bytes as text that shows everything and steers nothing.

    Control characters, and marks that turn the direction of writing, become their code in
    brackets.
    """
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    code = ord(character)
    if character in "\n\t":
        return character
    if code < 0x20 or 0x7F <= code < 0xA0 or code in BIDI or 0xD800 <= code < 0xE000:
        return f"[U+{code:04X}]"
    return character


BIDI = frozenset({0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)})
