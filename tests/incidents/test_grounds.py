"""How sure we are and how grave it is: what is computed, and who may overrule it."""

import pytest
from django.test import Client

from incidents import rumours, steps, workflow
from incidents.errors import Invalid, NotAllowed, WrongState
from incidents.floors import floor_of
from incidents.models import Event, Incident, OfficialResponse, ReportLink
from incidents.workflow.doubts import doubts
from incidents.workflow.independence import standings, upstream_links
from tests.contracts.stage import build_stage


@pytest.fixture
def stage(db):
    return build_stage("grounds")


def link(stage, incident, report, by="coordinator"):
    return steps.take_on_report(
        report, "link", by=stage.people[by], channel="page", incident=incident.ref
    )


def other(stage, **payload):
    return stage.file(by=stage.people["other_observer"], **payload)


def together(stage, first, second):
    incident = stage.open(stage.file(**first))
    link(stage, incident, other(stage, **second))
    return incident


def sources(incident):
    return workflow.independent_sources(incident)


def why(incident):
    links = ReportLink.objects.filter(incident=incident)
    return [one.why for one in standings(incident, among=links).values()]


def last(incident, verb):
    return Event.objects.filter(incident=incident, verb=verb).latest("seq")


# --- Independence ----------------------------------------------------------------------------

POST = "Смотрите https://t.me/Saylau_2021/15?utm_source=x."


@pytest.mark.parametrize(
    ("first", "second", "expected", "because"),
    [
        ({}, {}, 2, ()),
        ({"text": POST}, {"text": "http://www.t.me/Saylau_2021/15"}, 1, ("link",)),
        ({"text": POST}, {"told_by": "https://t.me/Saylau_2021/15/"}, 1, ("link",)),
        ({"text": POST}, {"text": "https://t.me/Saylau_2021/16"}, 2, ()),
        ({"text": POST}, {"text": "https://t.me/"}, 2, ()),
        ({"told_by": "The chair"}, {"told_by": "the chair "}, 1, ("told by",)),
        ({}, {"told_by": "grounds-observer"}, 1, ("report",)),
        ({}, {"told_by": "colleague Grounds-Observer, by phone"}, 1, ("report",)),
        ({}, {"told_by": "another-observer"}, 2, ()),
    ],
)
def test_what_two_reports_share_makes_them_one_source(stage, first, second, expected, because):
    incident = together(stage, first, second)
    assert sources(incident) == expected
    assert why(incident) == [because, because]


def test_who_was_told_by_the_other_names_its_reference(stage):
    first = stage.file()
    incident = stage.open(first)
    link(stage, incident, other(stage, told_by=f"as in {first.ref}"))
    assert sources(incident) == 1


def test_addresses_compare_by_what_they_lead_to():
    watch = "https://www.youtube.com/watch?v={}&utm_source=share&si=abc"
    assert upstream_links(watch.format("A")) == upstream_links("http://m.youtube.com/watch?v=A")
    assert upstream_links(watch.format("A")) != upstream_links(watch.format("B"))
    assert upstream_links("no address, https:// and http://[broken") == set()
    assert len(upstream_links("https://a.example/1, https://b.example/2).")) == 2


def test_history_keeps_the_number_of_sources_at_each_link(stage):
    incident = stage.open()
    assert last(incident, "open_incident").after["independent_sources"] == 1
    link(stage, incident, stage.file(by=stage.people["pair_observer"]))
    assert last(incident, "link").after["independent_sources"] == 1
    link(stage, incident, other(stage))
    assert last(incident, "link").after["independent_sources"] == 2


def test_what_only_security_may_read_counts_towards_no_number(stage):
    incident = stage.open()
    link(stage, incident, other(stage, audience="security_only"), by="security")
    assert sources(incident) == 1
    assert "independent_sources" not in last(incident, "link").after
    with pytest.raises(WrongState):
        stage.take(incident, "corroborate", "coordinator", grounds="Two.")


def test_a_person_may_overrule_it_with_a_reason_and_corroborating_follows(stage):
    incident = stage.open()
    pair = stage.file(by=stage.people["pair_observer"])
    link(stage, incident, pair)
    judge = {"report": pair.ref, "independent": True, "reason": "They stood at two doors."}
    stage.take(incident, "judge_source", "coordinator", **judge)
    kept = ReportLink.objects.get(incident=incident, report=pair)
    assert (kept.independent_override, kept.note) == (True, "They stood at two doors.")
    line = last(incident, "judge_source")
    assert (line.before["independent_sources"], line.after["independent_sources"]) == (1, 2)
    assert line.reason == "They stood at two doors."
    stage.take(incident, "corroborate", "coordinator", grounds="Two doors.")
    stage.take(incident, "judge_source", "coordinator", **judge | {"independent": False})
    assert sources(incident) == 1


@pytest.mark.parametrize("wrong", [{"independent": "yes"}, {"report": "NONE-1"}, {"reason": ""}])
def test_a_judgement_names_a_report_an_answer_and_a_reason(stage, wrong):
    incident = stage.open()
    judge = {"report": incident.reports.get().ref, "independent": True, "reason": "So."}
    with pytest.raises(Invalid):
        stage.take(incident, "judge_source", "coordinator", **judge | wrong)


def test_only_coordinators_judge_and_none_a_sealed_report(stage):
    incident = stage.open()
    sealed = other(stage, audience="security_only")
    link(stage, incident, sealed, by="security")
    judge = {"report": sealed.ref, "independent": True, "reason": "So."}
    with pytest.raises(Invalid):
        stage.take(incident, "judge_source", "coordinator", **judge)
    with pytest.raises(NotAllowed):
        stage.take(incident, "judge_source", "security", **judge)


# --- Doubts ----------------------------------------------------------------------------------


def kinds(stage, incident, by="coordinator"):
    return [one.kind for one in doubts(incident, by=stage.people[by])]


def test_a_linked_correction_a_denial_and_contradicting_answers_are_doubts(stage):
    first = stage.file(category="DET01", details={"warrant_shown": "yes"})
    incident = stage.open(first)
    assert kinds(stage, incident) == []
    second = other(stage, category="DET01", details={"warrant_shown": "no"})
    link(stage, incident, second)
    assert kinds(stage, incident) == ["answers"]
    fixed = {"id": str(first.pk), "kind": "correction"}
    link(stage, incident, stage.file(follow_up_of=fixed["id"], follow_up_kind=fixed["kind"]))
    response = {"issuer": "Police", "position": "denies"}
    stage.take(incident, "respond", "coordinator", response=response)
    assert kinds(stage, incident) == ["correction", "denial", "answers"]
    assert Incident.objects.get(pk=incident.pk).verification == "reported"
    stage.take(incident, "dispute", "coordinator", grounds="They differ.")
    incident.refresh_from_db()
    assert kinds(stage, incident) == []


@pytest.mark.parametrize("vague", ["unknown", ""])
def test_not_knowing_contradicts_nobody(stage, vague):
    incident = together(
        stage,
        {"category": "DET01", "details": {"warrant_shown": "yes"}},
        {"category": "DET01", "details": {"warrant_shown": vague} if vague else {}},
    )
    assert kinds(stage, incident) == []


def test_a_sealed_report_raises_no_doubt_for_others(stage):
    incident = stage.open(stage.file(category="DET01", details={"warrant_shown": "yes"}))
    hidden = other(
        stage, category="DET01", details={"warrant_shown": "no"}, audience="security_only"
    )
    link(stage, incident, hidden, by="security")
    assert kinds(stage, incident) == []
    assert kinds(stage, incident, by="security") == ["answers"]
    assert OfficialResponse.objects.count() == 0


# --- Refuted rumours -------------------------------------------------------------------------

RUMOUR = "Говорят, что автобусы везут избирателей из соседнего района на второй круг"


def refuted(stage, **facts):
    incident = stage.open(stage.file(**facts), title="Buses")
    return stage.take(incident, "refute", "coordinator", grounds="The buses carried athletes.")


def like(stage, report, by="coordinator"):
    return [
        (one.incident.ref, one.grounds)
        for one in rumours.refuted_like(report, by=stage.people[by])
    ]


def test_a_report_like_a_refuted_one_names_it_and_why(stage):
    incident = refuted(stage, station="7", occurred_start="2021-01-10T11:00+06:00")
    same = other(stage, station="7", occurred_start="2021-01-10T11:20+06:00", text="Иное.")
    assert like(stage, same) == [(incident.ref, "The buses carried athletes.")]
    page = desk(stage).get(f"/desk/reports/{same.pk}/").content.decode()
    assert "The buses carried athletes." in page
    assert incident.ref in page


def test_the_words_of_a_rumour_are_known_again_elsewhere_and_later(stage):
    incident = refuted(stage, text=RUMOUR, category="VOT05")
    travelled = other(
        stage, text=RUMOUR.replace("соседнего", "другого"), region="KZ-YUZ", category="FRD01"
    )
    assert [ref for ref, _grounds in like(stage, travelled)] == [incident.ref]
    assert like(stage, other(stage, text="Совсем другое дело", region="KZ-YUZ")) == []


def test_it_is_no_longer_told_of_when_it_is_not_refuted_any_more(stage):
    incident = refuted(stage, text=RUMOUR)
    report = other(stage, text=RUMOUR)
    assert len(like(stage, report)) == 1
    stage.take(incident, "unverify", "coordinator", reason="It was true after all.")
    assert like(stage, report) == []


def test_a_sealed_report_lends_no_words_to_a_hint(stage):
    incident = stage.open(stage.file(region="KZ-YUZ", text="Nothing alike"), title="Buses")
    link(stage, incident, other(stage, text=RUMOUR, audience="security_only"), by="security")
    stage.take(incident, "refute", "coordinator", grounds="Athletes.")
    again = stage.file(text=RUMOUR, category="FRD01")
    assert like(stage, again) == []
    assert len(like(stage, again, by="security")) == 1


# --- Severity --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "details", "danger", "level", "because"),
    [
        ("ACC01", {}, False, 1, "category"),
        ("MED03", {}, False, 3, "category"),
        ("DET05", {}, False, 3, "category"),
        ("ACC01", {}, True, 4, "danger"),
        ("DET01", {"status": [{"status": "whereabouts_unknown"}]}, False, 4, "whereabouts"),
        (
            "DET01",
            {"status": [{"status": "whereabouts_unknown"}, {"status": "held"}]},
            False,
            3,
            "category",
        ),
        ("DET06", {"injury": "yes"}, False, 4, "injury"),
        ("DET06", {"injury": "no"}, False, 1, "category"),
        ("MED03", {"injury_scale": "minor"}, False, 4, "injury"),
        ("MED03", {"injury_scale": "no_injury"}, False, 3, "category"),
        ("VIO01", {"injured": {"min": 1}}, False, 4, "injury"),
        ("VIO01", {"injured": {"words": "several"}}, False, 4, "injury"),
        ("VIO01", {"injured": {"min": 0, "max": 0}}, False, 1, "category"),
        ("VIO01", {"dead": {"max": 2}}, False, 4, "death"),
        ("MED01", {"force": "pushing"}, False, 3, "force"),
        ("MED01", {"force": None, "injured": None, "status": []}, False, 1, "category"),
    ],
)
def test_the_floor_is_the_highest_of_what_holds(category, details, danger, level, because):
    found = floor_of(category, details, danger=danger)
    assert (found.level, found.why) == (level, because)


def test_a_detail_raises_it_and_history_says_by_which_rule(stage):
    incident = stage.open(stage.file(category="DET06"))
    stage.take(incident, "edit", "coordinator", changes={"details": {"injury": "yes"}})
    line = last(incident, "edit")
    assert (line.before["severity"], line.after["severity"]) == (3, 4)
    assert line.after["severity_rule"] == "injury"
    page = desk(stage).get(f"/desk/incidents/{incident.ref}/").content.decode()
    assert "somebody is injured" in page


def test_below_the_floor_is_refused_with_why_and_lowering_needs_a_reason(stage):
    incident = stage.open(stage.file(category="DET06", details={"injury": "yes"}))
    with pytest.raises(WrongState, match="somebody is injured"):
        stage.take(incident, "grade", "coordinator", severity=3, reason="Not so bad.")
    stage.take(incident, "edit", "coordinator", changes={"details": {"injury": "no"}})
    assert Incident.objects.get(pk=incident.pk).severity == 4
    with pytest.raises(Invalid):
        stage.take(incident, "grade", "coordinator", severity=3)
    stage.take(incident, "grade", "coordinator", severity=3, reason="Nobody was hurt.")


def test_a_report_of_danger_raises_the_incident_it_is_linked_to(stage):
    incident = stage.open()
    link(stage, incident, other(stage, danger="others"))
    line = last(incident, "link")
    assert (line.before["severity"], line.after["severity_rule"]) == (2, "danger")
    sealed = stage.open()
    link(stage, sealed, other(stage, danger="others", audience="security_only"), by="security")
    assert Incident.objects.get(pk=sealed.pk).severity == 2


# --- On the pages ----------------------------------------------------------------------------


def desk(stage, by="coordinator"):
    client = Client()
    client.force_login(stage.people[by])
    return client


def test_the_incident_page_says_who_is_one_source_what_is_doubted_and_what_was_absorbed(stage):
    incident = together(stage, {"told_by": "The chair"}, {"told_by": "the chair"})
    gone = stage.open(title="The same again")
    stage.take(gone, "merge", "coordinator", into=incident.ref, reason="The same.")
    response = {"issuer": "Police", "position": "denies"}
    stage.take(incident, "respond", "coordinator", response=response)
    page = desk(stage).get(f"/desk/incidents/{incident.ref}/").content.decode()
    for words in ("the same informant", "Police denies it.", "The same again", gone.ref):
        assert words in page


def test_a_double_send_is_dismissed_by_one_button_with_its_reason(stage):
    one = stage.file(text="We were not let in, again")
    two = stage.file(text="We were not let in, again")
    page = desk(stage).get(f"/desk/reports/{two.pk}/").content.decode()
    assert f'value="sent twice: {one.ref}"' in page
    answer = desk(stage).post(
        f"/desk/reports/{two.pk}/steps/dismiss/", {"reason": f"sent twice: {one.ref}"}
    )
    assert answer.status_code == 303
    two.refresh_from_db()
    assert (two.state, two.state_reason) == ("dismissed", f"sent twice: {one.ref}")


def test_a_follow_up_is_never_called_a_double_send(stage):
    one = stage.file(text="Nobody was let in")
    for kind in ("addition", "correction", "outcome"):
        after = stage.file(text="Nobody was let in", follow_up_of=str(one.pk), follow_up_kind=kind)
        for row in (one, after):
            page = desk(stage).get(f"/desk/reports/{row.pk}/").content.decode()
            assert "sent twice" not in page.lower()


@pytest.mark.parametrize("step", ["judge_source", "unmerge"])
def test_each_step_has_a_form_that_can_be_filled_in(stage, step):
    incident, into = stage.open(), stage.open()
    report = incident.reports.get()
    if step == "unmerge":
        stage.take(incident, "merge", "coordinator", into=into.ref, reason="The same.")
    url = f"/desk/incidents/{incident.ref}/steps/{step}/"
    client = desk(stage)
    assert client.get(url).status_code == 200
    version = Incident.objects.get(pk=incident.pk).version
    typed = {"version": version, "reason": "A good one."}
    wrong = client.post(url, {"version": version, "reason": ""})
    assert wrong.status_code == 400
    typed |= {"report": report.ref, "independent": "no"} if step == "judge_source" else {}
    assert client.post(url, typed).status_code == 303
