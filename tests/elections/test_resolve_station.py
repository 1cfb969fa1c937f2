import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from elections.models import Station
from tests.factories import ElectionFactory, RegionFactory, StationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def election():
    return ElectionFactory()


@pytest.fixture
def almaty(election):
    """The region and the city: neither lies in the other, their numbers repeat."""
    return {
        code: RegionFactory(region_set=election.region_set, code=code, name_en=name)
        for code, name in (("KZ-ALM", "Almaty Region"), ("KZ-ALA", "Almaty (city)"))
    }


@pytest.fixture
def station(election, almaty):
    return StationFactory(election=election, region=almaty["KZ-ALA"], number="015")


@pytest.mark.parametrize(
    "typed",
    [
        "KZ-ALA:015",
        " kz-ala : 15 ",
        "KZ-ALA:№15",
        "015",
        "15",
        "№ 015",
        "No. 15",
        "#15",
        "участок № 15",
        "Избирательный участок №015",
        "УИК 15",
        "№15 учаскесі",
        "Polling station 15",
    ],
)
def test_a_station_is_known_however_it_is_written(election, station, typed):
    assert Station.objects.resolve(election, typed) == station


@pytest.mark.parametrize(
    "typed", ["", " ", "16", "KZ-ALA", "KZ-ALA:", ":15", "KZ-ALM:15", "150", "\x00", "15 16", "🗳"]
)
def test_what_is_not_known_is_not_guessed(election, station, typed):
    assert Station.objects.resolve(election, typed) is None


def test_a_number_that_two_commissions_use_needs_a_region(election, almaty, station):
    namesake = StationFactory(election=election, region=almaty["KZ-ALM"], number="15")
    assert Station.objects.resolve(election, "15") is None
    assert Station.objects.resolve(election, "15", almaty["KZ-ALA"]) == station
    assert Station.objects.resolve(election, "15", almaty["KZ-ALM"]) == namesake
    assert Station.objects.resolve(election, "KZ-ALM:15") == namesake


def test_a_code_beats_a_number_that_folds_alike(election, almaty, station):
    other = StationFactory(election=election, region=almaty["KZ-ALA"], number="15")
    assert Station.objects.resolve(election, "KZ-ALA:015") == station
    assert Station.objects.resolve(election, "KZ-ALA:15") == other
    assert Station.objects.resolve(election, "KZ-ALA:0015") is None


def test_a_code_outside_the_region_that_was_named_is_a_contradiction(election, almaty, station):
    assert Station.objects.resolve(election, "KZ-ALA:015", almaty["KZ-ALM"]) is None


def test_a_station_lies_also_in_the_regions_above_its_own(election, almaty):
    district = RegionFactory(
        region_set=election.region_set, parent=almaty["KZ-ALA"], code="KZ-ALA-1"
    )
    station = StationFactory(election=election, region=district, commission="T", number="7")
    assert Station.objects.resolve(election, "7", almaty["KZ-ALA"]) == station
    assert Station.objects.resolve(election, "7", almaty["KZ-ALM"]) is None
    assert Station.objects.within(almaty["KZ-ALA"]).get() == station


def test_stations_of_another_election_are_not_meant(election, station):
    assert Station.objects.resolve(ElectionFactory(), "KZ-ALA:015") is None


def test_cyrillic_and_latin_letters_of_a_number_are_the_same(election, almaty):
    station = StationFactory(election=election, region=almaty["KZ-ALA"], number="12А")
    assert Station.objects.resolve(election, "12A") == station
    assert Station.objects.resolve(election, "12 а") == station


def test_stations_are_found_by_number_name_and_address(election, almaty):
    station = StationFactory(
        election=election,
        region=almaty["KZ-ALA"],
        number="0234",
        name_ru="Школа-гимназия №15",
        address="улица Сәтбаева, 7",
    )
    for text in ("234", "школа 15", "сатбаева", "KZ-ALA:0234"):
        assert Station.objects.search(text).get() == station
    assert not Station.objects.search("школа 16")


def test_a_station_is_there_once_in_its_commission(station):
    with pytest.raises(IntegrityError):
        StationFactory(
            election=station.election,
            region=station.region,
            commission=station.commission,
            number=station.number,
        )


def test_a_colon_in_the_commission_is_refused(station):
    station.commission = "A:B"
    with pytest.raises(ValidationError, match="must not contain"):
        station.full_clean()
    with pytest.raises(IntegrityError):
        station.save()


def test_a_station_lies_in_a_region_of_the_election(station):
    station.region = RegionFactory(region_set__slug="OTHER")
    with pytest.raises(ValidationError, match="own set"):
        station.full_clean()
