"""Which columns, labels and file format a request for published incidents asks for."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.settings import api_settings

from elections.api.base import BadQuery
from elections.strict import Fault, Param, nearest, shown
from incidents import exports
from incidents.codebook import BY_NAME, LANGUAGES, Column, select
from incidents.exports import MEDIA_TYPES, Shape

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
HXL = Param(
    "hxl",
    "boolean",
    gettext_lazy("A second row of HXL hashtags, in CSV and XLSX."),
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


class XLSXRenderer(FileRenderer):
    media_type = MEDIA_TYPES["xlsx"]
    format = "xlsx"


def shape_of(query: dict[str, Any], request: Request) -> Shape:
    """Raises BadQuery for a column that does not exist."""
    names = query.get("fields") or list(BY_NAME)
    check_columns(names, BY_NAME)
    language = query.get("labels")
    return Shape(select(names), exports.labels_in(language) if language else None)


def check_columns(names: Iterable[str], known: Mapping[str, Column]) -> None:
    """Raises BadQuery."""
    if unknown := [name for name in names if name not in known]:
        raise BadQuery([_unknown_column(name, known) for name in unknown])


def _unknown_column(name: str, known: Mapping[str, Column]) -> Fault:
    near = nearest(name, known)
    detail = _("There is no column “%(name)s”.") % {"name": shown(name)}
    if near:
        detail += " " + _("Did you mean “%(nearest)s”?") % {"nearest": near}
    return Fault("fields", detail, near)
