"""Sets of regions: bring them in from files, join them, redraw them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from elections import geometry
from elections.models import Region, RegionCode, RegionSet, RegionSuccession

DATA = Path(__file__).parent / "data"
MOST_BYTES = 20 * 1024 * 1024


class BadBoundaries(ValueError):
    """The file was not taken over; `problems` are sentences for the person who brought it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass
class BoundaryReport:
    drawn: list[str] = field(default_factory=list)
    without_boundary: list[str] = field(default_factory=list)


def available_region_sets() -> list[str]:
    return sorted(path.stem.removeprefix("regions-") for path in DATA.glob("regions-*.json"))


@transaction.atomic
def load_region_set(slug: str) -> RegionSet:
    """Bring a set that ships with the product up to its files, and link it to its neighbours.

    Running it again changes nothing. Regions that the files do not know stay as they are.
    """
    content = json.loads((DATA / f"regions-{slug}.json").read_text(encoding="utf-8"))
    region_set, _created = RegionSet.objects.update_or_create(
        slug=slug,
        defaults={
            **_name_columns(content["names"]),
            "country": content["country"],
            "valid_from": content["valid_from"],
            "valid_to": content["valid_to"],
            "source": content["source"],
        },
    )
    known = {region.code: region for region in region_set.regions.all()}
    for row in content["regions"]:
        region = known.get(row["code"], Region(region_set=region_set, code=row["code"]))
        known[row["code"]] = region
        _load_region(region, row, parent=known.get(row["parent"]))
    _draw_missing(region_set)
    _link_successions()
    return region_set


def _draw_missing(region_set: RegionSet) -> None:
    """From the shipped file; a boundary that somebody imported is not overwritten."""
    collection = json.loads(
        (DATA / f"boundaries-{region_set.slug}.geojson").read_text(encoding="utf-8")
    )
    missing = set(region_set.regions.filter(boundary__isnull=True).values_list("code", flat=True))
    collection["features"] = [
        feature for feature in collection["features"] if feature["properties"]["code"] in missing
    ]
    if collection["features"]:
        import_boundaries(region_set, collection)


def _load_region(region: Region, row: dict[str, Any], *, parent: Region | None) -> None:
    region.parent = parent
    region.kind = row["kind"]
    region.aliases = row["aliases"]
    region.time_zone = row["time_zone"]
    for column, text in _name_columns(row["names"]).items():
        setattr(region, column, text)
    if "label" in row:
        region.longitude, region.latitude = row["label"]
    region.save()
    for code in row["codes"]:
        RegionCode.objects.update_or_create(
            region=region,
            scheme=code["scheme"],
            code=code["code"],
            defaults={
                "valid_from": code["valid_from"],
                "valid_to": code["valid_to"],
            },
        )
    region.save(update_fields=["search"])


def _link_successions() -> None:
    """For every pair of shipped sets of which both are loaded."""
    for slug in available_region_sets():
        content = json.loads((DATA / f"regions-{slug}.json").read_text(encoding="utf-8"))
        before = _by_code(content["predecessor"])
        after = _by_code(slug)
        if not (before and after):
            continue
        for row in content["successions"]:
            RegionSuccession.objects.update_or_create(
                predecessor=before[row["from"]],
                successor=after[row["to"]],
                defaults={"share": row["share"], "note": row["note"]},
            )


@transaction.atomic
def rebuild_tree(region_set: RegionSet) -> None:
    """Set path, level and search anew for all regions, after one moved or changed its code."""
    children: dict[int | None, list[Region]] = {}
    for region in region_set.regions.prefetch_related("codes"):
        children.setdefault(region.parent_id, []).append(region)
    ready: list[Region] = []
    pairs: list[tuple[Region | None, Region]] = [(None, top) for top in children.get(None, [])]
    while pairs:
        parent, region = pairs.pop()
        region.parent = parent
        region.place_in_tree([code.code for code in region.codes.all()])
        ready.append(region)
        pairs += [(region, child) for child in children.get(region.pk, [])]
    Region.objects.bulk_update(ready, ["path", "level", "search"])


@transaction.atomic
def import_boundaries(region_set: RegionSet, collection: Any) -> BoundaryReport:
    """Take over a GeoJSON FeatureCollection: all of it, or nothing and BadBoundaries.

    Each feature names its region by the property `code`, and may bring `label`, a point
    [longitude, latitude] inside it; without one a point is found.
    """
    by_code = {region.code: region for region in region_set.regions.all()}
    report = BoundaryReport()
    problems: list[str] = []
    seen: set[str] = set()
    for place, feature in enumerate(_features(collection), start=1):
        try:
            code = _draw(feature, by_code)
        except geometry.BadGeometry as error:
            problems.append(
                _("Feature %(place)d: %(problem)s") % {"place": place, "problem": error}
            )
            continue
        if code in seen:
            problems.append(
                _("Feature %(place)d: the region %(code)s was drawn before.")
                % {"place": place, "code": code}
            )
        seen.add(code)
    if problems:
        raise BadBoundaries(problems)
    Region.objects.bulk_update(
        [by_code[code] for code in seen], ["boundary", "longitude", "latitude"]
    )
    report.drawn = sorted(seen)
    report.without_boundary = sorted(
        code for code, region in by_code.items() if region.boundary is None
    )
    return report


def read_boundaries(path: Path) -> Any:
    """The JSON of a file that somebody brought, or BadBoundaries."""
    if path.stat().st_size > MOST_BYTES:
        raise BadBoundaries([_("The file is larger than 20 MB. Simplify the boundaries first.")])
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadBoundaries([_("The file is not JSON in UTF-8.")]) from error


def _draw(feature: Any, by_code: dict[str, Region]) -> str:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not (isinstance(properties, dict) and isinstance(properties.get("code"), str)):
        raise geometry.BadGeometry(_("it has no property “code”."))
    code: str = properties["code"]
    if code not in by_code:
        raise geometry.BadGeometry(_("no region of this set has the code %s.") % code)
    region = by_code[code]
    boundary = geometry.check(feature.get("geometry"))
    label = properties.get("label") or geometry.inner_point(boundary)
    if not (_is_pair(label) and geometry.contains(boundary, *label)):
        raise geometry.BadGeometry(_("its label is not a point inside the boundary."))
    region.boundary = boundary
    region.longitude, region.latitude = label
    return code


def _features(collection: Any) -> Iterable[Any]:
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(features, list) or collection.get("type") != "FeatureCollection":
        raise BadBoundaries([_("The file is not a GeoJSON FeatureCollection.")])
    if not features:
        raise BadBoundaries([_("The file has no features.")])
    return features


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and all(isinstance(part, int | float) and not isinstance(part, bool) for part in value)
    )


def _by_code(slug: str | None) -> dict[str, Region]:
    return {region.code: region for region in Region.objects.filter(region_set__slug=slug)}


def _name_columns(names: dict[str, str]) -> dict[str, str]:
    return {f"name_{language}": text for language, text in names.items()}


def _no_constant(name: str) -> Any:
    raise ValueError(name)
