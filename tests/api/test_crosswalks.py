"""Published incidents in the columns of two other collections, from public columns only."""

import csv
import io
import re
from pathlib import Path

import pytest

from incidents.crosswalks import CROSSWALKS, STOP, USPFT
from tests.api.rows import body_of, get, published_row, refused
from tests.walking import withdrawn

pytestmark = pytest.mark.django_db
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "api.md"
BLOCKED = {
    "category": "NET05",
    "details": {
        "blockage_kind": "service",
        "networks": ["mobile", "sms"],
        "services": ["facebook", "youtube", "vpn"],
        "sites": "azattyq.org",
        "course": "ended",
        "start_known": "actual",
        "justification": "no_reason",
        "ordered_by": "unknown",
        "authority_acknowledges": "no",
        "users_warned": "unknown",
        "measurements": [{"url": "https://explorer.ooni.org/m/1", "source": "ooni"}],
        "effect_on_observation": ["reports_lost"],
    },
    "title": {"en": "=Blocked", "ru": "Блокировка"},
}
HELD = {
    "category": "DET02",
    "categories": ["DET02", "MED03"],
    "occurred_precision": "exact",
    "details": {
        "authority": ["police", "special_unit"],
        "status": [
            {"status": "held", "as_of": "2021-01-10", "source": "media"},
            {"status": "released_without_charge", "as_of": "2021-01-11", "source": "media"},
        ],
        "names": "KANAREIKA",
    },
}
STRUCK = {
    "category": "MED03",
    "categories": ["MED03", "MED05"],
    "details": {
        "outlet": "Azattyq",
        "actors": ["police"],
        "equipment": ["taken"],
        "equipment_returned": "returned_in_part",
        "targeted_as_journalist": "unknown",
    },
}


def table(client, name: str, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/api/v1/crosswalks/{name}/?format=csv{query}")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(body_of(answer).decode(), newline="")))


def filled(row: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in row.items() if value}


def test_a_blockage_says_what_is_known_and_nothing_else(client):
    made = published_row(**BLOCKED)
    published_row()  # of another kind
    withdrawn()
    [row] = table(client, "stop")
    assert filled(row) == {
        "start_date_type": "Actual",
        "start_date": "2021-01-10",
        "country": "Kazakhstan",
        "area_name": "Almaty",
        "affected_network": "Mobile",
        "shutdown_extent": "Service-based",
        "info_source_link": made_url(made) + " https://explorer.ooni.org/m/1",
        "shutdown_status": "Ended",
        "end_date": "2021-01-10",
        "gov_ack": "No",
        "facebook_affected": "Yes",
        "other_affected": "YouTube; VPN; azattyq.org",
        "sms_affected": "Yes",
        "election": "Yes",
        "event": "'=Blocked\nThey were not let in.",
        "dauys_ref": made.ref,
        "dauys_version": "1",
        "dauys_verification": "reported",
    }
    assert "reports_lost" not in str(row)


def made_url(row) -> str:
    return row.get_absolute_url() if row.document == "" else re.search(URL, row.document)[1]


URL = r'"url":"([^"]*)"'


def test_what_nobody_said_is_empty_in_every_column(client):
    row = published_row(
        category="NET00",
        regions=[],
        occurred_start=None,
        occurred_end=None,
        occurred_precision="unknown",
        phase=None,
        longitude=None,
        latitude=None,
        title={},
        summary={},
    )
    [told] = table(client, "stop")
    assert set(filled(told)) == {"info_source_link", *(c.name for c in STOP.columns[-3:])}
    [told] = get(client, "/crosswalks/stop/")["results"]
    assert told["gov_ack"] is None
    assert told["dauys_ref"] == row.ref


def test_several_regions_and_two_kinds(client):
    kinds = {"category": "NET01", "categories": ["NET01", "NET03", "ACC01"]}
    published_row(**kinds, regions=["KZ-ALA", "KZ-SHY"])
    [row] = table(client, "stop")
    assert row["shutdown_type"] == "Shutdown, Throttle"
    assert row["shutdown_extent"] == "Full network"
    assert row["geo_scope"].startswith("It affected locations in more than one state")
    assert (row["area_name"], row["start_date_type"]) == ("Almaty; Shymkent", "Estimated")


def test_incidents_with_reporters(client):
    published_row(**STRUCK)
    published_row(**HELD)
    held, struck = table(client, "uspft")
    assert held["categories"] == "Arrest/Criminal Charge, Assault"
    assert held["arresting_authority"] == "Police; Police special unit"
    assert held["arrest_status"] == "detained and released without being processed"
    assert (held["status_of_charges"], held["release_date"]) == ("not charged", "")
    assert (held["date"], held["exact_date_unknown"]) == ("2021-01-10", "False")
    assert (held["detention_date"], held["assailant"]) == ("2021-01-10", "")
    assert "KANAREIKA" not in str(held)
    assert struck["categories"] == "Assault, Equipment Search or Seizure"
    assert (struck["assailant"], struck["actor"]) == ("law enforcement", "law enforcement")
    assert struck["status_of_seized_equipment"] == "returned in part"
    assert (struck["was_journalist_targeted"], struck["arrest_status"]) == ("", "")
    assert (struck["targeted_institutions"], struck["exact_date_unknown"]) == ("Azattyq", "True")


def test_filters_pages_and_refusals_are_those_of_the_incidents(client):
    for region in ("KZ-ALA", "KZ-SHY", "KZ-SHY"):
        published_row(category="NET00", regions=[region])
    assert len(table(client, "stop", "&region=KZ-SHY")) == 2
    page = get(client, "/crosswalks/stop/?limit=2&count=true")
    assert (len(page["results"]), page["meta"]["count"]) == (2, 3)
    assert len(client.get(page["next"]).json()["results"]) == 1
    assert refused(client, "/crosswalks/stop/?fields=x", "fields")
    assert refused(client, "/crosswalks/stop/?format=geojson", "format")
    get(client, "/crosswalks/acled/", 404)
    tag = client.get("/api/v1/crosswalks/stop/")["ETag"]
    headers = {"If-None-Match": tag}
    assert client.get("/api/v1/crosswalks/stop/", headers=headers).status_code == 304
    published_row()
    assert client.get("/api/v1/crosswalks/stop/", headers=headers).status_code == 200


def test_every_column_is_documented_in_words(client):
    listed = get(client, "/crosswalks/")["results"]
    assert [one["name"] for one in listed] == list(CROSSWALKS)
    text = DOCUMENT.read_text(encoding="utf-8")
    for crosswalk in (STOP, USPFT):
        for column in crosswalk.columns:
            assert f"| `{column.name}` | {column.about} |" in text, column.name
