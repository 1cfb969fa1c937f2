import json
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command

from elections import geometry
from elections.models import Region
from elections.regions import DATA, load_region_set
from tests.factories import RegionFactory

FILES = ["boundaries-KZ-2018.geojson", "boundaries-KZ-2022.geojson"]
SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]]}
# Longitude and latitude of a place, its unit in 2021 and its unit today.
PLACES = {
    "Almaty": (76.93, 43.25, "KZ-ALA", "KZ-75"),
    "capital": (71.43, 51.13, "KZ-AST", "KZ-71"),
    "Shymkent": (69.60, 42.32, "KZ-SHY", "KZ-79"),
    "Turkistan": (68.25, 43.30, "KZ-YUZ", "KZ-61"),
    "Semey": (80.25, 50.41, "KZ-VOS", "KZ-10"),
    "Taldykorgan": (78.37, 45.01, "KZ-ALM", "KZ-33"),
    "Zhezkazgan": (67.71, 47.80, "KZ-KAR", "KZ-62"),
    "Oral": (51.37, 51.23, "KZ-ZAP", "KZ-27"),
    "Aktau": (51.16, 43.65, "KZ-MAN", "KZ-47"),
}


def features(name):
    return json.loads((DATA / name).read_text(encoding="utf-8"))["features"]


def rings(shape):
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    return [(number, ring) for polygon in polygons for number, ring in enumerate(polygon)]


def area(ring):
    """Signed: positive is counterclockwise."""
    pairs = pairwise(ring)
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs) / 2


@pytest.mark.parametrize("name", FILES)
def test_shipped_boundaries_are_closed_and_lie_in_the_country(name):
    for feature in features(name):
        for number, ring in rings(feature["geometry"]):
            assert ring[0] == ring[-1]
            assert len(ring) >= 4
            assert all(46 <= x <= 88 and 40 <= y <= 56 for x, y in ring)
            # RFC 7946: outer rings counterclockwise, holes clockwise.
            assert (area(ring) > 0) == (number == 0)


@pytest.mark.parametrize("name", FILES)
def test_every_label_lies_inside_its_own_unit_and_no_other(name):
    shapes = {one["properties"]["code"]: one["geometry"] for one in features(name)}
    for feature in features(name):
        longitude, latitude = feature["properties"]["label"]
        around = [
            code for code, shape in shapes.items() if geometry.contains(shape, longitude, latitude)
        ]
        assert around == [feature["properties"]["code"]]


@pytest.mark.parametrize("place", PLACES)
def test_known_places_lie_in_the_right_unit_of_each_division(place):
    longitude, latitude, then, now = PLACES[place]
    for name, expected in zip(FILES, (then, now), strict=True):
        around = [
            feature["properties"]["code"]
            for feature in features(name)
            if geometry.contains(feature["geometry"], longitude, latitude)
        ]
        assert around == [expected]


@pytest.mark.parametrize("name", FILES)
def test_shipped_boundaries_stay_small(name):
    assert (DATA / name).stat().st_size < 80_000


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["KZ-2018", "KZ-2022"])
def test_every_unit_has_a_boundary_and_a_label(slug):
    units = load_region_set(slug).regions.exclude(parent=None)
    assert not units.filter(boundary__isnull=True)
    assert not units.filter(longitude__isnull=True)


@pytest.mark.parametrize(
    "broken",
    [
        None,
        {},
        {"type": "Point", "coordinates": [1, 2]},
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[]]},
        {"type": "Polygon", "coordinates": "x"},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 4], [0, 4]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [181, 0], [4, 4], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [4, 91], [4, 4], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], ["4", 0], [4, 4], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [float("nan"), 0], [4, 4], [0, 0]]]},
        {"type": "MultiPolygon", "coordinates": SQUARE["coordinates"]},
    ],
)
def test_a_broken_boundary_is_refused(broken):
    with pytest.raises(geometry.BadGeometry):
        geometry.check(broken)


def test_heights_are_dropped():
    raised = {"type": "Polygon", "coordinates": [[[0, 0, 9], [4, 0, 9], [4, 4, 9], [0, 0, 9]]]}
    assert geometry.check(raised)["coordinates"][0][1] == [4, 0]


def test_a_point_is_found_inside_a_shape_with_a_hole():
    hole = [[1, 1], [1, 3], [3, 3], [3, 1], [1, 1]]
    shape = {"type": "Polygon", "coordinates": [*SQUARE["coordinates"], hole]}
    assert geometry.contains(shape, *geometry.inner_point(shape))
    assert not geometry.contains(shape, 2, 2)


@pytest.fixture
def region(db):
    return RegionFactory(code="R1")


def run(path, region, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    call_command("import_boundaries", str(path), "--region-set", region.region_set.slug)


def collection(*shapes, code="R1"):
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"code": code}, "geometry": g} for g in shapes
        ],
    }


def test_boundaries_are_imported_from_a_file(tmp_path, region):
    run(tmp_path / "b.json", region, collection(SQUARE))
    region.refresh_from_db()
    assert region.boundary == SQUARE
    assert geometry.contains(region.boundary, region.longitude, region.latitude)


def test_a_boundary_that_was_imported_is_not_overwritten_by_loading(tmp_path, db):
    region = load_region_set("KZ-2018").regions.get(code="KZ-ALA")
    run(tmp_path / "b.json", region, collection(SQUARE, code="KZ-ALA"))
    load_region_set("KZ-2018")
    region.refresh_from_db()
    assert region.boundary == SQUARE


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"type": NaN}', "not JSON"),
        ({"type": "Feature"}, "FeatureCollection"),
        (collection(), "no features"),
        (collection(SQUARE, SQUARE), "Feature 2: the region R1 was drawn before"),
        (collection(SQUARE, code="R2"), "Feature 1: no region of this set has the code R2"),
        (collection(SQUARE, code=7), "no property"),
        (collection({"type": "Polygon"}), "Feature 1"),
    ],
)
def test_a_bad_file_changes_nothing_and_says_why(tmp_path, region, content, message):
    with pytest.raises(CommandError, match=message):
        run(tmp_path / "b.json", region, content)
    assert Region.objects.get(pk=region.pk).boundary is None


def test_a_label_outside_its_region_is_refused(tmp_path, region):
    content = collection(SQUARE)
    content["features"][0]["properties"]["label"] = [9, 9]
    with pytest.raises(CommandError, match="label"):
        run(tmp_path / "b.json", region, content)


def test_the_set_of_regions_must_exist(tmp_path, region):
    with pytest.raises(CommandError, match=region.region_set.slug):
        call_command("import_boundaries", str(tmp_path), "--region-set", "XX")
