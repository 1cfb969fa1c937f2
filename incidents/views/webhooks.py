"""A person's own webhooks: the list, one with its log, and what may be done with it."""

from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from elections import keyset
from incidents import webhooks, wording
from incidents.categories import GROUPS, in_active_language
from incidents.errors import Invalid, Refused
from incidents.forms.webhooks import WebhookForm
from incidents.models import Delivery, Subscription
from incidents.views.desk_conversation import moment
from incidents.views.entering import SignedIn, subscribers_only

ROWS = 50
NEWEST_FIRST = (
    keyset.Key("made_at", descending=True),
    keyset.Key("id", descending=True),
)
Row = dict[str, Any]


def _own(request: SignedIn) -> "QuerySet[Subscription, Subscription]":
    waiting = Count("deliveries", filter=Q(deliveries__waiting=True))
    rows = Subscription.objects.visible_to(request.user).select_related("election")
    return rows.annotate(messages=waiting)


@require_http_methods(["GET", "HEAD", "POST"])
@subscribers_only
def listed(request: SignedIn) -> HttpResponse:
    form = WebhookForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made, secret = webhooks.subscribe(
                by=request.user,
                url=form.cleaned_data["url"],
                name=form.cleaned_data["name"],
                election=form.cleaned_data["election"],
                wanted=form.cleaned_data["categories"],
            )
        except Invalid as refused:
            for field, lines in refused.errors.items():
                form.add_error(field, [str(line) for line in lines])
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return _secret(request, made, secret)
    context = {"rows": [_row(row) for row in _own(request)], "form": form}
    status = 400 if form.errors else 200
    return render(request, "account/webhooks.html", context, status=status)


@require_safe
@subscribers_only
def one(request: SignedIn, pk: UUID) -> HttpResponseBase:
    subscription = get_object_or_404(_own(request), pk=pk)
    rows = Delivery.objects.visible_to(request.user).filter(subscription=subscription)
    try:
        page = keyset.walk(
            rows.select_related("change__publication"),
            keys=NEWEST_FIRST,
            limit=ROWS,
            cursor=request.GET.get("cursor") or None,
            binding=f"deliveries {subscription.pk}",
        )
    except keyset.BadCursor:
        return redirect("account-webhook", pk)
    context = {
        "hook": _row(subscription),
        "deliveries": [_sent(row, subscription) for row in page.rows],
        "next_url": _address(pk, page.next),
        "previous_url": _address(pk, page.previous),
    }
    return render(request, "account/webhook.html", context)


def _address(pk: UUID, cursor: str | None) -> str:
    return f"{reverse('account-webhook', args=[pk])}?{urlencode({'cursor': cursor})}" * bool(
        cursor
    )


def _zone(subscription: Subscription) -> str:
    return subscription.election.time_zone if subscription.election else "UTC"


def _row(subscription: Any) -> Row:
    zone = _zone(subscription)
    groups = [
        in_active_language(GROUPS[code].names) if code in GROUPS else code
        for code in subscription.categories
    ]
    told = {
        "made": subscription.created_at,
        "failing": subscription.failing_since,
        "paused": subscription.paused_at,
        "previous": subscription.previous_until,
    }
    return {
        "id": subscription.pk,
        "name": subscription.name or urlsplit(subscription.url).hostname or "",
        "url": subscription.url,
        "election": subscription.election.name if subscription.election else "",
        "groups": groups,
        "waiting": subscription.messages,
        "why": subscription.get_paused_why_display(),
        **{name: moment(at, zone) if at else None for name, at in told.items()},
    }


def _sent(delivery: Delivery, subscription: Subscription) -> Row:
    zone = _zone(subscription)
    publication = delivery.change.publication if delivery.change else None
    told = {
        "at": delivery.last_tried_at or delivery.made_at,
        "delivered": delivery.delivered_at,
        "next": delivery.next_try_at if delivery.waiting and delivery.attempts else None,
    }
    return {
        "id": delivery.pk,
        "ref": publication.ref if publication else "",
        "withdrawn": bool(delivery.change and delivery.change.op == delivery.change.Op.RETRACT),
        "attempts": delivery.attempts,
        "waiting": delivery.waiting,
        "status": delivery.last_status,
        "problem": delivery.get_last_problem_display(),
        **{name: moment(at, zone) if at else None for name, at in told.items()},
    }


def _secret(request: SignedIn, made: Subscription, secret: str) -> HttpResponse:
    """The answer itself shows it, once: no address leads to it."""
    until = made.previous_until
    context = {
        "pk": made.pk,
        "secret": secret,
        "until": wording.clock(until, _zone(made)) if until else "",
    }
    answer = render(request, "account/webhook_secret.html", context)
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


@require_POST
@subscribers_only
def step(request: SignedIn, pk: UUID, name: str) -> HttpResponse:
    subscription = get_object_or_404(_own(request), pk=pk)
    if name == "rotate":
        return _secret(request, *webhooks.rotate(subscription, by=request.user))
    if name == "delete":
        webhooks.unsubscribe(subscription, by=request.user)
        messages.success(request, _("The webhook is deleted."))
        return _see("account-webhooks")
    if name == "pause":
        webhooks.pause(subscription, by=request.user)
        messages.success(request, _("Paused. What is published meanwhile is told afterwards."))
    elif name == "resume":
        webhooks.resume(subscription, by=request.user)
        messages.success(request, _("It is sent again, what waited first."))
    elif name == "test":
        webhooks.test(subscription, by=request.user)
        messages.success(
            request, _("A test is on its way; load this page again to see what came of it.")
        )
    else:
        raise Http404
    return _see("account-webhook", pk)


@require_POST
@subscribers_only
def redeliver(request: SignedIn, pk: UUID, delivery: UUID) -> HttpResponse:
    get_object_or_404(_own(request), pk=pk)
    rows = Delivery.objects.visible_to(request.user).select_related("subscription")
    row = get_object_or_404(rows, pk=delivery, subscription=pk)
    try:
        webhooks.redeliver(row, by=request.user)
        messages.success(request, _("It will be sent once more, under the same id."))
    except Refused as refused:
        messages.error(request, str(refused))
    return _see("account-webhook", pk)


def _see(name: str, *args: Any) -> HttpResponse:
    answer = redirect(name, *args)
    answer.status_code = 303
    return answer
