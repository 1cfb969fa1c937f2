"""Counts of what is published, for whoever wants figures and no rows."""

from typing import Any, ClassVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.request import Request

from elections.api.base import BadQuery, PublicRead, etag, not_modified
from elections.models import Election
from elections.querysets import THE_WORLD
from elections.strict import Fault, Param
from incidents import categories, codebook, exports, feed, rates, statistics
from incidents.api import shaping
from incidents.api.documented_stats import STATS as DOCUMENTED
from incidents.filters import CountedFilter, Parsed, parse
from incidents.lines import csv_line, harmless
from incidents.models import Publication

MOST_AXES = 2
# Inside the class `list` is the action.
Rows = list
BY = Param(
    "by",
    "choice",
    gettext_lazy("Up to two axes of the table. Without: one row for everything."),
    choices=statistics.AXES,
    many=True,
    example="region,category",
)
GRAIN = Param(
    "grain",
    "choice",
    gettext_lazy("A row for each hour, day or week (from Monday) by the clock of the election."),
    choices=statistics.GRAINS,
    example="hour",
)
TIME = Param(
    "time",
    "choice",
    gettext_lazy("Which time the grain means: when it happened (unless said) or was published."),
    choices=statistics.CLOCKS,
    example="occurred",
)
LEVEL = Param(
    "level",
    "integer",
    gettext_lazy("Level of the regions of by=region: 1 is the first below the country."),
    minimum=1,
    maximum=3,
    example="1",
)
FORMAT = Param(
    "format",
    "choice",
    gettext_lazy("JSON with totals, or only the rows as a CSV file."),
    choices=("json", "csv"),
    example="csv",
)


class Stats(PublicRead):
    """Published incidents counted along one or two axes and over time."""

    bucket = "prepared"

    renderer_classes = [*shaping.DEFAULT_RENDERERS, shaping.CSVRenderer]
    query_params: ClassVar = {
        "list": (BY, LEVEL, GRAIN, TIME, FORMAT, shaping.LABELS, shaping.BOM)
    }
    filters: ClassVar = {"list": CountedFilter}
    documented: ClassVar = DOCUMENTED

    def list(self, request: Request) -> HttpResponseBase:
        seen = Publication.objects.all_visible_to(THE_WORLD)
        filterset = CountedFilter(request.query_params, seen, request=request)
        parsed = parse(filterset, also=None)
        format_ = self.query["format"] or request.accepted_renderer.format
        faults = [*parsed.errors, *self._faults(format_)]
        if faults:
            raise BadQuery(faults)
        question = self._question()
        chosen = Election.objects.visible_to(THE_WORLD)
        if slugs := parsed.applied.get("election"):
            chosen = chosen.filter(slug__in=slugs)
        regions = filterset.regions if "region" in parsed.applied else []
        stations = rates.Denominators(question, chosen, parsed.applied, regions)
        newest = feed.data_version(filterset.election_ids if slugs else None)
        url = request.build_absolute_uri()
        tag = etag(newest, codebook.VERSION, format_, url, stations.as_dict())
        if unchanged := not_modified(request, tag):
            return unchanged
        found = self._figures(question, filterset, parsed)
        rows = rates.told_rows(question, found, stations)
        if language := self.query["labels"]:
            rows = _labelled(rows, question, exports.labels_in(language))
        if format_ == "csv":
            answer = self._as_csv(rows, question)
        else:
            meta = self._meta(question, found, stations, parsed.applied, data_version=newest)
            totals = rates.told(found.totals, *stations.of_all())
            body = codebook.dumps({"results": rows, "totals": totals, "meta": meta})
            answer = HttpResponse(body.encode(), content_type="application/json")
        answer["ETag"] = tag
        return answer

    def _faults(self, format_: str) -> Rows[Fault]:
        by, faults = self.query["by"] or [], []
        if len(by) > MOST_AXES or len(set(by)) < len(by):
            faults.append(Fault("by", _("Give at most two axes, each once.")))
        if self.query["level"] is not None and "region" not in by:
            faults.append(Fault("level", _("Only by=region has levels."), "by"))
        if self.query["time"] and not self.query["grain"]:
            faults.append(Fault("time", _("Give “grain”, too."), "grain"))
        if self.query["bom"] and format_ != "csv":
            faults.append(Fault("bom", _("Only CSV begins with a byte order mark.")))
        return faults

    def _question(self) -> statistics.Question:
        return statistics.Question(
            axes=tuple(self.query["by"] or ()),
            grain=self.query["grain"] or "",
            clock=self.query["time"] or "occurred",
            level=self.query["level"] or 1,
        )

    @staticmethod
    def _figures(
        question: statistics.Question, filterset: CountedFilter, parsed: Parsed
    ) -> statistics.Figures:
        try:
            return statistics.figures(question, filterset, parsed)
        except statistics.TooManyRows as error:
            detail = _("This makes more than %(limit)s rows. Ask with a coarser grain or filter.")
            raise BadQuery([Fault("by", detail % {"limit": statistics.MOST_ROWS})]) from error

    def _meta(
        self,
        question: statistics.Question,
        found: statistics.Figures,
        stations: rates.Denominators,
        applied: dict[str, Any],
        **more: Any,
    ) -> dict[str, Any]:
        asked = {
            "by": list(question.axes),
            "level": question.level if "region" in question.axes else None,
            "grain": question.grain or None,
            "time": question.clock if question.grain else None,
            # How an incident of several regions is counted, and whether there was one.
            "regions_counted": "once_in_each_named",
            "totals_counted": "once",
            "sums_exceed_total": found.sums_exceed_total,
            "category_counted": "main",
            "counted_from": "tallies" if found.prepared else "rows",
            "stations": stations.as_dict(),
        }
        return self.meta(applied, **more) | asked

    def _as_csv(self, rows: Rows[dict[str, Any]], question: statistics.Question) -> HttpResponse:
        header = list(rows[0]) if rows else _header(question, labelled=bool(self.query["labels"]))
        lines = [csv_line(header)]
        lines += [csv_line([_cell(value) for value in row.values()]) for row in rows]
        text = "".join([exports.BOM] * bool(self.query["bom"]) + lines)
        return HttpResponse(
            text.encode("utf-8", "replace"),
            content_type=exports.MEDIA_TYPES["csv"],
            headers={"Content-Disposition": 'attachment; filename="dauys-stats.csv"'},
        )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int | float) else harmless(str(value))


def _header(question: statistics.Question, *, labelled: bool) -> list[str]:
    names = []
    for axis in question.axes:
        names += [axis, f"{axis}_label"] if labelled else [axis]
    period = ["period"] if question.grain else []
    return [*names, *period, *rates.told(statistics.Sums(), None, None)]


def _labelled(
    rows: list[dict[str, Any]], question: statistics.Question, names: exports.Labels
) -> list[dict[str, Any]]:
    """A name beside each code."""
    found = []
    for row in rows:
        labelled: dict[str, Any] = {}
        for name, value in row.items():
            labelled[name] = value
            if name in question.axes:
                labelled[f"{name}_label"] = _name(name, value, row, names)
        found.append(labelled)
    return found


def _name(axis: str, code: Any, row: dict[str, Any], names: exports.Labels) -> str | None:
    """Of a region in several elections the name in the one of the row, else in any."""
    if code is None:
        return None
    if axis == "election":
        return names.elections.get(str(code), str(code))
    if axis == "region":
        slugs = [row["election"]] if "election" in row else list(names.elections)
        known = (names.regions.get((slug, code)) for slug in slugs)
        return next((name for name in known if name), str(code))
    if axis == "group":
        group = categories.GROUPS[code]
        return str(group.names.get(names.language) or group.names["en"])
    return codebook.labels(axis, names.language).get(str(code), str(code))
