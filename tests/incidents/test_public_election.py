"""Elections and the page about the data: figures as they were said, by whom and when."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.test import Client

from elections.models import (
    Contestant,
    PollDay,
    ResultFigure,
    SeatBlock,
    Statement,
    TurnoutFigure,
)
from elections.regions import load_region_set
from tests import walking
from tests.factories import ElectionFactory

pytestmark = pytest.mark.django_db
SAID = {"issuer": "Central Election Commission", "stage": "preliminary"}


def words(path: str) -> str:
    response = Client().get(path)
    assert response.status_code == 200, response
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.fixture
def mazhilis():
    """What is said of 10 January 2021, and nothing more."""
    regions = load_region_set("KZ-2018")
    election = ElectionFactory(
        slug="kz-2021-mazhilis",
        region_set=regions,
        threshold_percent=7,
        seats_total=107,
        seats_in_vote=98,
        name_en="Election of the Mazhilis",
    )
    PollDay.objects.create(
        election=election, date=dt.date(2021, 1, 10), opens=dt.time(7), closes=dt.time(20)
    )
    SeatBlock.objects.create(
        election=election, seats=9, method="assembly", name_en="Assembly of the People"
    )
    parties = {
        name: Contestant.objects.create(
            election=election, kind="party", status=status, name_en=name
        )
        for name, status in (
            ("Nur Otan", "registered"),
            ("Ak Zhol", "registered"),
            ("OSDP", "boycott"),
        )
    }
    announced = dt.date(2021, 1, 11)
    for name, percent, qualifier in (("Nur Otan", "71.1", "exact"), ("Ak Zhol", "7", "above")):
        ResultFigure.objects.create(
            election=election,
            contestant=parties[name],
            percent=Decimal(percent),
            qualifier=qualifier,
            announced_on=announced,
            **SAID,
        )
    for code, percent, remark in (("KZ-SEV", "75.5", "highest"), ("KZ-ALA", "30", "lowest")):
        TurnoutFigure.objects.create(
            election=election,
            region=regions.regions.get(code=code),
            percent=Decimal(percent),
            qualifier="about",
            remark_en=remark,
            **SAID,
        )
    Statement.objects.create(
        election=election,
        issuer="OSCE",
        issuer_kind="mission",
        quote="left voters without <choice>",
    )
    return election


def test_figures_are_told_with_their_doubt_their_issuer_and_their_time(mazhilis):
    text = words("/elections/kz-2021-mazhilis/")
    said = "Central Election Commission · preliminary ·"
    for told in (
        f"about 75.5\xa0% North Kazakhstan, highest {said} time not known".replace("\xa0", " "),
        f"about 30 % Almaty (city), lowest {said} time not known",
        f"71.1 % Nur Otan {said} announced 11 January 2021",
        f"above 7 % (no figure given) Ak Zhol {said} announced 11 January 2021",
        "OSDP Boycotts the election",
        "98 of 107 in this vote",
        "9: Assembly of the People (by an assembly)",
        "OSCE (observation mission) · date not known",
        "“left voters without &lt;choice&gt;”",
    ):
        assert told in text, told


def test_polls_opened_at_two_moments_because_there_were_two_clocks(mazhilis):
    text = words("/elections/kz-2021-mazhilis/")
    assert "10 January 2021, 07:00 to 20:00 by the clock of each place" in text
    west = "Aktobe, Atyrau, Kyzylorda, Mangystau and West Kazakhstan"
    assert f"UTC+05:00: {west}" in text
    assert re.search(r"UTC\+06:00: Akmola, Almaty \(city\), .* and Zhambyl", text)


def test_what_nobody_said_is_not_known():
    ElectionFactory(slug="bare")
    text = words("/elections/bare/")
    for told in ("Poll day not known", "Threshold not known", "Seats not known"):
        assert told in text


def test_a_count_is_told_with_its_denominator(mazhilis):
    TurnoutFigure.objects.create(
        election=mazhilis,
        voted=1204,
        registered=2000,
        as_of=dt.datetime(2021, 1, 10, 8, tzinfo=dt.UTC),
        **SAID,
    )
    TurnoutFigure.objects.create(election=mazhilis, voted=0, **SAID)
    text = words("/elections/kz-2021-mazhilis/")
    assert "1,204 of 2,000 registered voters whole country" in text
    assert "as of 10 January 2021, 14:00 Almaty time" in text
    assert "0 voted whole country" in text


def test_the_only_election_is_shown_at_once_and_several_as_a_list():
    ElectionFactory(slug="first")
    assert Client().get("/elections/")["Location"] == "/elections/first/"
    ElectionFactory(slug="second")
    text = words("/elections/")
    assert "Election first" in text
    assert "Election second" in text


def test_a_rehearsal_has_no_public_page_even_for_those_who_take_part():
    rehearsal = ElectionFactory(slug="dry-run", is_rehearsal=True)
    assert Client().get("/elections/dry-run/").status_code == 404
    observer = Client()
    observer.force_login(walking.person("observer", rehearsal))
    assert observer.get("/elections/dry-run/").status_code == 404


def test_without_an_election_the_list_says_so():
    assert "No election is set up yet." in words("/elections/")


# --- About the data ---------------------------------------------------------------------------


def test_the_data_page_says_what_is_missing_how_sure_and_how_to_cite():
    walking.published()
    text = words("/data/")
    for told in (
        "1 incident published.",
        "It is accurate in what it holds, and not complete.",
        "corroborated Two sources that do not depend on each other say so",
        "Licence: CC BY 4.0.",
        "occurred_precision",
    ):
        assert told in text, told


def test_every_recipe_of_the_data_page_is_an_address_that_answers():
    walking.published()
    html = Client().get("/data/").content.decode().replace("&amp;", "&")
    addresses = set(
        re.findall(r"http://127\.0\.0\.1:8000(/api/v1/[^'\"\s<]*[/a-z0-9])['\"]", html)
    )
    assert len(addresses) >= 4
    for address in addresses:
        assert Client().get(address).status_code == 200, address


def test_every_link_of_a_public_page_leads_somewhere():
    publication = walking.published()
    paths = ["/", "/data/", "/elections/kz-2021-mazhilis/", f"/incidents/{publication.ref}/"]
    links = {
        link.replace("&amp;", "&").split("#")[0]
        for path in paths
        for link in re.findall(r'(?:href|src)="(/[^"#]*)', Client().get(path).content.decode())
    }
    dead = {
        link: status
        for link in links
        if not link.startswith("/static/")
        and (status := Client().get(link).status_code) not in (200, 302)
    }
    assert dead == {}


@pytest.mark.parametrize("path", ["/", "/data/", "/elections/", "/incidents/x/"])
def test_public_pages_are_only_for_reading(path):
    assert Client().post(path).status_code == 405


def test_no_public_page_names_another_server():
    publication = walking.published()
    for path in ("/", "/data/", "/elections/kz-2021-mazhilis/", f"/incidents/{publication.ref}/"):
        response = Client().get(path)
        html = response.content.decode()
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//(?!127\.0\.0\.1:8000)', html), (
            path
        )
        assert not response.cookies
