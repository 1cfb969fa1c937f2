"""The observer's form, without script: it becomes a report, and nothing typed is lost."""

import re
import uuid

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from elections.models import Station
from incidents.models import RawReport, Report
from tests import walking
from tests.factories import ElectionFactory, member

pytestmark = pytest.mark.django_db
FORM = "/report/"
LONG = "Наблюдателя не пустили. " * 917  # 22,008 characters


@pytest.fixture
def observer():
    client = Client()
    client.force_login(walking.person("observer"))
    return client


def page(client: Client, query: str = "") -> dict[str, str]:
    """The hidden fields of a freshly opened form."""
    html = client.get(FORM + query).content.decode()
    return dict(re.findall(r'<input type="hidden" name="(\w+)"[^>]*?value="([^"]*)"', html))


def send(client: Client, **typed):
    """Fill in the form as it is served, and press Send."""
    hidden = page(client)
    return client.post(FORM, {**hidden, "step": "send", **typed})


def filed() -> Report:
    return Report.objects.get()


# --- Who may ----------------------------------------------------------------------------------


def test_somebody_unknown_is_asked_to_sign_in():
    response = Client().get(FORM)
    assert response.status_code == 302
    assert response["Location"] == "/account/login/?next=/report/"


@pytest.mark.parametrize("role", ["editor", "partner", "admin"])
def test_only_those_who_may_report_see_the_form(role):
    client = Client()
    client.force_login(walking.person(role))
    assert client.get(FORM).status_code == 403
    assert client.get("/report/mine/").status_code == 403


def test_an_observer_without_a_membership_is_refused_in_words():
    client = Client()
    client.force_login(member("observer", walking.the_election(), ends=timezone.now()))
    response = client.get(FORM)
    assert response.status_code == 403
    assert "Reports are filed by observers" in response.content.decode()


def test_who_observes_several_elections_chooses_first():
    other = ElectionFactory(slug="other", name_en="Other <election>")
    user = walking.person("observer")
    member("observer", other, user=user)
    client = Client()
    client.force_login(user)
    html = client.get(FORM).content.decode()
    assert "Which election?" in html
    assert "Other &lt;election&gt;" in html
    assert page(client, "?election=other")["election"] == "other"
    assert "Which election?" in client.get(FORM + "?election=kz-1999").content.decode()


# --- From the form to the report --------------------------------------------------------------


def test_one_sentence_is_enough(observer):
    response = send(observer, text="Нас не пустили.")
    report = filed()
    assert response["Location"] == f"/report/sent/{report.pk}/"
    assert (report.text, report.category, report.channel) == ("Нас не пустили.", "", "page")
    assert report.unresolved == {}
    assert report.danger == "none"


def test_one_kind_is_enough(observer):
    send(observer, category="ACC01")
    assert (filed().category, filed().text) == ("ACC01", "")


def test_everything_on_the_form_reaches_the_report(observer):
    send(
        observer,
        category="ACC01",
        station="7",
        region="KZ-ALA",
        place="by the school",
        text="We were not let in.",
        danger="ongoing",
        day="2021-01-10",
        time_from="11:00",
        time_to="14:20",
        persons_min="15",
        persons_max="22",
        persons_words="about twenty",
        persons_basis="estimated",
        source="second_hand",
        told_by="a member of the commission",
        security_only="on",
    )
    report = filed()
    assert report.station == Station.objects.get()
    assert report.region.code == "KZ-ALA"
    assert report.place_words == "by the school"
    assert report.occurred_start.isoformat() == "2021-01-10T05:00:00+00:00"
    assert report.occurred_end.isoformat() == "2021-01-10T08:20:00+00:00"
    assert report.occurred_precision == "range"
    assert (report.persons_min, report.persons_max, report.persons_words) == (
        15,
        22,
        "about twenty",
    )
    assert (report.persons_basis, report.source, report.danger) == (
        "estimated",
        "second_hand",
        "ongoing",
    )
    assert report.told_by == "a member of the commission"
    assert report.audience == "security_only"
    assert report.unresolved == {}


@pytest.mark.parametrize(
    ("typed", "start", "end", "precision"),
    [
        ({"day": "2021-01-10"}, "2021-01-09T18:00:00", "2021-01-10T17:59:59", "day"),
        ({"day": "2021-01-10", "time_from": "11:05"}, "2021-01-10T05:05:00", None, "exact"),
        (
            {"day": "2021-01-10", "time_from": "11:05", "occurred_precision": "hour"},
            "2021-01-10T05:05:00",
            None,
            "hour",
        ),
        (
            {"day": "2021-01-10", "time_from": "22:00", "time_to": "01:30"},
            "2021-01-10T16:00:00",
            "2021-01-10T19:30:00",
            "range",
        ),
        ({"day": "2021-01-10", "time_to": "09:00"}, None, "2021-01-10T03:00:00", "range"),
        ({"occurred_precision": "run_up"}, None, None, "run_up"),
        ({}, None, None, "unknown"),
    ],
)
def test_the_time_is_that_of_the_clock_on_the_wall(observer, typed, start, end, precision):
    send(observer, text="x", **typed)
    report = filed()
    told = [
        at and f"{at:%Y-%m-%dT%H:%M:%S}" for at in (report.occurred_start, report.occurred_end)
    ]
    assert told == [start, end]
    assert report.occurred_precision == precision


def test_the_clock_on_the_wall_is_that_of_the_region_on_that_day(observer):
    west = walking.region("KZ-YUZ")
    west.time_zone = "Asia/Aqtobe"
    west.save()
    send(observer, text="x", region="KZ-YUZ", day="2021-01-10", time_from="11:00")
    assert filed().occurred_start.isoformat() == "2021-01-10T06:00:00+00:00"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({"station": "999"}, {"station": "999"}),
        ({"region": "Atlantis"}, {"region": "Atlantis"}),
        ({"category": "XXX99"}, {"category": "XXX99"}),
        ({"day": "yesterday", "time_from": "noon"}, {"occurred_start": "yesterday noon"}),
        ({"time_from": "11:00"}, {"occurred_start": "11:00"}),
        ({"day": "0001-01-01", "time_from": "00:00"}, {"occurred_start": "0001-01-01"}),
        ({"persons_min": "5", "persons_max": "3"}, {"persons_min": 5, "persons_max": 3}),
        ({"follow_up_of": "KZ2021-ZZZZZ"}, {"follow_up_of": "KZ2021-ZZZZZ"}),
    ],
)
def test_what_cannot_be_understood_is_kept_as_typed_and_refuses_nothing(observer, typed, kept):
    response = send(observer, text="x", **typed)
    assert response.status_code == 302
    unresolved = filed().unresolved
    for field, value in kept.items():
        assert str(value) in str(unresolved[field])


def test_an_unknown_word_for_danger_or_readers_is_read_with_caution(observer):
    send(observer, text="x", danger="a lot", source="a bird")
    report = filed()
    assert report.danger == "observer"
    assert report.unresolved == {"danger": "a lot", "source": "a bird"}


@pytest.mark.parametrize(
    "text",
    ["Нас не пустили 😡🗳️", "لم يسمح لنا بالدخول", "a\x00b", "line\r\nline", "'; DROP TABLE"],
)
def test_any_text_is_taken(observer, text):
    assert send(observer, text=text).status_code == 302
    assert filed().text == text.replace("\x00", "").replace("\r\n", "\n")


# --- Questions of a kind ----------------------------------------------------------------------


def test_the_questions_of_the_chosen_kind_come_with_everything_still_typed(observer):
    response = send(observer, step="questions", category="DET01", text="<i>Taken</i>", station="9")
    html = response.content.decode()
    assert response.status_code == 200
    assert not Report.objects.exists()
    assert "&lt;i&gt;Taken&lt;/i&gt;" in html
    assert 'value="9"' in html
    assert "Please check this" not in html
    assert 'name="answer_injury"' in html
    assert "Only security officers read this." in html
    assert "more questions" in html
    assert re.search(r'value="DET01"\s+checked', html)


def test_answers_reach_the_report(observer):
    send(
        observer,
        category="DET01",
        questions="DET01",
        answer_injury="yes",
        answer_authority=["police", "military"],
        answer_names="A. B.",
    )
    assert filed().details == {
        "authority": ["police", "military"],
        "injury": "yes",
        "names": "A. B.",
    }


def test_no_question_is_answered_for_the_observer(observer):
    hidden = page(observer)
    typed = {"category": "DET01", "text": "x", **hidden, "step": "questions"}
    html = observer.post(FORM, typed).content.decode()
    boxes = (
        r'<(?:select|textarea|input type="(?:text|number|date|time)")[^>]*name="(answer_[^"]+)"'
    )
    controls = re.findall(boxes, html)
    assert len(controls) > 20
    observer.post(
        FORM, typed | dict.fromkeys(controls, "") | {"questions": "DET01", "step": "send"}
    )
    assert filed().details == {}
    assert filed().unresolved == {}


def test_answers_to_another_kind_are_kept_as_typed(observer):
    """The kind was changed after its questions were answered."""
    send(observer, category="NET00", questions="DET01", answer_injury="yes")
    assert filed().category == "NET00"
    assert filed().unresolved == {"details.injury": "yes"}


# --- Nothing typed is lost --------------------------------------------------------------------


def assert_kept(response, status: int, text: str) -> str:
    html = response.content.decode()
    assert response.status_code == status, html
    assert escape(text) in html
    assert not Report.objects.exists()
    return html


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"text": LONG}, "This has 22008 characters; 20000 fit."),
        (
            {"text": "<b>", "persons_min": "fifteen"},
            "Write a whole number, or use the words below.",
        ),
        ({"text": "<b>", "persons_max": str(2**70)}, "Write a whole number"),
        ({"text": "<b>", "place": "<p>" * 300}, "This has 900 characters; 500 fit."),
        (
            {"text": "   ", "station": "<s>"},
            "Say what happened: choose a kind, or write one sentence.",
        ),
    ],
)
def test_a_mistake_gives_the_form_back_as_it_was_typed(observer, typed, words):
    html = ""
    for text in typed.values():
        html = assert_kept(send(observer, **typed), 400, text)
    assert "Please check this" in html
    assert words in html
    assert not RawReport.objects.exists(), "the desk is not bothered with half a form"


def test_a_session_that_ended_gives_the_form_back_to_be_sent_again():
    walking.the_election()
    typed = {"id": str(uuid.uuid4()), "election": "kz-2021-mazhilis", "text": "Не <пустили>"}
    response = Client().post(FORM, typed | {"region": "KZ-ALA", "step": "send"})
    html = assert_kept(response, 401, "Не <пустили>")
    assert "Nothing was sent: you are signed out." in html
    assert 'value="KZ-ALA" selected' in html
    assert typed["id"] in html
    assert response["Cache-Control"] == "no-store"


def test_a_page_that_was_open_too_long_gives_the_form_back_to_be_sent_again():
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(walking.person("observer"))
    hidden = page(strict)
    typed = hidden | {"text": "Не <пустили>", "step": "send"}
    stale = typed | {"csrfmiddlewaretoken": "x" * 64}
    html = assert_kept(strict.post(FORM, stale), 403, "Не <пустили>")
    assert "Press Send once more." in html
    fresh = dict(re.findall(r'<input type="hidden" name="(\w+)"[^>]*?value="([^"]*)"', html))
    assert fresh["id"] == hidden["id"]
    assert strict.post(FORM, typed | fresh).status_code == 302
    assert filed().text == "Не <пустили>"


def test_a_page_of_somebody_else_cannot_send_a_report():
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(walking.person("observer"))
    page(strict)
    for typed in ({"text": "x"}, {}):
        strict.post(FORM, typed, headers={"origin": "https://elsewhere.example"})
    assert not Report.objects.exists()


def test_a_page_without_its_number_is_given_one(observer):
    for broken in ("", "7", "<x>"):
        response = send(observer, id=broken, text="Не <пустили>")
        html = assert_kept(response, 400, "Не <пустили>")
        assert "Nothing was sent: this page was incomplete." in html
        assert uuid.UUID(re.search(r'name="id"\s+value="([^"]+)"', html)[1])


# --- Sending twice ----------------------------------------------------------------------------


def test_sending_the_same_page_twice_gives_the_same_receipt(observer):
    typed = page(observer) | {"text": "x", "station": "7", "region": "KZ-ALA", "day": "2021-01-10"}
    first, second = (observer.post(FORM, typed) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Report.objects.count() == 1


def test_the_same_page_with_another_text_keeps_both_and_offers_a_correction(observer):
    hidden = page(observer)
    observer.post(FORM, hidden | {"text": "Three people."})
    first = filed()
    response = observer.post(FORM, hidden | {"text": "Four <people>.", "place": "at the door"})
    html = response.content.decode()
    assert response.status_code == 409
    assert "Four &lt;people&gt;." in html
    assert 'value="at the door"' in html
    assert f"with other content: {first.ref}." in html
    assert RawReport.objects.filter(outcome="conflict").count() == 1
    again = dict(re.findall(r'<input type="hidden" name="(\w+)"[^>]*?value="([^"]*)"', html))
    assert again["id"] != hidden["id"]
    assert f'name="follow_up_of" value="{first.ref}"' in html
    typed = {"text": "Four <people>.", "follow_up_of": first.ref, "follow_up_kind": "correction"}
    observer.post(FORM, again | typed)
    second = Report.objects.exclude(pk=first.pk).get()
    assert (second.follow_up_of, second.follow_up_kind) == (first.pk, "correction")
    assert second.text == "Four <people>."


def test_a_number_that_somebody_else_used_tells_nothing_about_their_report(observer):
    other = walking.filed_report(walking.person("observer", number=2), text="Private")
    response = send(observer, id=str(other.pk), text="Mine")
    html = response.content.decode()
    assert response.status_code == 409
    assert other.ref not in html
    assert "Private" not in html
    assert "follow_up_of" in html
    assert "Mine" in html


def test_a_follow_up_names_an_own_earlier_report_as_it_was_written_down(observer):
    earlier = walking.filed_report(walking.person("observer"))
    prefix, tail = earlier.ref.lower().split("-")
    misread = f" {prefix}-{tail.replace('0', 'o').replace('1', 'l')} "
    send(observer, text="They were let in later.", follow_up_of=misread, follow_up_kind="outcome")
    follow_up = Report.objects.exclude(pk=earlier.pk).get()
    assert (follow_up.follow_up_of, follow_up.follow_up_kind) == (earlier.pk, "outcome")


def test_the_report_of_another_person_is_not_followed_up(observer):
    other = walking.filed_report(walking.person("observer", number=2))
    send(observer, text="x", follow_up_of=other.ref)
    mine = Report.objects.exclude(pk=other.pk).get()
    assert mine.follow_up_of is None
    assert mine.unresolved == {"follow_up_of": other.ref}
    assert other.ref not in observer.get(f"{FORM}?follow={other.pk}").content.decode()


def test_the_regions_of_an_observer_come_first_with_their_stations():
    election = walking.the_election()
    client = Client()
    client.force_login(member("observer", election, regions=[walking.region("KZ-ALA")]))
    html = client.get(FORM).content.decode()
    groups = re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', html, re.DOTALL)
    assert [name for name, _options in groups] == ["My regions", "Other regions"]
    assert "KZ-ALA" in groups[0][1]
    assert "KZ-YUZ" in groups[1][1]
    assert '<option value="KZ-ALA:7">' in html
