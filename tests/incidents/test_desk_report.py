"""One report on the desk: read, linked, opened, set aside."""

import uuid

import pytest
from django.test import Client

from incidents.models import Incident, Report
from tests import walking
from tests.factories import ElectionFactory, member

pytestmark = pytest.mark.django_db


def signed_in(role: str, election=None) -> Client:
    client = Client()
    client.force_login(walking.person(role, election or walking.the_election()))
    return client


def page(report, role="coordinator") -> str:
    answer = signed_in(role).get(f"/desk/reports/{report.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def step(report, name, role="coordinator", **data):
    return signed_in(role).post(f"/desk/reports/{report.pk}/steps/{name}/", data)


def test_the_text_stands_there_as_sent_in_its_language():
    report = walking.filed_report(
        text="Бізді учаскеге кіргізбеді <b>қазір</b>",
        language="kk",
        source="second_hand",
        told_by="a colleague",
        occurred_start="2021-01-10T11:05",
        place="school 15",
    )
    text = page(report)
    assert 'lang="kk" dir="auto">Бізді учаскеге кіргізбеді &lt;b&gt;қазір&lt;/b&gt;' in text
    assert "told by a colleague" in text
    assert "school 15" in text
    assert "11:05" in text


def test_what_could_not_be_understood_is_shown_as_typed():
    report = walking.filed_report(
        station="school on the hill",
        region="KZ-QQQ",
        category="ZZZ01",
        persons_min=9,
        persons_max=3,
        text="Something.",
    )
    text = page(report)
    assert "Station as typed: “school on the hill”. It is not in the list." in text
    assert "Region as typed: “KZ-QQQ”" in text
    assert "Category as sent: “ZZZ01”" in text
    assert "persons_min" not in text


def test_opening_it_marks_it_as_read():
    report = walking.filed_report()
    assert report.seen_at is None
    assert "nobody has read it" not in page(report)
    assert Report.objects.get(pk=report.pk).seen_at is not None


def test_details_carry_their_labels_and_sealed_ones_only_security_reads():
    details = {"authority": ["police"], "force_used": "yes", "names": "A. B., born 1990"}
    report = walking.filed_report(category="DET03", details=details)
    text = page(report)
    assert "Detained by" in text
    assert "Force used" in text
    assert "born 1990" not in text
    assert "born 1990" in page(report, "security")


def test_earlier_and_later_reports_stand_beside_it():
    first = walking.filed_report(text="They hold us outside.")
    walking.filed_report(
        text="We were let in.", follow_up_of=str(first.pk), follow_up_kind="outcome"
    )
    text = page(first)
    assert "We were let in." in text
    assert "Tells how it ended" in text


def test_a_report_becomes_an_incident():
    report = walking.filed_report()
    answer = step(report, "open_incident", title="Refused at a school", category="ACC02")
    incident = Incident.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == f"/desk/incidents/{incident.ref}/"
    assert (incident.title, incident.category) == ("Refused at a school", "ACC02")


def test_likely_incidents_are_suggested_and_linked_with_one_button():
    incident = walking.opened(title="Refusals in the city")
    far = walking.opened(walking.filed_report(category="NET00", region="KZ-YUZ"), title="Silence")
    report = walking.filed_report()
    text = page(report)
    assert incident.ref in text.split("Perhaps part of one of these")[1].split("Other steps")[0]
    assert far.ref not in text.split("Perhaps part of one of these")[1].split("Other steps")[0]
    assert "the same region · the same category · the time of one is not known" in text
    answer = step(report, "link", incident=incident.ref.lower())
    assert answer.status_code == 303
    assert list(report.incidents.all()) == [incident]


def test_a_wrong_reference_keeps_what_was_typed():
    report = walking.filed_report()
    answer = step(report, "link", incident="KZ2021-NOSUC")
    text = answer.content.decode()
    assert answer.status_code == 400
    assert 'value="KZ2021-NOSUC"' in text
    assert "No incident of this election has that reference." in text


def test_a_missing_reason_is_asked_for():
    report = walking.filed_report()
    answer = step(report, "dismiss", reason="  ")
    assert answer.status_code == 400
    assert "Please check this" in answer.content.decode()
    assert Report.objects.get(pk=report.pk).state == "received"


def test_a_dismissed_report_can_be_taken_up_again():
    report = walking.filed_report()
    assert step(report, "dismiss", reason="A test of the phone.").status_code == 303
    text = page(report)
    assert "A test of the phone." in text
    assert "Take up again" in text
    assert step(report, "reinstate", reason="It was none.").status_code == 303


def test_the_wrong_moment_is_409_and_keeps_the_typing():
    report = walking.filed_report()
    walking.step_on(report, "dismiss", reason="Spam.")
    answer = step(report, "open_incident", title="Typed with care", category="ACC01")
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Typed with care" in text
    assert f'href="/desk/reports/{report.pk}/"' in text
    assert (
        signed_in("coordinator").get(f"/desk/reports/{report.pk}/steps/open_incident/").status_code
        == 409
    )


def test_an_editor_reads_but_takes_no_step():
    report = walking.filed_report()
    text = page(report, "editor")
    assert "Your role has no step here." in text
    assert step(report, "dismiss", "editor", reason="No.").status_code == 403
    assert step(report, "clear", reason="No.").status_code == 403


def test_what_one_may_not_see_does_not_exist():
    report = walking.filed_report(audience="security_only")
    path = f"/desk/reports/{report.pk}/"
    assert signed_in("coordinator").get(path).status_code == 404
    assert (
        signed_in("coordinator").post(path + "steps/dismiss/", {"reason": "x"}).status_code == 404
    )
    assert signed_in("coordinator").get(f"/desk/reports/{uuid.uuid4()}/").status_code == 404
    stranger = Client()
    stranger.force_login(member("coordinator", ElectionFactory(ref_prefix="XX")))
    assert stranger.get(f"/desk/reports/{walking.filed_report().pk}/").status_code == 404
    assert signed_in("observer").get(path).status_code == 403


def test_a_step_that_does_not_exist_is_not_found():
    report = walking.filed_report()
    assert step(report, "publish").status_code == 404


def test_history_says_who_and_why():
    report = walking.filed_report()
    walking.step_on(report, "dismiss", reason="A test of the phone.")
    text = page(report)
    assert "Dismissed the report" in text
    assert "A test of the phone." in text
    assert walking.person("coordinator").username in text


def test_other_content_under_the_same_id_is_announced_and_readable_as_text():
    report = walking.filed_report()
    hostile = (
        b'{"category": "ACC01", "text": "<script>alert(1)</script>\\u202e", "region": "KZ-ALA"}'
    )
    walking.refused_arrival(hostile, report_id=report.pk)
    assert "Other content arrived under the same number." in page(report)
    text = signed_in("coordinator").get("/desk/arrivals/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert(1)" not in text
    assert f"/desk/reports/{report.pk}/" in text


def test_arrivals_show_control_characters_by_their_code():
    walking.refused_arrival(b'{"text": "a\x00b\x1b[31m\xe2\x80\xae", "nonsense": 1')
    text = signed_in("security").get("/desk/arrivals/").content.decode()
    assert "a[U+0000]b[U+001B][31m[U+202E]" in text
    assert "\x00" not in text


def test_a_sealed_arrival_is_for_security():
    walking.refused_arrival(b'{"audience": "security_only", "text": "secret place"')
    assert "secret place" in signed_in("security").get("/desk/arrivals/").content.decode()
    assert "secret place" not in signed_in("coordinator").get("/desk/arrivals/").content.decode()
    assert "secret place" not in signed_in("editor").get("/desk/arrivals/").content.decode()


def test_a_long_arrival_is_cut_and_can_be_read_whole():
    walking.refused_arrival(b'{"text": "' + b"long " * 2000 + b"end of it")
    client = signed_in("security")
    text = client.get("/desk/arrivals/").content.decode()
    assert "end of it" not in text
    whole = "?whole=" + text.split("?whole=")[1].split('"')[0]
    assert "end of it" in client.get("/desk/arrivals/" + whole).content.decode()
    assert client.get("/desk/arrivals/?whole=9" + "9" * 30).status_code == 200


def test_the_next_waiting_report_is_one_step_away():
    first = walking.filed_report(text="Read this.")
    assert "No other report is waiting." in page(first)
    walking.filed_report(text="Calm.")
    urgent = walking.filed_report(text="Urgent.", danger="ongoing")
    text = page(first)
    assert f'rel="next" href="/desk/reports/{urgent.pk}/"' in text
    assert "The danger continues" in text


def test_what_was_sent_twice_is_said():
    first = walking.filed_report(text="We were not let into station 7 this morning.")
    again = walking.filed_report(text="We were not let into station 7 this morning.")
    text = page(first)
    assert "Sent twice?" in text
    assert f'href="/desk/reports/{again.pk}/"' in text
    assert "Sent twice?" not in page(walking.filed_report(text="Something else entirely."))
