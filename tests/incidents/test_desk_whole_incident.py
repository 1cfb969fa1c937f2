"""What stands on an incident's page beside its facts: map, claims, files, reports side by side."""

import re

import pytest
from django.test import Client

from incidents.models import Evidence
from incidents.views.desk_comparing import OPEN, compare, fold_texts
from tests import walking

pytestmark = pytest.mark.django_db
SQUARES = {"KZ-ALA": (70, 40), "KZ-SHY": (60, 40), "KZ-YUZ": (60, 50)}


def page(incident, who="coordinator") -> str:
    client = Client()
    client.force_login(walking.person(who))
    answer = client.get(f"/desk/incidents/{incident.ref}/")
    assert answer.status_code == 200
    return answer.content.decode()


def with_outlines() -> None:
    for code, (west, south) in SQUARES.items():
        corners = ((0, 0), (10, 0), (10, 10), (0, 10), (0, 0))
        ring = [[west + x, south + y] for x, y in corners]
        region = walking.region(code)
        region.boundary = {"type": "Polygon", "coordinates": [ring]}
        region.longitude, region.latitude = west + 5, south + 5
        region.level = 1
        region.save()


def response(incident, issuer="Police", position="other_explanation", **claims):
    rows = [{"field": field, "value": value} for field, value in claims.items()]
    given = {"issuer": issuer, "position": position, "claims": rows}
    walking.take(incident, "respond", response=given)


def held():
    incident = walking.opened(walking.filed_report(category="DET03"))
    status = [{"status": "held", "as_of": "2021-01-10T12:00:00+06:00", "source": "official"}]
    walking.take(
        incident,
        "edit",
        changes={"details": {"status": status}, "persons_min": 15, "persons_max": 22},
    )
    return incident


def test_a_claim_that_does_not_fit_is_told_beside_the_fact():
    incident = held()
    response(incident, status="released", number="9")
    text = page(incident)
    status = re.search(r"<dt>Status.*?</dd>", text, re.DOTALL).group()
    assert "Police says “status: released”. The incident says: Held." in status
    number = re.search(r"<dt>How many people.*?</dd>", text, re.DOTALL).group()
    assert "Police says “number: 9”. The incident says: 15–22 people" in number


def test_two_authorities_against_each_other():
    incident = walking.opened()
    response(incident, "Police", status="released")
    response(incident, "Ministry", status="held")
    assert "Police says “status: released”; Ministry says “status: held”." in page(incident)


def test_what_a_response_leaves_open_is_not_called_a_contradiction():
    incident = walking.opened()
    response(incident, "A. Deputy", scope="all", number="not given")
    text = page(incident)
    assert "A. Deputy gives no number. The response does not settle how many they were." in text
    assert "Contradiction:" not in text


def test_the_map_marks_the_named_regions_and_says_the_rest_in_words():
    with_outlines()
    incident = walking.opened()
    walking.take(incident, "edit", changes={"regions": ["KZ-ALA", "KZ-SHY"]})
    walking.take(incident, "edit", changes={"regions_at_least": 3})
    drawing = re.search(r'<figure class="map place-map">.*?</figure>', page(incident), re.DOTALL)
    assert drawing.group().count('class="map-some"') == 2
    assert drawing.group().count('class="map-none"') == 1
    assert "In at least three regions, among them Almaty and Shymkent; the third is not named" in (
        re.search(r"<desc[^>]*>(.*?)</desc>", drawing.group()).group(1)
    )
    assert "map-point" not in drawing.group()
    walking.take(incident, "edit", changes={"latitude": 43.2, "longitude": 76.9})
    assert "map-point" in page(incident)
    walking.take(incident, "edit", changes={"latitude": -80.0, "longitude": 10.0})
    assert "map-point" not in page(incident)  # outside the picture


def test_an_incident_without_a_place_has_no_map():
    with_outlines()
    assert "place-map" not in page(walking.opened(walking.filed_report(region=None)))


def test_files_say_what_they_are_and_are_not_served():
    report = walking.filed_report()
    incident = walking.opened(report)
    for number in range(16):
        Evidence.objects.create(
            report=report,
            sha256=f"{number:064x}",
            size=2048 * (number + 1),
            media_type="image/jpeg" if number % 2 else "",
            name_as_given="<b>имя</b>.jpg",
            original=f"originals/{number}",
        )
    text = page(incident)
    assert "16 files" in text
    assert f"{15:064x}" in text
    assert "Originals are sealed" in text
    assert "&lt;b&gt;имя" in text
    assert "originals/" not in text


def test_files_of_a_sealed_report_are_not_even_counted_for_others():
    incident = walking.opened()
    sealed = walking.filed_report(
        by=walking.person("observer", number=2), audience="security_only"
    )
    walking.step_on(sealed, "link", "security", incident=incident.ref)
    Evidence.objects.create(
        report=sealed, sha256="f" * 64, size=1, media_type="video/mp4", original="originals/x"
    )
    assert "f" * 64 not in page(incident)
    assert "Originals are sealed" not in page(incident)
    assert "f" * 64 in page(incident, "security")


def test_what_reports_tell_otherwise_is_marked_in_words():
    incident = walking.opened(walking.filed_report(persons_min=5, persons_max=5))
    other = walking.filed_report(
        by=walking.person("observer", number=2), region="KZ-SHY", persons_min=9, persons_max=9
    )
    walking.step_on(other, "link", incident=incident.ref)
    text = page(incident)
    assert "The reports differ in: Where, How many people." in text
    assert text.count('<span class="differs-word">differs</span>') == 4


def test_what_one_report_does_not_know_is_no_difference():
    cards = [
        {"compared": [{"key": "place", "label": "Where", "value": value, "note": ""}]}
        for value in ("Almaty", "", "Almaty")
    ]
    assert compare(cards) == []


@pytest.mark.parametrize(
    "text",
    [
        "word " * 3200,
        "x" * 16_000,
        "é" * 8_000,
        "👩‍👩‍👧‍👦" * 2_000,
        "\n" * 16_000,
        "مرحبا " * 2_600,
    ],
)
def test_a_long_text_is_folded_and_complete(text):
    card = {"text": text}
    fold_texts([card])
    assert card["text"] + card["rest"] == text
    assert len(card["text"]) <= OPEN
    assert card["rest_length"] == len(card["rest"])


def test_a_short_text_stands_open():
    card = {"text": "x" * OPEN}
    fold_texts([card])
    assert card == {"text": "x" * OPEN}


def test_a_report_of_sixteen_thousand_characters_is_all_there():
    text = "начало " + "слово " * 2_650 + "конец"
    incident = walking.opened(walking.filed_report(text=text))
    shown = re.sub(r"<details[^>]*><summary>.*?</summary>", "", page(incident))
    assert text in shown
    report = incident.reports.get()
    client = Client()
    client.force_login(walking.person("coordinator"))
    own = client.get(f"/desk/reports/{report.pk}/").content.decode()
    assert text in re.sub(r"<details[^>]*><summary>.*?</summary>", "", own)
