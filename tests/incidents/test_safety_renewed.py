"""The safety page on a long night: it renews itself, and five hundred people fit on it."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from elections.models import Station
from incidents.workflow import locks, safety
from observers.models import CheckIn, Device, Membership, Team, User, Visit
from tests.factories import PASSWORD, TeamFactory
from tests.incidents.test_safety import press, signed_in
from tests.observers.test_whereabouts import say
from tests.walking import person, region, the_election

PATH = "/desk/safety/"
PART = {"HTTP_HX_REQUEST": "true"}


def many(count, *, start=0):
    """`count` observers at as many stations, silent for two hours and more."""
    election, city, now = the_election(), region("KZ-ALA"), timezone.now()
    team = Team.objects.filter(name="Crowd").first() or TeamFactory(name="Crowd")
    names = [f"crowd-{number:03d}" for number in range(start, start + count)]
    users = User.objects.bulk_create(User(username=name, language="en") for name in names)
    Membership.objects.bulk_create(
        Membership(user=user, election=election, role="observer", team=team) for user in users
    )
    Device.objects.bulk_create(Device(user=user, label=f"phone of {user}") for user in users)
    stations = Station.objects.bulk_create(
        Station(election=election, region=city, commission="KZ-ALA", number=str(1000 + start + n))
        for n in range(count)
    )
    people = list(enumerate(zip(users, stations, strict=True), start + 1))
    visits = Visit.objects.bulk_create(
        Visit(
            election=election, user=user, team=team, station=station,
            arrived_at=now - timedelta(hours=2, minutes=number),
        )
        for number, (user, station) in people
    )  # fmt: skip
    CheckIn.objects.bulk_create(
        CheckIn(
            id=uuid.uuid4(), user=visit.user, election=election, team=team, kind="arrived",
            station=visit.station, region=city, at=visit.arrived_at, received_at=now,
            visit=visit, sha256="0" * 64,
        )
        for visit in visits
    )  # fmt: skip
    return users


def counted(client, path=PATH, **headers):
    client.get(path, **headers)
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(path, **headers)
    return answer, len(asked)


@pytest.mark.django_db
def test_five_hundred_people_cost_what_five_cost():
    boss = signed_in(person("coordinator"))
    many(5)
    _few, cost = counted(boss)
    many(495, start=5)
    answer, all_of_them = counted(boss)
    page = answer.content.decode()
    assert all_of_them <= cost
    assert cost <= 40
    assert page.count('id="missed-') == 50
    assert '<span class="count">500</span>' in page
    assert page.index("crowd-499") < page.index("crowd-498") < page.index("crowd-451")
    assert 'id="missed-' in page
    assert "450 more people" in page
    assert len(answer.content) < 250_000
    last = boss.get(f"{PATH}?page=10").content.decode()
    assert last.count('id="missed-') == 50
    assert "more people" not in last.split('id="safety-missed"')[1].split("</section>")[0]
    for odd in ("0", "-1", "9999", "x", "٣", "1" * 9000):
        assert boss.get(PATH, {"page": odd}).status_code == 200


@pytest.mark.django_db
def test_nothing_new_is_a_304_and_costs_next_to_nothing(monkeypatch):
    moment = timezone.now().replace(second=1)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    user, boss = person("observer"), signed_in(person("coordinator"))
    say(user, "arrived", 300, station=the_election().stations.get())
    whole = boss.get(PATH, **PART)
    assert "<html" not in whole.content.decode()
    assert 'id="safety"' in whole.content.decode()
    known = PART | {"HTTP_IF_NONE_MATCH": whole["ETag"]}
    same, cost = counted(boss, **known)
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", whole["ETag"])
    assert cost <= 6
    # Of somebody else it is another one, and so it is as soon as anything happens,
    assert signed_in(person("security")).get(PATH, **known).status_code == 200
    locks.lock_person(user, by=person("security"), channel="page")
    told = boss.get(PATH, **known)
    assert told.status_code == 200
    assert "locked" in told.content.decode()
    # and when a minute has gone: silence grows by itself.
    known = PART | {"HTTP_IF_NONE_MATCH": told["ETag"]}
    assert boss.get(PATH, **known).status_code == 304
    monkeypatch.setattr(timezone, "now", lambda: moment + timedelta(minutes=1))
    assert boss.get(PATH, **known).status_code == 200
    for odd in ("", "x" * 9000, "\x00", '"\ud800"'.encode("utf-8", "replace").decode()):
        assert boss.get(PATH, **(PART | {"HTTP_IF_NONE_MATCH": odd})).status_code == 200


@pytest.mark.django_db
def test_it_gives_no_share_where_there_is_no_list_of_stations():
    boss = signed_in(person("coordinator"))
    user = person("observer")
    press(user, "arrived", station="school 5")
    the_election().stations.all().delete()
    page = boss.get(PATH).content.decode()
    assert "0 of 0" not in page
    assert "No list of stations was imported" in page
    assert "school 5" in page


@pytest.mark.django_db
def test_a_stranger_asking_for_the_part_gets_what_the_page_gives():
    assert Client().get(PATH, **PART).status_code == 302
    assert signed_in(person("editor")).get(PATH, **PART).status_code == 403


@pytest.fixture
def desk(live_server, chromium):
    user = person("coordinator")
    page = chromium.new_page(locale="en", viewport={"width": 1280, "height": 800})
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{live_server.url}/account/login/")
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()
    page.base = live_server.url
    yield page
    page.close()
    assert errors == []


@pytest.mark.browser
@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_it_renews_itself_and_leaves_what_i_write_alone(desk):
    first, second = person("observer"), person("observer", number=2)
    press(first, "sos")
    desk.goto(desk.base + PATH)
    case = safety.SafetyCase.objects.get()
    article = desk.locator(f"#case-{case.pk}")
    article.locator("summary").click()
    article.locator("textarea").fill("She is at home, I spo")
    assert desk.locator("#safety-said").text_content() == ""
    press(second, "sos")
    say(person("observer", number=3), "arrived", 300, station=the_election().stations.get())
    desk.get_by_role("heading", name=second.username).wait_for(timeout=15000)
    desk.locator("#safety-missed tbody tr").wait_for(timeout=15000)
    assert desk.locator("#safety-said").text_content() == "Open cases: 2. Not heard of: 1."
    assert article.locator("textarea").input_value() == "She is at home, I spo"
    assert desk.evaluate("document.activeElement.name") == "outcome"
    desk.keyboard.type("ke to her.")
    # A colleague takes it up, and closes it: the words stay until I let go of them.
    safety.take_case(case, by=person("security"))
    desk.get_by_text(f"{person('security').username} is on it").wait_for(timeout=15000)
    safety.close_case(case, by=person("security"), outcome="Safe.")
    desk.locator(f"#case-{case.pk}.row-gone").wait_for(timeout=15000)
    assert article.locator("textarea").input_value() == "She is at home, I spoke to her."
    desk.locator("#safety-closed").get_by_text("Safe.").wait_for()


@pytest.mark.browser
@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_without_connection_and_signed_out_it_says_so(desk):
    desk.goto(desk.base + PATH)
    desk.context.set_offline(True)
    desk.get_by_text("No connection; trying again.").wait_for(timeout=15000)
    desk.context.set_offline(False)
    desk.locator("#safety-offline").wait_for(state="hidden", timeout=15000)
    desk.context.clear_cookies()
    desk.get_by_text("You are signed out.").wait_for(timeout=15000)
