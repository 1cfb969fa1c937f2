"""One incident on the desk: what is known, what may be done, and what a refusal keeps."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.models import Event, Incident, OfficialResponse
from tests import walking
from tests.factories import ElectionFactory, member

pytestmark = pytest.mark.django_db


def signed_in(who) -> Client:
    client = Client()
    client.force_login(walking.person(who) if isinstance(who, str) else who)
    return client


def page(incident, who="coordinator") -> str:
    answer = signed_in(who).get(f"/desk/incidents/{incident.ref}/")
    assert answer.status_code == 200
    return answer.content.decode()


def form(incident, name, who="coordinator"):
    """The fields of a step's form as a browser would send them back, untouched."""
    answer = signed_in(who).get(f"/desk/incidents/{incident.ref}/steps/{name}/")
    assert answer.status_code == 200
    return fields_of(answer)


def fields_of(answer) -> dict:
    shown = answer.context["form"]
    sent: dict = {}
    for bound in shown:
        widget = bound.field.widget
        context = widget.get_context(bound.html_name, bound.value(), {})
        collect(context["widget"], sent)
    return {"version": shown.version} | sent


def collect(widget, sent) -> None:
    if "subwidgets" in widget:
        for part in widget["subwidgets"]:
            collect(part, sent)
    elif "optgroups" in widget:
        chosen = [
            str(option["value"])
            for _group, options, _n in widget["optgroups"]
            for option in options
            if option["selected"]
        ]
        if chosen:
            sent[widget["name"]] = chosen
    elif widget.get("type") == "checkbox":
        if widget["attrs"].get("checked"):
            sent[widget["name"]] = "on"
    else:
        sent[widget["name"]] = "" if widget["value"] is None else widget["value"]


def step(incident, name, who="coordinator", **data):
    data = {"version": Incident.objects.get(pk=incident.pk).version} | data
    return signed_in(who).post(f"/desk/incidents/{incident.ref}/steps/{name}/", data)


def test_facts_say_how_sure_they_are():
    incident = walking.opened()
    walking.take(
        incident,
        "edit",
        changes={
            "occurred_start": "2021-01-10T11:00",
            "occurred_end": "2021-01-10T14:20",
            "occurred_precision": "range",
            "occurred_words": "as ballots were cast",
            "persons_words": "dozens",
            "regions": ["KZ-YUZ", "KZ-SHY"],
            "regions_at_least": 3,
            "place_precision": "several_regions",
        },
    )
    text = page(incident)
    assert "between 11:00 and 14:20" in text
    assert "In words: “as ballots were cast”" in text
    assert "Dozens (no total given)" in text
    assert "In at least three regions, among them" in text
    assert "the third is not named" in text


def test_what_is_empty_reads_not_known():
    incident = walking.opened(walking.filed_report(region=None, category="DET05"))
    assert page(incident).count("not known") >= 3


def test_reports_of_one_team_stand_together_as_one_source():
    first = walking.person("observer")
    incident = walking.opened(walking.filed_report(by=first, text="One."))
    for report in (
        walking.filed_report(by=first, text="Two, the same person."),
        walking.filed_report(by=walking.person("observer", number=2), text="Three, another."),
    ):
        walking.step_on(report, "link", incident=incident.ref)
    text = page(incident)
    assert "2 independent sources among the reports you may read" in text
    assert "2 reports that depend on each other" in text
    assert all(words in text for words in ("One.", "Two, the same person.", "Three, another."))


def test_a_sealed_report_is_not_even_counted_for_others():
    incident = walking.opened()
    sealed = walking.filed_report(
        by=walking.person("observer", number=2), audience="security_only", text="Sealed words."
    )
    walking.step_on(sealed, "link", "security", incident=incident.ref)
    text = page(incident)
    assert "Sealed words." not in text
    assert sealed.ref not in text
    assert "One independent source" in text
    assert "Sealed words." in page(incident, "security")


def test_the_next_thing_to_do_is_the_only_filled_button():
    incident = walking.opened()
    text = page(incident)
    assert text.count("button-primary") == 1
    assert "Take it into review" in text.split("button-primary")[1][:80]
    walking.take(incident, "claim")
    assert "button-primary" not in page(incident)
    other = walking.filed_report(by=walking.person("observer", number=2))
    walking.step_on(other, "link", incident=incident.ref)
    assert "Mark as corroborated" in page(incident).split("button-primary")[1][:80]


def test_steps_walk_from_the_page():
    incident = walking.opened()
    assert step(incident, "claim").status_code == 303
    answer = step(incident, "corroborate", grounds="Called back.", fitting_evidence="on")
    assert answer.status_code == 303
    assert answer["Location"] == f"/desk/incidents/{incident.ref}/"
    assert step(incident, "verify", grounds="Called the chair.").status_code == 303
    assert step(incident, "grade", severity="3").status_code == 303
    assert step(incident, "park", reason="Waiting for the list.").status_code == 303
    now = Incident.objects.get(pk=incident.pk)
    assert (now.status, now.verification, now.severity) == ("parked", "verified", 3)
    text = page(incident)
    assert "Marked it as verified" in text
    assert "Called the chair." in text
    assert "2 Serious" in text
    assert "3 Grave" in text


def test_a_message_says_what_was_done():
    incident = walking.opened()
    client = signed_in("coordinator")
    url = f"/desk/incidents/{incident.ref}/steps/claim/"
    answer = client.post(url, {"version": incident.version}, follow=True)
    assert "You are reviewing it." in answer.content.decode()


def test_one_source_is_not_enough_and_the_grounds_stay_typed():
    incident = walking.opened()
    answer = step(incident, "corroborate", grounds="I typed this at three in the morning.")
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Only one independent source so far." in text
    assert "I typed this at three in the morning." in text


def test_severity_has_a_floor_and_less_needs_a_reason():
    incident = walking.opened(walking.filed_report(category="DET05"))
    text = page(incident)
    assert "is never less than 3" in text
    assert step(incident, "grade", severity="1").status_code == 400
    assert step(incident, "grade", severity="4").status_code == 303
    answer = step(incident, "grade", severity="3")
    assert answer.status_code == 400
    assert "Say why it is less severe than thought." in answer.content.decode()


def test_closing_asks_for_outcome_and_reason():
    incident = walking.opened()
    answer = step(incident, "close")
    assert answer.status_code == 400
    assert answer.content.decode().count("This field is required.") >= 2


def test_an_untouched_form_of_facts_changes_nothing():
    details = {
        "stage": "voting",
        "ground_cited": ["medical_test"],
        "minutes_lost": {"min": 10, "max": 20, "words": "", "basis": "estimated"},
        "later_admitted_at": "2021-01-10T13:30:00+06:00",
    }
    incident = walking.opened(
        walking.filed_report(
            details=details, occurred_start="2021-01-10T11:05:30", persons_words="dozens"
        )
    )
    sent = form(incident, "edit")
    client = signed_in("coordinator")
    answer = client.post(f"/desk/incidents/{incident.ref}/steps/edit/", sent, follow=True)
    assert answer.redirect_chain == [(f"/desk/incidents/{incident.ref}/", 303)]
    assert "Nothing is different from what is saved." in answer.content.decode()
    assert Incident.objects.get(pk=incident.pk).version == incident.version


def test_facts_are_saved_field_by_field():
    incident = walking.opened()
    sent = form(incident, "edit")
    sent |= {
        "title": "Refused at two schools",
        "regions": ["KZ-ALA", "KZ-SHY"],
        "regions_at_least": "3",
        "station": "KZ-ALA:7",
        "place_precision": "several_regions",
        "occurred_start": "2021-01-10T11:05",
        "occurred_precision": "half_hour",
        "phase": "VOT",
        "persons_min": "3",
        "persons_max": "5",
        "persons_basis": "counted",
        "answer_refused_by": "chair",
        "answer_ground_cited": ["medical_test"],
        "answer_minutes_lost_0": "40",
        "answer_later_admitted_at_0": "2021-01-10",
        "answer_later_admitted_at_1": "13:30",
    }
    answer = signed_in("coordinator").post(f"/desk/incidents/{incident.ref}/steps/edit/", sent)
    assert answer.status_code == 303, answer.context["form"].errors
    now = Incident.objects.get(pk=incident.pk)
    assert now.title == "Refused at two schools"
    assert sorted(now.regions.values_list("code", flat=True)) == ["KZ-ALA", "KZ-SHY"]
    assert now.station.code == "KZ-ALA:7"
    assert now.occurred_start.isoformat() == "2021-01-10T05:05:00+00:00"
    assert (now.persons_min, now.persons_max, now.persons_basis) == (3, 5, "counted")
    assert now.details == {
        "refused_by": "chair",
        "ground_cited": ["medical_test"],
        "minutes_lost": {"min": 40, "max": None, "words": "", "basis": "none_given"},
        "later_admitted_at": "2021-01-10T13:30:00+06:00",
    }
    edit = Event.objects.filter(verb="edit").get()
    assert "latitude" not in edit.after
    text = page(incident)
    assert "Changed the facts" in text
    assert "3–5 people; sources differ" in text
    assert "Chair of the commission" in text


def test_a_series_of_dated_statuses_and_links_round_trip():
    incident = walking.opened(walking.filed_report(category="DET03"))
    sent = form(incident, "edit") | {
        "answer_status_0_0": "held",
        "answer_status_0_1_0": "2021-01-10",
        "answer_status_0_1_1": "15:00",
        "answer_status_0_2": "direct_witness",
        "answer_status_1_0": "released_without_charge",
        "answer_status_1_1_0": "2021-01-11",
        "answer_status_1_2": "official",
        "answer_status_1_3": "the ministry",
    }
    answer = signed_in("coordinator").post(f"/desk/incidents/{incident.ref}/steps/edit/", sent)
    assert answer.status_code == 303, answer.context["form"].errors
    saved = Incident.objects.get(pk=incident.pk).details["status"]
    assert [entry["as_of"] for entry in saved] == ["2021-01-10T15:00:00+06:00", "2021-01-11"]
    again = form(incident, "edit")
    answer = signed_in("coordinator").post(
        f"/desk/incidents/{incident.ref}/steps/edit/", again, follow=True
    )
    assert "Nothing is different" in answer.content.decode()


def test_names_stay_in_the_report_and_never_enter_the_incident():
    report = walking.filed_report(category="DET03", details={"names": "A. B.", "force_used": "no"})
    incident = walking.opened(report)
    sent = form(incident, "edit") | {"answer_force_used": "yes"}
    assert "answer_names" not in sent
    answer = signed_in("coordinator").post(f"/desk/incidents/{incident.ref}/steps/edit/", sent)
    assert answer.status_code == 303
    assert Incident.objects.get(pk=incident.pk).details == {"force_used": "yes"}
    assert "A. B." not in page(incident)
    assert "A. B." in page(incident, "security")


def test_a_new_category_keeps_only_answers_it_asks():
    incident = walking.opened(
        walking.filed_report(category="MED01", details={"outlet": "A radio", "complaint": "filed"})
    )
    sent = form(incident, "edit") | {"category": "ACC01"}
    answer = signed_in("coordinator").post(f"/desk/incidents/{incident.ref}/steps/edit/", sent)
    assert answer.status_code == 303, answer.context["form"].errors
    assert Incident.objects.get(pk=incident.pk).details == {"complaint": "filed"}


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("persons_min", "many", "Enter a whole number"),
        ("persons_min", "2" * 80, "less than or equal"),
        ("occurred_start", "2021-13-45T99:99", "Write a time such as"),
        ("occurred_start", "0001-01-01T00:00", "such as"),
        ("occurred_end", "9999-12-31T23:59", "such as"),
        ("station", "nowhere 99", "No such station in this election"),
        ("latitude", "91", "91"),
        ("regions", "KZ-QQQ", "not one of the available choices"),
        ("category", "ZZZ01", "not one of the available choices"),
        ("answer_minutes_lost_0", "some", "Enter a whole number"),
        ("title", "", "This field is required"),
    ],
)
def test_bad_facts_come_back_with_everything_typed(field, typed, said):
    incident = walking.opened()
    sent = form(incident, "edit")
    sent |= {"place_words": "typed with care", "longitude": "76.9", "latitude": "43.2"}
    sent |= {field: typed}
    answer = signed_in("coordinator").post(f"/desk/incidents/{incident.ref}/steps/edit/", sent)
    text = answer.content.decode()
    assert answer.status_code == 400
    assert "Please check this" in text
    assert said in text
    assert "typed with care" in text


def test_two_people_saving_different_fields_both_keep_theirs():
    incident = walking.opened()
    mine = form(incident, "edit") | {"place_words": "behind the school"}
    walking.take(
        incident,
        "edit",
        by=walking.person("coordinator", number=2),
        changes={"persons_words": "dozens", "title": "Another title"},
    )
    answer = signed_in("coordinator").post(f"/desk/incidents/{incident.ref}/steps/edit/", mine)
    text = answer.content.decode()
    assert answer.status_code == 412
    assert "A colleague changed this incident while you looked at it." in text
    assert "People, in words" in text
    assert "not touched" in text
    again = fields_of(answer)
    assert again["place_words"] == "behind the school"
    assert again["title"] == "Another title"
    answer = signed_in("coordinator").post(f"/desk/incidents/{incident.ref}/steps/edit/", again)
    assert answer.status_code == 303
    now = Incident.objects.get(pk=incident.pk)
    assert (now.place_words, now.persons_words, now.title) == (
        "behind the school",
        "dozens",
        "Another title",
    )


def test_two_people_saving_the_same_field_see_both_values():
    incident = walking.opened()
    mine = form(incident, "edit") | {"title": "What I typed"}
    walking.take(incident, "edit", changes={"title": "What she saved"})
    answer = signed_in("coordinator").post(f"/desk/incidents/{incident.ref}/steps/edit/", mine)
    text = answer.content.decode()
    assert answer.status_code == 412
    row = re.search(r"<th[^>]*>Working title</th>.*?</tr>", text, re.DOTALL).group()
    assert "What I typed" in row
    assert "What she saved" in row
    assert fields_of(answer)["title"] == "What I typed"


def test_a_public_title_saved_meanwhile_is_not_told_as_the_working_title():
    incident = walking.opened()
    mine = form(incident, "edit") | {"title": "For the desk"}
    incident = walking.drafted(incident)
    walking.take(incident, "write", "editor", content={"title": {"en": "For the world"}})
    answer = signed_in("coordinator").post(f"/desk/incidents/{incident.ref}/steps/edit/", mine)
    assert answer.status_code == 412
    differs = answer.content.decode().split("What differs")[1].split("</table>")[0]
    assert "Public text" in differs
    assert "Working title" not in differs


def collided():
    """My title against hers, my place untouched by her; and the answer that says so."""
    incident = walking.opened()
    mine = form(incident, "edit") | {"title": "What I typed", "place_words": "behind the school"}
    walking.take(incident, "edit", changes={"title": "What she saved", "persons_words": "dozens"})
    answer = signed_in("coordinator").post(f"/desk/incidents/{incident.ref}/steps/edit/", mine)
    assert answer.status_code == 412
    return incident, answer


def titles(incident) -> tuple[str, str, str]:
    now = Incident.objects.get(pk=incident.pk)
    return (now.title, now.place_words, now.persons_words)


def test_one_press_keeps_mine():
    incident, answer = collided()
    assert "Keep mine and save" in answer.content.decode()
    assert step(incident, "edit", **fields_of(answer)).status_code == 303
    assert titles(incident) == ("What I typed", "behind the school", "dozens")


def test_one_press_takes_theirs_and_saves_what_only_i_changed():
    incident, answer = collided()
    button = re.search(r'name="theirs" value="([^"]*)"', answer.content.decode())
    assert button.group(1) == "title"
    sent = fields_of(answer) | {"theirs": button.group(1)}
    assert step(incident, "edit", **sent).status_code == 303
    assert titles(incident) == ("What she saved", "behind the school", "dozens")


def test_theirs_everywhere_saves_nothing_and_says_so():
    incident, answer = collided()
    version = Incident.objects.get(pk=incident.pk).version
    sent = fields_of(answer) | {"theirs": "title,place_words"}
    answer = signed_in("coordinator").post(
        f"/desk/incidents/{incident.ref}/steps/edit/", sent, follow=True
    )
    assert "What your colleague saved stays as it is." in answer.content.decode()
    assert Incident.objects.get(pk=incident.pk).version == version


@pytest.mark.parametrize("theirs", ["no_such_field", ",,,", "x" * 5000])
def test_theirs_of_fields_that_are_none_changes_nothing_of_mine(theirs):
    incident, answer = collided()
    assert step(incident, "edit", **(fields_of(answer) | {"theirs": theirs})).status_code == 303
    assert titles(incident) == ("What I typed", "behind the school", "dozens")


def test_without_a_collision_there_is_nothing_to_choose():
    incident = walking.opened()
    mine = form(incident, "edit") | {"place_words": "behind the school"}
    walking.take(incident, "edit", changes={"persons_words": "dozens"})
    answer = signed_in("coordinator").post(f"/desk/incidents/{incident.ref}/steps/edit/", mine)
    assert answer.status_code == 412
    assert "Keep mine" not in answer.content.decode()


def test_a_late_step_shows_what_changed_and_keeps_the_reason():
    incident = walking.opened()
    late = incident.version
    walking.take(incident, "claim")
    answer = step(incident, "park", version=late, reason="Nobody answers the phone.")
    text = answer.content.decode()
    assert answer.status_code == 412
    assert "In review" in text
    assert "Nobody answers the phone." in text
    assert step(incident, "park", reason="Nobody answers the phone.").status_code == 303


@pytest.mark.parametrize("version", ["", "soon", "-1", "9" * 40])
def test_a_version_that_is_none_is_refused(version):
    incident = walking.opened()
    answer = step(incident, "claim", version=version)
    assert answer.status_code == 400
    assert Incident.objects.get(pk=incident.pk).status == "open"


def test_an_official_response_stands_beside_the_incident():
    incident = walking.opened(walking.filed_report(category="DET03"))
    sent = form(incident, "respond") | {
        "issuer": "Deputy Interior Minister",
        "position": "declines_to_answer",
        "said_on": "2021-01-11",
        "claims_0_0": "number",
        "claims_0_1": "not given",
        "quote": "Все отпущены.",
        "quote_language": "ru",
        "link": "javascript:alert(1)",
    }
    url = f"/desk/incidents/{incident.ref}/steps/respond/"
    answer = signed_in("editor").post(url, sent)
    assert answer.status_code == 400
    assert "Must be a web address." in answer.content.decode()
    assert "Все отпущены." in answer.content.decode()
    answer = signed_in("editor").post(url, sent | {"link": "https://example.org/a"})
    assert answer.status_code == 303
    saved = OfficialResponse.objects.get()
    assert saved.claims == [{"field": "number", "value": "not given"}]
    text = page(incident)
    assert "number: not given" in text
    assert 'lang="ru" dir="auto"><p>Все отпущены.' in text


def test_a_claim_needs_both_of_its_halves():
    incident = walking.opened()
    sent = form(incident, "respond") | {
        "issuer": "A",
        "position": "denies",
        "claims_0_0": "number",
    }
    answer = signed_in("editor").post(f"/desk/incidents/{incident.ref}/steps/respond/", sent)
    assert answer.status_code == 400
    assert "Each claim needs" in answer.content.decode()


def test_related_incidents_read_from_both_ends():
    whole = walking.opened(title="Reporters kept out")
    part = walking.opened(walking.filed_report(category="MED03"), title="One pushed out")
    assert step(part, "relate", kind="part_of", to=whole.ref.lower()).status_code == 303
    assert "Part of" in page(part)
    assert "Contains" in page(whole)


def test_a_merged_incident_points_to_the_one_that_stays():
    stays = walking.opened(title="The one that stays")
    gone = walking.opened(title="The same again")
    answer = step(gone, "merge", into=stays.ref, reason="The same refusal.")
    assert answer.status_code == 303
    text = page(gone)
    assert f"It was merged into {stays.ref}" in text
    assert "Undo the merge" in text
    assert "Park" not in text
    assert gone.ref in page(stays)
    assert step(gone, "claim").status_code == 409


def test_rights_scope_and_missing_things():
    incident = walking.opened()
    assert step(incident, "claim", "editor").status_code == 403
    assert step(incident, "claim", "security").status_code == 403
    assert step(incident, "claim", "observer").status_code == 403
    assert step(incident, "no-such-step").status_code == 404
    assert signed_in("coordinator").get("/desk/incidents/KZ2021-NOSUC/").status_code == 404
    abroad = member("coordinator", ElectionFactory(ref_prefix="XX"))
    assert signed_in(abroad).get(f"/desk/incidents/{incident.ref}/").status_code == 404
    assert step(incident, "claim", abroad).status_code == 404
    here = walking.the_election()
    elsewhere = member("coordinator", here, regions=[walking.region("KZ-YUZ", here)])
    assert signed_in(elsewhere).get(f"/desk/incidents/{incident.ref}/").status_code == 404
    assert (
        signed_in("coordinator").get(f"/desk/incidents/{incident.ref}/steps/release/").status_code
        == 409
    )


def test_history_tells_before_after_and_why():
    incident = walking.opened()
    walking.take(incident, "edit", changes={"regions": ["KZ-ALA", "KZ-SHY"], "persons_min": 3})
    text = page(incident)
    assert "<del>Almaty</del>" in text
    assert "<ins>Almaty, Shymkent</ins>" in text
    assert "<del>not known</del>" in text
    assert "sha256" not in text


def test_ten_reports_cost_what_two_cost():
    client = signed_in("coordinator")
    incident = walking.opened()

    def grow(number: int) -> None:
        for _ in range(number):
            report = walking.filed_report(by=walking.person("observer", number=2))
            walking.step_on(report, "link", incident=incident.ref)
            other = walking.opened(title="Another")
            walking.take(incident, "relate", to=other.ref, kind="follows")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/desk/incidents/{incident.ref}/").status_code == 200
        return len(queries)

    grow(2)
    few = cost()
    grow(6)
    assert cost() <= few
