"""The published incidents as other collections write theirs down."""

from typing import ClassVar

from django.http import Http404
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_lazy
from rest_framework.request import Request
from rest_framework.response import Response

from elections.api.base import PAGING
from elections.querysets import THE_WORLD
from elections.strict import Param
from incidents.api import shaping
from incidents.api.documented_crosswalks import CROSSWALKS as DOCUMENTED
from incidents.api.views.read import PublishedRows
from incidents.crosswalks import CROSSWALKS, Sheet
from incidents.exports import labels_in
from incidents.filters import PublicationFilter
from incidents.models import Publication

FORMAT = Param(
    "format",
    "choice",
    gettext_lazy("The same rows as JSON page, or as file: all rows, or as many as `limit` says."),
    choices=("json", "ndjson", "csv"),
    example="csv",
)


class Crosswalks(PublishedRows):
    """The rows and filters of the published incidents, in columns of others."""

    file_name = "dauys-crosswalk"
    renderer_classes = [
        *shaping.DEFAULT_RENDERERS,
        shaping.NDJSONRenderer,
        shaping.CSVRenderer,
    ]
    query_params: ClassVar = {"list": (), "retrieve": (*PAGING, FORMAT, shaping.BOM)}
    filters: ClassVar = {"retrieve": PublicationFilter}
    documented: ClassVar = DOCUMENTED

    def list(self, request: Request) -> Response:
        results = [
            {
                "name": one.name,
                "title": one.title,
                "url": request.build_absolute_uri(reverse("api-crosswalk", args=[one.name])),
                "categories": one.codes,
                "columns": [{"name": c.name, "filled_from": c.about} for c in one.columns],
            }
            for one in CROSSWALKS.values()
        ]
        return Response({"results": results, "next": None, "previous": None, "meta": self.meta()})

    def retrieve(self, request: Request, name: str) -> HttpResponseBase:
        if name not in CROSSWALKS:
            raise Http404
        chosen = CROSSWALKS[name]
        rows = Publication.objects.visible_to(THE_WORLD).in_categories(chosen.codes)
        return self.answer(request, rows, Sheet(chosen, labels_in("en")))
