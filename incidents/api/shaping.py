"""Which columns, labels and file format a request for published incidents asks for."""

from collections.abc import Iterable
from typing import Any, cast

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.settings import api_settings

from elections.api.base import BadQuery
from elections.models import Election, Region
from elections.naming import Named
from elections.querysets import THE_WORLD
from elections.strict import Fault, Param, nearest, shown
from incidents.codebook import BY_NAME, LANGUAGES, select
from incidents.exports import MEDIA_TYPES, Labels, Shape

FORMAT = Param(
    "format",
    "choice",
    gettext_lazy("The same rows as JSON page, or as file: all rows, or as many as `limit` says."),
    choices=tuple(MEDIA_TYPES),
    example="csv",
)
FIELDS = Param(
    "fields", about=gettext_lazy("Only these columns."), many=True, example="ref,category,title"
)
LABELS = Param(
    "labels",
    "choice",
    gettext_lazy("Add a column with the name of each code in this language."),
    choices=LANGUAGES,
    example="ru",
)
BOM = Param(
    "bom",
    "boolean",
    gettext_lazy("Begin a CSV with a byte order mark, which some spreadsheets need."),
    default=False,
)


# REST framework's types take the paths of the settings for what it makes of them.
DEFAULT_RENDERERS = cast(list[type[BaseRenderer]], api_settings.DEFAULT_RENDERER_CLASSES)


class FileRenderer(BaseRenderer):
    """Lets a format be chosen by the Accept header; the bytes come from `exports.stream`."""

    render_style = "binary"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        return data


class NDJSONRenderer(FileRenderer):
    media_type = MEDIA_TYPES["ndjson"]
    format = "ndjson"


class CSVRenderer(FileRenderer):
    media_type = "text/csv"
    format = "csv"


class GeoJSONRenderer(FileRenderer):
    media_type = MEDIA_TYPES["geojson"]
    format = "geojson"


def shape_of(query: dict[str, Any], request: Request) -> Shape:
    """Raises BadQuery for a column that does not exist."""
    names = query.get("fields") or list(BY_NAME)
    if unknown := [name for name in names if name not in BY_NAME]:
        raise BadQuery([_unknown_column(name) for name in unknown])
    language = query.get("labels")
    return Shape(select(names), labels_in(language, request) if language else None)


def _unknown_column(name: str) -> Fault:
    near = nearest(name, BY_NAME)
    detail = _("There is no column “%(name)s”.") % {"name": shown(name)}
    if near:
        detail += " " + _("Did you mean “%(nearest)s”?") % {"nearest": near}
    return Fault("fields", detail, near)


def labels_in(language: str, request: Request) -> Labels:
    """Names of elections and of their regions, read once a request."""
    elections = list(Election.objects.visible_to(THE_WORLD))
    regions: dict[int, list[Region]] = {}
    of_sets = {election.region_set_id for election in elections}
    for region in _regions(of_sets, request):
        regions.setdefault(region.region_set_id, []).append(region)
    return Labels(
        language,
        {election.slug: _name(election, language) for election in elections},
        {
            (election.slug, region.code): _name(region, language)
            for election in elections
            for region in regions.get(election.region_set_id, [])
        },
    )


def _regions(sets: set[int], request: Request) -> Iterable[Region]:
    names = ("region_set_id", "code", "name_en", "name_ru", "name_kk")
    return Region.objects.visible_to(THE_WORLD).filter(region_set__in=sets).only(*names)


def _name(row: Named, language: str) -> str:
    return row.names.get(language) or row.names["en"]
