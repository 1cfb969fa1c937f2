"""From a call for help to how it ended, on the desk, by two people at once."""

import json
import threading
import uuid

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from incidents import checking_in
from incidents.errors import Invalid, NotAllowed, WrongState
from incidents.models import Alert, Event, Report
from incidents.workflow import safety
from observers.models import CheckIn, SafetyCase, Visit
from tests.contracts.stage import build_stage
from tests.factories import TeamFactory, member
from tests.observers.test_whereabouts import say
from tests.phones import Phone, put
from tests.walking import person, region, the_election

pytestmark = pytest.mark.django_db


def signed_in(user):
    browser = Client()
    browser.force_login(user)
    return browser


def press(user, kind, *, browser=None, **typed):
    """On the plain page."""
    browser = browser or signed_in(user)
    typed = {"id": str(uuid.uuid4()), "kind": kind, "station": ""} | typed
    return browser.post("/report/here/", typed)


def the_case():
    return SafetyCase.objects.get()


def test_a_call_for_help_is_a_check_in_a_report_an_alert_and_a_case():
    user, election = person("observer"), the_election()
    station = election.stations.get()
    assert press(user, "arrived", station="7").status_code == 303
    assert press(user, "sos").status_code == 303
    case = the_case()
    report = Report.objects.get(pk=case.report)
    assert (report.danger, report.author, report.urgent) == ("observer", user, True)
    assert report.place_words == "last arrived at KZ-ALA:7"
    assert report.pk == checking_in.report_id(case.check_in_id)
    assert Alert.objects.get(report=report).accepted_at is None
    assert (case.trigger, case.team, case.check_in.kind) == (
        "sos",
        user.memberships.get().team,
        "sos",
    )
    assert Visit.objects.get(user=user, left_at=None).station == station
    verbs = list(Event.objects.order_by("seq").values_list("verb", flat=True))
    assert verbs == ["check_in", "check_in", "file_report", "open_safety_case"]


def test_every_desk_page_says_it_until_somebody_wrote_how_it_ended():
    user, boss, colleague = person("observer"), person("coordinator"), person("security")
    press(user, "arrived", station="7")
    press(user, "sos")
    desk = signed_in(boss)
    queue = desk.get(reverse("desk-queue")).content.decode()
    assert "Called for help" in queue
    assert "nobody is on it" in queue
    page = desk.get(reverse("desk-safety")).content.decode()
    assert "Polling station 7, Almaty" in page
    assert reverse("desk-report", args=[the_case().report]) in page

    take = reverse("desk-safety-take", args=[the_case().pk])
    assert desk.post(take, {"holder": ""}).status_code == 303
    assert not Alert.objects.waiting().exists()  # its mail need not come again
    # Drawn before that, pressed after it: the second of two sees that it is taken.
    late = signed_in(colleague).post(take, {"holder": ""})
    assert late.status_code == 409
    assert f"{boss.username} is on it already." in late.content.decode()
    assert the_case().taken_by == boss
    # Who sees who has it may take it over.
    assert signed_in(colleague).post(take, {"holder": str(boss.pk)}).status_code == 303
    assert the_case().taken_by == colleague

    close = reverse("desk-safety-close", args=[the_case().pk])
    empty = desk.post(close, {"outcome": "  \n "})
    assert empty.status_code == 400
    assert "Write how it ended" in empty.content.decode()
    long = desk.post(close, {"outcome": "y" * 501})
    assert long.status_code == 400
    assert "y" * 501 in long.content.decode()  # nothing typed is lost
    assert desk.post(close, {"outcome": "Released, at home."}).status_code == 303
    assert desk.post(close, {"outcome": "Again."}).status_code == 409
    assert the_case().outcome == "Released, at home."
    assert "Called for help" not in desk.get(reverse("desk-queue")).content.decode()
    assert "Released, at home." in desk.get(reverse("desk-safety")).content.decode()
    verbs = set(Event.objects.filter(report=the_case().report).values_list("verb", flat=True))
    assert {"open_safety_case", "take_safety_case", "close_safety_case"} <= verbs


def test_one_open_case_a_person_whatever_sets_it_off():
    user, boss = person("observer"), person("coordinator")
    first = safety.open_case(user, the_election(), by=boss, trigger="missed")
    again = safety.open_case(user, the_election(), by=person("security"))
    assert first == again
    press(user, "sos")
    case = the_case()
    assert (case.trigger, case.opened_by) == ("sos", boss)
    assert case.report is not None
    press(user, "sos")  # once more: a second report, the same case
    assert Report.objects.filter(danger="observer").count() == 2
    assert the_case().report == case.report
    safety.close_case(case, by=boss, outcome="Safe.")
    press(user, "sos")
    assert SafetyCase.objects.open().count() == 1


def test_the_same_press_twice_is_one_and_another_button_of_the_same_page_is_another():
    user, browser = person("observer"), signed_in(person("observer"))
    item = str(uuid.uuid4())
    for _time in range(2):
        press(user, "sos", browser=browser, id=item)
    assert (SafetyCase.objects.count(), Report.objects.count(), CheckIn.objects.count()) == (
        1,
        1,
        1,
    )
    press(user, "well", browser=browser, id=item)
    assert CheckIn.objects.count() == 2


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"kind": "sos", "id": "garbage"}, 303),
        ({"kind": "sos", "station": "Мектеп №5\0" + "я" * 5000}, 303),
        ({"kind": "sos", "election": "kz-2021-mazhilis"}, 303),
        ({"kind": "sos", "election": "another"}, 303),  # observes only one: meant is that one
        ({"kind": "dance"}, 400),
        ({"kind": "arrived"}, 400),
        ({"kind": "arrived", "station": "999999"}, 303),
    ],
)
def test_odd_input_never_keeps_a_call_for_help(typed, status):
    assert press(person("observer"), **typed).status_code == status
    assert SafetyCase.objects.count() == (typed["kind"] == "sos")


def test_an_ended_session_and_an_old_page_give_the_form_back():
    station = "Школа 5"
    out = Client().post(
        "/report/here/", {"id": str(uuid.uuid4()), "kind": "sos", "station": station}
    )
    assert (out.status_code, station in out.content.decode()) == (401, True)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person("observer"))
    old = strict.post(
        "/report/here/", {"id": str(uuid.uuid4()), "kind": "sos", "station": station}
    )
    assert (old.status_code, station in old.content.decode()) == (403, True)


def test_somebody_whose_report_cannot_be_filed_still_gets_help():
    """Their membership ended a moment ago: no report, but a case."""
    user = person("observer")
    user.memberships.update(ends="2021-01-01T00:00:00Z")
    checking_in.check_in(
        id=uuid.uuid4(), by=user, election=the_election(), kind="sos",
        at=timezone.now(), sha256="0" * 64, channel="app",
    )  # fmt: skip
    assert the_case().report is None
    assert "Called for help" in signed_in(person("security")).get("/desk/safety/").content.decode()


def test_who_sees_it_and_who_may_act():
    election = the_election()
    team = TeamFactory()
    user = member("observer", election, team=team, regions=[region("KZ-ALA")])
    press(user, "sos")
    case = the_case()
    lead = member("coordinator", election, team=team)
    other_lead = member("coordinator", election, team=TeamFactory())
    far_away = member("coordinator", election, regions=[region("KZ-SHY")])
    assert "Called for help" in signed_in(lead).get("/desk/").content.decode()
    for stranger in (other_lead, far_away, person("editor"), user):
        assert not SafetyCase.objects.on_desk(stranger).exists()
        with pytest.raises(NotAllowed):
            safety.take_case(case, by=stranger)
        with pytest.raises(NotAllowed):
            safety.open_case(user, election, by=stranger)
    for page in (signed_in(other_lead), signed_in(far_away), signed_in(person("editor"))):
        assert "Called for help" not in page.get("/desk/").content.decode()
    assert signed_in(person("editor")).get("/desk/safety/").status_code == 403
    assert signed_in(other_lead).post(f"/desk/safety/{case.pk}/take/").status_code == 404
    with pytest.raises(Invalid):
        safety.close_case(case, by=lead, outcome="\0")
    safety.close_case(case, by=lead, outcome="Safe.")
    with pytest.raises(WrongState):
        safety.take_case(case, by=lead)


def test_the_desk_opens_a_case_for_whom_nobody_has_heard_of():
    user, boss = person("observer"), person("coordinator")
    say(user, "arrived", 300, station=the_election().stations.get())
    desk = signed_in(boss)
    page = desk.get("/desk/safety/").content.decode()
    assert "5 h 00 min" in page
    assert "1 of 1" in page
    form = {"person": str(user.pk), "election": the_election().slug, "trigger": "missed"}
    assert desk.post("/desk/safety/open/", form).status_code == 303
    assert the_case().trigger == "missed"
    assert "Everybody in the field" in desk.get("/desk/safety/").content.decode()
    for odd in ({}, {"person": "x", "election": "\0"}, form | {"person": str(uuid.uuid4())}):
        assert desk.post("/desk/safety/open/", odd).status_code == 400


def test_from_a_phones_envelope(client, db):
    """Also when what it says of the place is nonsense; and from a locked phone nothing follows."""
    phone = Phone(build_stage("safety"))
    said = {"kind": "sos", "station": "7", "accuracy_m": "about ten", "latitude": [1]}
    raw = phone.seal(said, kind="check_in")
    assert put(client, raw).status_code == 201
    assert put(client, raw).status_code == 200
    assert the_case().user == phone.user
    SafetyCase.objects.update(closed_at="2021-01-10T10:00:00Z", outcome="Safe.")
    phone.device.revoked_at = "2021-01-10T10:00:00Z"
    phone.device.save()
    sos = phone.seal({"kind": "sos"}, kind="check_in", item=uuid.uuid4())
    assert json.loads(put(client, sos).content)["signature"]
    assert not SafetyCase.objects.open().exists()
    assert CheckIn.objects.filter(quarantined=True).count() == 1
    boss = signed_in(phone.user.memberships.get().election.memberships.get(role="security").user)
    assert "Calls for help from locked phones" in boss.get("/desk/safety/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_call_for_help_and_a_colleague_at_its_case_do_not_wait_for_each_other():
    """Whoever takes a case up holds it, then wants the counter of history; so does the call."""
    user, boss = person("observer"), person("coordinator")
    case = safety.open_case(user, the_election(), by=boss)
    held, failures = threading.Event(), []

    def calls():
        held.wait(10)
        said = {"kind": "sos", "at": timezone.now(), "sha256": "0" * 64}
        try:
            checking_in.check_in(
                id=uuid.uuid4(), by=user, election=the_election(), channel="page", **said
            )
        except Exception as error:  # noqa: BLE001 - shown below
            failures.append(error)
        finally:
            connection.close()

    caller = threading.Thread(target=calls)
    caller.start()
    with transaction.atomic():
        SafetyCase.objects.select_for_update(no_key=True).get(pk=case.pk)
        held.set()
        caller.join(0.5)  # by now it waits for the case
        safety.take_case(case, by=boss)
    caller.join(20)
    assert failures == []
    assert (the_case().trigger, the_case().taken_by) == ("sos", boss)
