"""The way in, and the words the published incidents use."""

from typing import Any, ClassVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from rest_framework.request import Request
from rest_framework.response import Response

from elections.api.base import LICENCE, PublicRead, data_version
from elections.strict import Param
from incidents import categories, codebook, details, exports
from incidents.api import documented, shaping


class Index(PublicRead):
    documented: ClassVar = documented.INDEX

    def list(self, request: Request) -> Response:
        names = {
            "elections": "api-elections",
            "regions": "api-regions",
            "stations": "api-stations",
            "categories": "api-categories",
            "incidents": "api-incidents",
            "changes": "api-changes",
            "codebook": "api-codebook",
            "crosswalks": "api-crosswalks",
            "stats": "api-stats",
            "snapshots": "api-snapshots",
            "schema": "api-schema",
            "docs": "api-docs",
        }
        return Response(
            {
                "links": {
                    word: request.build_absolute_uri(reverse(name)) for word, name in names.items()
                },
                "data_version": data_version(),
                "licence": LICENCE,
                "generated_at": timezone.now(),
            }
        )


class Categories(PublicRead):
    """Codes are immutable; a retired one names its `replaced_by`."""

    documented: ClassVar = documented.CATEGORIES

    def list(self, request: Request) -> Response:
        groups = [
            {"code": group.code, "names": group.names, "short": group.short}
            for group in categories.GROUPS.values()
        ]
        results = [_category(category) for category in categories.CATEGORIES.values()]
        meta = self.meta(version=categories.VERSION, groups=groups)
        return Response({"results": results, "next": None, "previous": None, "meta": meta})


def _category(category: categories.Category) -> dict[str, Any]:
    return {
        "code": category.code,
        "group": category.group,
        "names": category.names,
        "short": category.short,
        "severity_default": category.severity_default,
        "severity_floor": category.severity_floor,
        "publishable": category.publishable,
        "replaced_by": category.replaced_by,
        "crosswalk": category.crosswalk,
        "details": [
            {
                "key": field.key,
                "kind": field.kind,
                "names": field.names,
                "options": [{"code": o.code, "names": o.names} for o in field.options],
                "unit": field.unit or None,
                "public": field.public,
            }
            for field in details.fields_for(category.code)
        ],
    }


class Codebook(PublicRead):
    """Every public column: type, unit, vocabulary, meaning in three languages, since when."""

    documented: ClassVar = documented.CODEBOOK
    renderer_classes = [*shaping.DEFAULT_RENDERERS, shaping.CSVRenderer]
    query_params: ClassVar = {
        "list": (
            Param(
                "format",
                "choice",
                gettext_lazy("The same as a JSON document or as a CSV file."),
                choices=("json", "csv"),
                example="csv",
            ),
        )
    }

    def list(self, request: Request) -> HttpResponseBase:
        if (self.query["format"] or request.accepted_renderer.format) == "csv":
            return HttpResponse(
                exports.dictionary(),
                content_type=exports.MEDIA_TYPES["csv"],
                headers={"Content-Disposition": 'attachment; filename="dauys-codebook.csv"'},
            )
        return Response(codebook.whole())
