import pytest
from django.core.management import CommandError, call_command

from elections.importing import import_stations
from elections.models import RegionCode, Station
from elections.tables import UnreadableTable
from tests.factories import ElectionFactory, RegionFactory, StationFactory

pytestmark = pytest.mark.django_db
HEADER = "commission,number,region"


@pytest.fixture
def election():
    election = ElectionFactory(slug="e1")
    for code in ("KZ-ALA", "KZ-SHY"):
        RegionFactory(region_set=election.region_set, code=code)
    return election


def load(election, *lines, header=HEADER, encoding="utf-8", **options):
    return import_stations(election, "\n".join([header, *lines]).encode(encoding), **options)


def problems(election, *lines, header=HEADER):
    outcome = load(election, *lines, header=header)
    assert not outcome.saved
    assert not Station.objects.exists()
    return [(problem.row, problem.column) for problem in outcome.problems]


def test_stations_are_created_with_all_that_the_file_says(election):
    header = (
        "commission,number,region,name_en,name_ru,name_kk,address,latitude,longitude,"
        "coordinates_quality,registered_voters,kind,country,venue,status,grouping.constituency"
    )
    line = (
        'KZ-ALA,015,KZ-ALA,School 7,Школа №7,№7 мектеп,"Abay ave., 1",43.25,76.93,'
        "approximate,2345,regular,,School 7,active,12"
    )
    outcome = load(election, line, header=header)
    assert (outcome.created, outcome.updated, outcome.unchanged, outcome.saved) == (1, 0, 0, True)
    station = Station.objects.get()
    assert station.code == "KZ-ALA:015"
    assert station.names == {"en": "School 7", "ru": "Школа №7", "kk": "№7 мектеп"}
    assert station.address == "Abay ave., 1"
    assert (station.latitude, station.longitude) == (43.25, 76.93)
    assert station.registered_voters == 2345
    assert station.groupings == {"constituency": "12"}
    assert Station.objects.resolve(election, "№15") == station


def test_importing_again_changes_nothing(election):
    load(election, "A,1,KZ-ALA", "A,2,KZ-ALA")
    before = list(Station.objects.order_by("pk").values())
    outcome = load(election, "A,1,KZ-ALA", "A,2,KZ-ALA")
    assert (outcome.created, outcome.updated, outcome.unchanged) == (0, 0, 2)
    assert list(Station.objects.order_by("pk").values()) == before


def test_a_missing_column_keeps_what_is_known_and_an_empty_cell_clears_it(election):
    header = f"{HEADER},address,registered_voters"
    load(election, "A,1,KZ-ALA,Abay 1,500", header=header)
    outcome = load(election, "A,1,KZ-SHY,", header=f"{HEADER},registered_voters")
    assert outcome.updated == 1
    station = Station.objects.get()
    assert (station.address, station.registered_voters) == ("Abay 1", None)
    assert station.region.code == "KZ-SHY"


def test_stations_not_in_the_file_stay(election):
    StationFactory(election=election)
    load(election, "A,1,KZ-ALA")
    assert Station.objects.count() == 2


def test_the_same_number_may_be_in_two_commissions_and_two_elections(election):
    StationFactory(region__region_set=election.region_set, commission="A", number="1")
    assert load(election, "A,1,KZ-ALA", "B,1,KZ-ALA").created == 2


def test_a_look_first_saves_nothing(election):
    outcome = load(election, "A,1,KZ-ALA", dry_run=True)
    assert (outcome.created, outcome.saved) == (1, False)
    assert not Station.objects.exists()


def test_every_bad_row_is_named_and_nothing_is_saved(election):
    lines = [
        "A,1,KZ-ALA,1,1,5,regular",
        "A,2,KZ-XXX,1,1,5,regular",
        "A,3,KZ-ALA,91,1,5,regular",
        "A,4,KZ-ALA,1,1,many,regular",
        "A,5,KZ-ALA,1,1,5,castle",
        "A,6,KZ-ALA,1,,5,regular",
        "",
        ",7,KZ-ALA,1,1,5,regular",
        "A,,KZ-ALA,1,1,5,regular",
        "A,1,KZ-SHY,1,1,5,regular",
        "A,9,KZ-ALA",
        "A:B,10,KZ-ALA,1,1,5,regular",
        "A,11,KZ-XXX,north,1,-5,regular",
        "A,12,KZ-ALA,1,1,9999999999,regular",
        f"A,{'9' * 61},KZ-ALA,1,1,5,regular",
    ]
    header = f"{HEADER},latitude,longitude,registered_voters,kind"
    assert problems(election, *lines, header=header) == [
        (3, "region"),
        (4, "latitude"),
        (5, "registered_voters"),
        (6, "kind"),
        (7, "latitude"),
        (9, "commission"),
        (10, "number"),
        (11, "number"),
        (12, ""),
        (13, "commission"),
        (14, "region"),
        (14, "latitude"),
        (14, "registered_voters"),
        (15, "registered_voters"),
        (16, "number"),
    ]


@pytest.mark.parametrize("bad", ["nan", "inf", "1e1", "1_0", "٤٣", "1.2.3"])
def test_a_coordinate_is_a_plain_number(election, bad):
    header = f"{HEADER},latitude,longitude"
    assert problems(election, f"A,1,KZ-ALA,{bad},1", header=header) == [(2, "latitude")]


@pytest.mark.parametrize("bad", ["\x00", "\x1b", "\x85"])
def test_control_characters_are_refused_with_their_row(election, bad):
    assert problems(election, "A,1,KZ-ALA", f"A,2{bad},KZ-ALA") == [(3, "number")]


def test_stations_may_follow_each_other_whatever_their_order(election):
    header = f"{HEADER},status,successor"
    load(election, "A,1,KZ-ALA,merged,A:2", "A,2,KZ-ALA,active,", header=header)
    first = Station.objects.get(number="1")
    assert first.successor.number == "2"
    outcome = load(election, "A,2,KZ-ALA,moved,A:3", "A,3,KZ-ALA,active,", header=header)
    assert (outcome.created, outcome.updated) == (1, 1)
    assert Station.objects.get(number="2").successor.number == "3"
    again = load(election, "A,2,KZ-ALA,moved,A:3", "A,3,KZ-ALA,active,", header=header)
    assert again.unchanged == 2


def test_a_successor_must_be_another_known_station(election):
    header = f"{HEADER},successor"
    assert problems(election, "A,1,KZ-ALA,A:9", "A,2,KZ-ALA,A:2", header=header) == [
        (2, "successor"),
        (3, "successor"),
    ]


def test_a_region_may_be_given_by_another_code_that_means_only_it(election):
    almaty, shymkent = election.region_set.regions.order_by("code")
    for region, code in ((almaty, "750000000"), (almaty, "X"), (shymkent, "X")):
        RegionCode.objects.create(region=region, scheme="kato", code=code)
    assert load(election, "A,1,750000000").saved
    assert Station.objects.get().region == almaty
    assert [problem.column for problem in load(election, "A,2,X").problems] == ["region"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_files_of_every_usual_make_are_read(election, end, delimiter, encoding):
    text = end.join(["commission,number,region,name_ru", "A,1,KZ-ALA,Школа", "A,2,KZ-ALA,"])
    raw = text.replace(",", delimiter).encode(encoding)
    assert import_stations(election, raw).created == 2
    assert Station.objects.get(number="1").name_ru == "Школа"


def test_a_line_break_inside_a_cell_becomes_a_space(election):
    load(election, 'A,1,KZ-ALA,"Abay\r1\nhouse"', header=f"{HEADER},address")
    assert Station.objects.get().address == "Abay 1 house"


def test_a_decimal_comma_is_read_where_semicolons_separate(election):
    raw = b"commission;number;region;latitude;longitude\nA;1;KZ-ALA;43,25;76,9"
    import_stations(election, raw)
    assert Station.objects.get().latitude == 43.25


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        ("commission,number,region\nА,1,Алматы".encode("cp1251"), "not UTF-8 .line 2."),
        ("commission,number,region".encode("utf-16"), "not UTF-8"),
        (b"commission,number\nA,1", "missing: region"),
        (b"commission,number,region,adress", "Did you mean “address”"),
        (b"commission,number,region,region", "twice"),
        (b"commission,number,region,grouping.", "not known"),
        (b'commission,number,region\nA,"1,KZ-ALA', "line"),
        (b'commission,number,region\nA,"1"x,KZ-ALA', "line 2"),
        (b"commission,number,region\nA,1," + b"x" * 200_000, "line"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_remedy(election, raw, message):
    with pytest.raises(UnreadableTable, match=message):
        import_stations(election, raw)


def test_a_file_that_is_too_large_is_refused(election, monkeypatch):
    monkeypatch.setattr("elections.tables.MOST_BYTES", 10)
    with pytest.raises(UnreadableTable, match="larger than"):
        load(election, "A,1,KZ-ALA")


def test_queries_do_not_grow_with_the_rows(election, django_assert_max_num_queries):
    load(election, *(f"A,{n},KZ-ALA" for n in range(50)))
    with django_assert_max_num_queries(10):
        load(election, *(f"A,{n},KZ-SHY" for n in range(60)))


def test_the_command_reports_what_it_did(election, tmp_path, capsys):
    file = tmp_path / "stations.csv"
    file.write_text(f"{HEADER}\nA,1,KZ-ALA\n", "utf-8")
    call_command("import_stations", str(file), "--election", "e1", "--dry-run")
    assert "nothing was saved" in capsys.readouterr().out
    call_command("import_stations", str(file), "--election", "e1")
    assert "1 new, 0 changed" in capsys.readouterr().out


def test_the_command_names_bad_rows_and_fails(election, tmp_path, capsys):
    file = tmp_path / "stations.csv"
    file.write_text(f"{HEADER}\nA,1,KZ-ALA\nA,2,XX\n", "utf-8")
    with pytest.raises(CommandError, match="Nothing was saved"):
        call_command("import_stations", str(file), "--election", "e1")
    assert "Row 3, region" in capsys.readouterr().err
    with pytest.raises(CommandError, match="e1"):
        call_command("import_stations", str(file), "--election", "e2")
    with pytest.raises(CommandError, match="no such file"):
        call_command("import_stations", str(tmp_path / "none"), "--election", "e1")
