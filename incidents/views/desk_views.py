"""Saved views: the filters of the queue under a name, each person's own."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents.cleaning import clean_text
from incidents.filters import DeskIncidentFilter, DeskReportFilter
from incidents.models import SavedView
from incidents.views.entering import SignedIn, desk_only

MOST, NAME_LIMIT, QUERY_LIMIT = 50, 60, 1000
ALSO = {"list": False, "limit": False}


def saved(request: SignedIn, query: str) -> dict[str, Any]:
    """The list of them, and the query that would be saved now; "" when nothing is filtered."""
    rows = [
        {
            "pk": row.pk,
            "name": row.name,
            "url": f"{reverse('desk-queue')}?{row.query}",
            "current": row.query == query,
        }
        for row in SavedView.objects.visible_to(request.user)
    ]
    return {"rows": rows, "query": query}


@require_POST
@desk_only
def save(request: SignedIn) -> HttpResponse:
    """A name that is taken gets the new filters."""
    name = clean_text(request.POST.get("name", ""), limit=NAME_LIMIT)[0]
    typed = request.POST.get("query", "")
    query = _known(typed) if len(typed) <= 2 * QUERY_LIMIT else typed
    mine = SavedView.objects.visible_to(request.user)
    if not name or not query:
        messages.error(request, _("A view needs a name and a filter. Nothing is saved."))
    elif len(query) > QUERY_LIMIT:
        messages.error(request, _("These filters are too long to be saved."))
    elif mine.exclude(name=name).count() >= MOST:
        sentence = _("You have %(most)s saved views. Delete one first.") % {"most": MOST}
        messages.error(request, sentence)
    else:
        with transaction.atomic():
            mine.update_or_create(owner=request.user, name=name, defaults={"query": query})
        messages.success(request, _("The view is saved: %(name)s") % {"name": name})
    return _back(query if len(query) <= QUERY_LIMIT else "")


@require_POST
@desk_only
def delete(request: SignedIn, pk: UUID) -> HttpResponse:
    view = get_object_or_404(SavedView.objects.visible_to(request.user), pk=pk)
    view.delete()
    messages.success(request, _("The view is deleted: %(name)s") % {"name": view.name})
    return _back(view.query)


def _back(query: str) -> HttpResponse:
    answer = redirect(f"{reverse('desk-queue')}?{query}" if query else reverse("desk-queue"))
    answer.status_code = 303
    return answer


def _known(query: str) -> str:
    """Only the names of filters, in the order given: it is opened by a link later."""
    names = DeskReportFilter.known() | DeskIncidentFilter.known() | ALSO
    asked = QueryDict(query.encode("utf-8", "ignore").decode().replace("\0", ""))
    kept = QueryDict(mutable=True)
    for name, values in asked.lists():
        if name in names and (given := [value for value in values if value.strip()]):
            kept.setlist(name, given)
    return kept.urlencode(safe=",:")
