from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from elections.models import Region, RegionCode, RegionSuccession
from elections.regions import load_region_set, rebuild_tree
from tests.factories import ElectionFactory, RegionFactory, RegionSetFactory

pytestmark = pytest.mark.django_db

# As the table of the notes says it for the day of the election, written down a second time.
OFFSETS = {
    "KZ-AKM": 6,
    "KZ-AKT": 5,
    "KZ-ALM": 6,
    "KZ-ATY": 5,
    "KZ-ZAP": 5,
    "KZ-ZHA": 6,
    "KZ-KAR": 6,
    "KZ-KUS": 6,
    "KZ-KZY": 5,
    "KZ-MAN": 5,
    "KZ-PAV": 6,
    "KZ-SEV": 6,
    "KZ-YUZ": 6,
    "KZ-VOS": 6,
    "KZ-AST": 6,
    "KZ-ALA": 6,
    "KZ-SHY": 6,
}


def codes(regions):
    return {region.code for region in regions}


def test_the_division_of_2021_has_seventeen_units_under_the_country():
    region_set = load_region_set("KZ-2018")
    country = region_set.regions.get(parent=None)
    assert country.code == "KZ"
    assert codes(country.children.all()) == OFFSETS.keys()
    assert country.children.filter(kind="city").count() == 3


def test_the_division_of_today_has_twenty_units():
    units = load_region_set("KZ-2022").regions.exclude(parent=None)
    assert units.count() == 20
    assert {"KZ-10", "KZ-33", "KZ-62", "KZ-75"} <= codes(units)


def test_every_region_has_a_name_in_three_languages_and_a_kato_code():
    for slug in ("KZ-2018", "KZ-2022"):
        for region in load_region_set(slug).regions.exclude(parent=None):
            assert region.names.keys() == {"en", "ru", "kk"}
            assert region.codes.filter(scheme="kato").count() == 1
            assert region.codes.filter(scheme="iso3166-2").count() == 1


def test_local_time_is_that_of_the_election_day():
    then = datetime(2021, 1, 10, 12, tzinfo=ZoneInfo("UTC"))
    offsets = {
        region.code: then.astimezone(ZoneInfo(region.time_zone)).utcoffset().total_seconds() / 3600
        for region in load_region_set("KZ-2018").regions.exclude(parent=None)
    }
    assert offsets == OFFSETS


def test_loading_again_changes_nothing():
    def everything():
        return [
            list(model.objects.order_by("pk").values())
            for model in (Region, RegionCode, RegionSuccession)
        ]

    load_region_set("KZ-2018")
    load_region_set("KZ-2022")
    before = everything()
    load_region_set("KZ-2022")
    load_region_set("KZ-2018")
    assert everything() == before


@pytest.mark.parametrize("order", [("KZ-2018", "KZ-2022"), ("KZ-2022", "KZ-2018")])
def test_both_divisions_are_joined_whichever_comes_first(order):
    for slug in order:
        load_region_set(slug)
    heirs = {
        code: codes(Region.objects.filter(origins__predecessor__code=code))
        for code in ("KZ-VOS", "KZ-ALM", "KZ-KAR", "KZ-ALA")
    }
    assert heirs == {
        "KZ-VOS": {"KZ-63", "KZ-10"},
        "KZ-ALM": {"KZ-19", "KZ-33"},
        "KZ-KAR": {"KZ-35", "KZ-62"},
        "KZ-ALA": {"KZ-75"},
    }
    assert set(
        RegionSuccession.objects.filter(successor__code="KZ-10").values_list("share", flat=True)
    ) == {None}
    assert RegionSuccession.objects.count() == 21


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Алматы", {"KZ-ALA", "KZ-ALM"}),
        ("ALMATY", {"KZ-ALA", "KZ-ALM"}),
        ("Aлматы", {"KZ-ALA", "KZ-ALM"}),
        ("alma-ata", {"KZ-ALA"}),
        ("Астана", {"KZ-AST"}),
        ("nur sultan", {"KZ-AST"}),
        ("Нұр-Сұлтан", {"KZ-AST"}),
        ("Южно-Казахстанская", {"KZ-YUZ"}),
        ("Turkistan", {"KZ-YUZ"}),
        ("Шымкент", {"KZ-SHY"}),
        ("Карагандинская", {"KZ-KAR"}),
        ("қарағанды", {"KZ-KAR"}),
        ("750000000", {"KZ-ALA"}),
        ("KZ-ALA", {"KZ-ALA"}),
        ("%", set()),
        ("\x00", set()),
    ],
)
def test_regions_are_found_under_every_name_they_had(typed, found):
    load_region_set("KZ-2018")
    assert codes(Region.objects.search(typed)) == found


def test_within_is_the_region_and_what_lies_below_it():
    country = RegionFactory(code="C")
    region = RegionFactory(region_set=country.region_set, parent=country, code="C-1")
    district = RegionFactory(region_set=country.region_set, parent=region, code="C-1-1")
    namesake = RegionFactory(region_set=country.region_set, parent=country, code="C-10")
    RegionFactory(code="C-1", region_set__slug="OTHER")
    assert set(Region.objects.within(region)) == {region, district}
    assert set(Region.objects.within(country)) == {country, region, district, namesake}
    assert (country.level, region.level, district.level) == (0, 1, 2)
    assert district.path == "/C/C-1/C-1-1/"


def test_an_underscore_in_a_code_is_no_wildcard():
    one = RegionFactory(code="A_B")
    RegionFactory(region_set=one.region_set, code="AXB")
    assert set(Region.objects.within(one)) == {one}


def test_of_an_election_are_the_regions_of_its_set():
    region = RegionFactory()
    RegionFactory(region_set__slug="OTHER")
    assert set(Region.objects.of(ElectionFactory(region_set=region.region_set))) == {region}


def test_a_region_that_moves_takes_its_children_along():
    top = RegionFactory(code="T")
    other = RegionFactory(region_set=top.region_set, code="O")
    middle = RegionFactory(region_set=top.region_set, parent=top, code="M")
    leaf = RegionFactory(region_set=top.region_set, parent=middle, code="L")
    middle.parent = other
    middle.save()
    rebuild_tree(top.region_set)
    leaf.refresh_from_db()
    assert leaf.path == "/O/M/L/"


def test_a_name_that_changes_is_found_at_once():
    region = RegionFactory(name_en="Old")
    region.name_en = "New"
    region.save(update_fields=["name_en"])
    assert Region.objects.search("new").get() == region
    assert not Region.objects.search("old")


def test_a_region_cannot_lie_inside_itself():
    top = RegionFactory(code="T")
    leaf = RegionFactory(region_set=top.region_set, parent=top, code="L")
    top.parent = leaf
    with pytest.raises(ValidationError, match="inside itself"):
        top.full_clean()


def test_a_region_lies_in_a_region_of_its_own_set():
    region = RegionFactory(parent=None)
    region.parent = RegionFactory(region_set__slug="OTHER")
    with pytest.raises(ValidationError, match="same set"):
        region.full_clean()


def test_a_code_is_there_once_in_a_set():
    region = RegionFactory()
    with pytest.raises(IntegrityError):
        RegionFactory(region_set=region.region_set, code=region.code)


@pytest.mark.parametrize(
    "impossible",
    [
        {"longitude": 181, "latitude": 0},
        {"longitude": 0, "latitude": -91},
        {"longitude": 1, "latitude": None},
    ],
)
def test_a_label_lies_on_the_earth(impossible):
    with pytest.raises(IntegrityError):
        RegionFactory(**impossible)


def test_a_division_ends_after_it_began():
    with pytest.raises(IntegrityError):
        RegionSetFactory(slug="OTHER", valid_from="2021-01-02", valid_to="2021-01-01")


def test_a_made_up_time_zone_is_refused():
    region = RegionFactory()
    region.time_zone = "Asia/Nowhere"
    with pytest.raises(ValidationError, match="Asia/Almaty"):
        region.full_clean()
