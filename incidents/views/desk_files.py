"""What is inside a file of a report: the clean copy to look at, the original to take away."""

from django.contrib import messages
from django.http import Http404, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from incidents import envelopes
from incidents.errors import WrongState
from incidents.evidence import showing
from incidents.evidence.showing import Expired, NoLink, Opened, Purpose
from incidents.models import Evidence, Report
from incidents.views.entering import SignedIn, desk_only
from incidents.vocabulary import Channel

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@require_http_methods(["GET", "HEAD", "POST"])
@desk_only
def file(request: SignedIn, signed: str) -> HttpResponseBase:
    """GET shows the picture. POST takes the original away, which is written down."""
    purpose = Purpose.ORIGINAL if request.method == "POST" else Purpose.PICTURE
    expired = False
    try:
        pk = showing.follow(signed, purpose, by=request.user)
    except Expired as link:
        pk, expired = link.item, True
    except NoLink:
        raise Http404 from None
    evidence = get_object_or_404(
        Evidence.objects.visible_to(request.user).select_related("report__election"), pk=pk
    )
    get_object_or_404(Report.objects.on_desk(request.user), pk=evidence.report_id)
    if purpose == Purpose.PICTURE:
        return _picture(evidence, expired=expired)
    return _original(request, evidence, expired=expired)


def _picture(evidence: Evidence, *, expired: bool) -> HttpResponseBase:
    if expired:
        raise Http404
    try:
        return _answer(showing.picture(evidence))
    except (WrongState, envelopes.Unopened, OSError):
        raise Http404 from None


def _original(request: SignedIn, evidence: Evidence, *, expired: bool) -> HttpResponseBase:
    """A page may have been open for longer than its links live: it is drawn again."""
    why = _("This page was open for too long. Press the button again.")
    if not expired:
        try:
            return _answer(showing.original(evidence, by=request.user, channel=Channel.PAGE))
        except (envelopes.Unopened, OSError):
            why = _("The original cannot be opened. Tell the administrator.")
    messages.error(request, why)
    return redirect(f"{reverse('desk-report', args=[evidence.report_id])}#evidence")


def _answer(opened: Opened) -> StreamingHttpResponse:
    """Never inline: as a download in a sandbox, whatever it holds."""
    answer = StreamingHttpResponse(opened.contents, content_type=opened.media_type)
    answer["Content-Length"] = str(opened.size)
    answer["Content-Disposition"] = f'attachment; filename="{opened.name}"'
    for name, value in HEADERS.items():
        answer[name] = value
    return answer
