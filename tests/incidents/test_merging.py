"""Merging loses nothing, and undoing it gives everything back."""

import contextlib
import threading
import uuid
from itertools import permutations

import pytest
from django.db import close_old_connections, connection
from django.test import Client

from elections.models import Station
from incidents import feed, history, publishing, steps
from incidents.errors import Invalid, NotAllowed, Refused, Stale, WrongState
from incidents.models import Change, Draft, Event, Incident, Merge, Publication, Report, ReportLink
from observers.roles import Role
from tests.contracts.stage import build_stage

LINK = ("pk", "report_id", "linked_by_id", "linked_at", "independent_override", "note")


@pytest.fixture
def stage(db):
    return build_stage("merging")


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def merge(stage, loser, survivor, **more):
    return stage.take(loser, "merge", "coordinator", into=survivor.ref, reason="The same.", **more)


def unmerge(stage, loser, by="coordinator", **more):
    return stage.take(loser, "unmerge", by, **({"reason": "Two events."} | more))


def link(stage, incident, report):
    steps.take_on_report(
        report, "link", by=stage.people["coordinator"], channel="page", incident=incident.ref
    )


def links(incident):
    return list(ReportLink.objects.filter(incident=incident).order_by("pk").values_list(*LINK))


def reports(incident):
    return set(ReportLink.objects.filter(incident=incident).values_list("report__ref", flat=True))


def state(incident):
    row = fresh(incident)
    return (row.status, row.outcome, row.assignee_id, row.severity, row.urgent, row.verification)


def last(incident, verb) -> Event:
    return Event.objects.filter(incident=incident, verb=verb).latest("seq")


def everything(*incidents):
    return [(state(one), links(one)) for one in incidents]


def with_reports(stage, count=2, **facts):
    incident = stage.open(stage.file(**facts))
    for _ in range(count - 1):
        link(stage, incident, stage.file(by=stage.people["other_observer"], **facts))
    return incident


# --- There and back --------------------------------------------------------------------------


def test_undoing_gives_links_status_person_and_outcome_back_as_they_were(stage):
    loser, survivor = with_reports(stage, 3), with_reports(stage)
    stage.take(loser, "claim", "coordinator")
    judged = fresh(loser).reports.first()
    stage.take(
        loser, "judge_source", "coordinator", report=judged.ref, independent=True, reason="Alone."
    )
    before = everything(loser, survivor)
    merge(stage, loser, survivor)
    assert links(loser) == []
    assert len(links(survivor)) == 5
    unmerge(stage, loser)
    assert everything(loser, survivor) == before
    assert fresh(loser).merged_into is None


def test_a_closed_incident_is_closed_again_with_its_outcome(stage):
    loser, survivor = stage.open(), stage.open()
    stage.take(loser, "close", "coordinator", outcome="resolved", reason="Let in.")
    merge(stage, loser, survivor)
    unmerge(stage, loser)
    assert state(loser)[:2] == ("closed", "resolved")


def test_a_report_of_both_counts_once_meanwhile_and_is_of_both_again(stage):
    loser, survivor, shared = stage.open(), stage.open(), stage.file()
    link(stage, loser, shared)
    link(stage, survivor, shared)
    before = everything(loser, survivor)
    merge(stage, loser, survivor)
    assert ReportLink.objects.filter(report=shared).count() == 1
    unmerge(stage, loser)
    assert everything(loser, survivor) == before


def test_both_histories_say_it_and_the_chain_holds(stage):
    loser, survivor = with_reports(stage), stage.open()
    moved = sorted(reports(loser))
    merge(stage, loser, survivor, channel="api")
    unmerge(stage, loser, channel="api")
    assert sorted(last(loser, "unmerge").after["reports"]) == moved
    part = last(survivor, "part")
    assert (part.after["parted_from"], sorted(part.after["reports"])) == (loser.ref, moved)
    assert {last(survivor, "absorb").channel, part.channel} == {"api"}
    assert list(history.verify()) == []


def test_a_person_in_danger_moves_with_the_report_and_back(stage):
    loser, survivor = stage.open(stage.file(danger="observer")), stage.open()
    assert state(loser)[3:5] == (4, True)
    merge(stage, loser, survivor)
    assert state(survivor)[3:5] == (4, True)
    assert last(survivor, "absorb").after["severity_rule"] == "danger"
    unmerge(stage, loser)
    assert state(loser)[3:5] == (4, True)
    assert fresh(survivor).urgent is False
    assert fresh(survivor).severity == 4  # a person lowers it, with a reason


# --- What the desk did meanwhile -------------------------------------------------------------


def on_report(stage, report, step, **data):
    steps.take_on_report(
        report, step, by=stage.people["coordinator"], channel="page", reason="So.", **data
    )


def test_a_report_unlinked_and_dismissed_meanwhile_stays_so_and_history_names_it(stage):
    loser, survivor = with_reports(stage), stage.open()
    gone, stays = fresh(loser).reports.order_by("received_at")
    merge(stage, loser, survivor)
    on_report(stage, gone, "unlink", incident=survivor.ref)
    on_report(stage, gone, "dismiss")
    unmerge(stage, loser)
    assert reports(loser) == {stays.ref}
    assert fresh(gone).state == "dismissed"
    assert last(loser, "unmerge").after["not_back"] == [gone.ref]


def test_a_report_linked_elsewhere_meanwhile_stays_there(stage):
    loser, survivor, third = stage.open(), stage.open(), stage.open()
    report = fresh(loser).reports.get()
    merge(stage, loser, survivor)
    link(stage, third, report)
    on_report(stage, report, "unlink", incident=survivor.ref)
    unmerge(stage, loser)
    assert reports(loser) == set()
    assert report.ref in reports(third)
    assert fresh(report).state == "linked"


def test_a_report_linked_to_the_survivor_anew_is_the_survivors(stage):
    loser, survivor = stage.open(), stage.open()
    report = fresh(loser).reports.get()
    merge(stage, loser, survivor)
    on_report(stage, report, "unlink", incident=survivor.ref)
    link(stage, survivor, report)
    unmerge(stage, loser)
    assert report.ref in reports(survivor)
    assert reports(loser) == set()


def test_what_the_survivor_got_meanwhile_stays_with_it(stage):
    loser, survivor = stage.open(), stage.open()
    merge(stage, loser, survivor)
    late = stage.file()
    link(stage, survivor, late)
    unmerge(stage, loser)
    assert late.ref in reports(survivor)


def test_a_report_quarantined_meanwhile_comes_back_in_quarantine(stage):
    loser, survivor = stage.open(), stage.open()
    report = fresh(loser).reports.get()
    merge(stage, loser, survivor)
    on_report(stage, report, "quarantine")
    unmerge(stage, loser)
    assert reports(loser) == {report.ref}
    assert fresh(report).state == "quarantined"


# --- Chains ----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(permutations("ab")))
@pytest.mark.parametrize("shared_by", ["", "ab", "ac", "bc", "abc"])
def test_a_chain_is_undone_in_any_order(stage, order, shared_by):
    chain = {name: with_reports(stage) for name in "abc"}
    shared = stage.file()
    for name in shared_by:
        link(stage, chain[name], shared)
    before = everything(*chain.values())
    merge(stage, chain["a"], chain["b"])
    merge(stage, chain["b"], chain["c"])
    assert links(chain["a"]) == links(chain["b"]) == []
    for name in order:
        unmerge(stage, chain[name])
    assert everything(*chain.values()) == before
    assert list(history.verify()) == []


def test_merged_again_after_undoing_and_undone_again(stage):
    one, two = with_reports(stage), with_reports(stage)
    before = everything(one, two)
    for _ in range(2):
        merge(stage, one, two)
        unmerge(stage, one)
        merge(stage, two, one)
        unmerge(stage, two)
    assert everything(one, two) == before
    assert Merge.objects.standing().count() == 0


# --- Refusals --------------------------------------------------------------------------------


def test_neither_twice_nor_into_what_is_merged_nor_into_itself(stage):
    one, two, three = stage.open(), stage.open(), stage.open()
    merge(stage, one, two)
    with pytest.raises(WrongState):
        merge(stage, one, two)
    with pytest.raises(WrongState, match="itself merged"):
        merge(stage, three, one)
    with pytest.raises(Invalid):
        merge(stage, three, three)
    with pytest.raises(WrongState):
        unmerge(stage, three)


def test_undoing_needs_a_reason_the_version_and_a_coordinator(stage):
    one, two = stage.open(), stage.open()
    merge(stage, one, two)
    with pytest.raises(Invalid):
        unmerge(stage, one, reason="")
    with pytest.raises(Stale):
        unmerge(stage, one, version=1)
    for person in ("editor", "security", "observer"):
        with pytest.raises(NotAllowed):
            unmerge(stage, one, by=person)


def test_two_stations_are_never_merged_also_when_only_reports_name_them(stage):
    Station.objects.create(
        election=stage.election, region=stage.city, commission="KZ-ALA", number="8"
    )
    one, two = stage.open(stage.file(station="7")), stage.open(stage.file(station="8"))
    Incident.objects.update(station=None)
    with pytest.raises(WrongState, match="Two stations"):
        merge(stage, one, two)
    three = stage.open(stage.file(station="8"))
    merge(stage, two, three)


def test_a_sealed_report_does_not_tell_its_station_by_a_refusal(stage):
    Station.objects.create(
        election=stage.election, region=stage.city, commission="KZ-ALA", number="8"
    )
    one, two = stage.open(stage.file(station="7")), stage.open()
    sealed = stage.file(station="8", audience="security_only")
    steps.take_on_report(
        sealed, "link", by=stage.people["security"], channel="page", incident=two.ref
    )
    merge(stage, one, two)


def test_who_may_not_change_the_survivor_may_not_merge_into_it(stage):
    here, there = stage.open(), stage.open(stage.file(region="KZ-YUZ"))
    both = stage.person(Role.COORDINATOR, "both", regions=[stage.city])
    stage.election.memberships.create(user=both, role=Role.EDITOR)
    with pytest.raises(NotAllowed, match="other incident"):
        stage.take(here, "merge", both, into=there.ref, reason="The same.")


# --- What the world reads --------------------------------------------------------------------


def followed():
    """A copy of the world kept by the feed alone."""
    copy = {}
    for line in Change.objects.order_by("seq"):
        copy[line.publication.ref] = line.op
    return {ref for ref, op in copy.items() if op == "upsert"}


def answer(ref):
    client = Client()
    return client.get(f"/incidents/{ref}/"), client.get(f"/api/v1/incidents/{ref}/")


def published(stage, *incidents):
    return [stage.publish(one) for one in incidents or (stage.open(), stage.open())]


def test_the_old_reference_leads_on_while_merged_and_is_its_own_afterwards(stage):
    loser, survivor = (row.incident for row in published(stage))
    merge(stage, loser, survivor)
    for found in answer(loser.ref):
        assert found.status_code == 308
        assert survivor.ref in found["Location"]
    assert followed() == {survivor.ref}
    unmerge(stage, loser)
    assert [found.status_code for found in answer(loser.ref)] == [410, 410]
    assert followed() == {survivor.ref}
    assert Draft.objects.get(incident=loser).state == "approved"
    stage.take(loser, "publish", "editor")
    assert [found.status_code for found in answer(loser.ref)] == [200, 200]
    assert followed() == {loser.ref, survivor.ref}
    ops = Change.objects.filter(publication__incident=loser).order_by("seq")
    assert [(c.op, c.reason) for c in ops] == [
        ("upsert", ""),
        ("retract", "merged"),
        ("retract", "error"),
        ("upsert", ""),
    ]


def test_a_coordinator_never_publishes_by_undoing(stage):
    loser, survivor = (row.incident for row in published(stage))
    merge(stage, loser, survivor)
    unmerge(stage, loser)
    assert not publishing.is_live(loser)
    assert publishing.publish_due() == 0
    assert Publication.objects.filter(live=True).count() == 1


def test_an_approval_does_not_come_back_when_something_public_changed(stage):
    loser, survivor = (row.incident for row in published(stage))
    merge(stage, loser, survivor)
    report = Report.objects.get(events__verb="open_incident", events__incident=loser)
    on_report(stage, report, "unlink", incident=survivor.ref)
    unmerge(stage, loser)
    draft = Draft.objects.get(incident=loser)
    assert (draft.state, draft.approved_digest, draft.approved_by) == ("draft", "", None)
    assert draft.content["title"]


@pytest.mark.parametrize("at_work", ["draft", "submitted", "approved"])
def test_a_text_that_was_never_public_is_where_it_was(stage, at_work):
    loser, survivor = stage.open(), stage.open()
    stage.publish(loser)
    stage.withdraw(Publication.objects.get(incident=loser))
    stage.take(loser, "restore", "editor", reason="It was right.")
    if at_work == "draft":
        stage.take(loser, "send_back", "editor", reason="No.")
    if at_work == "approved":
        stage.take(loser, "approve", "second_editor")
    kept = Draft.objects.filter(incident=loser).values().get()
    merge(stage, loser, survivor)
    unmerge(stage, loser)
    assert Draft.objects.filter(incident=loser).values().get() == kept
    assert [found.status_code for found in answer(loser.ref)] == [410, 410]


def test_an_embargo_that_ended_while_merged_publishes_nothing(stage, time_machine):
    time_machine.move_to("2021-01-10T06:00:00Z")
    loser, survivor = stage.open(), stage.open()
    stage.take(loser, "draft", "editor", content={"title": {"en": "T"}, "summary": {"en": "S"}})
    stage.take(loser, "submit", "editor")
    stage.take(loser, "approve", "second_editor", embargo_until="2021-01-10T08:00:00Z")
    merge(stage, loser, survivor)
    time_machine.move_to("2021-01-10T09:00:00Z")
    assert publishing.publish_due() == 0
    unmerge(stage, loser)
    assert publishing.publish_due() == 0
    assert Draft.objects.get(incident=loser).state == "approved"


def test_a_chain_leads_to_the_one_that_is_public_past_one_that_never_was(stage):
    a, b, c = stage.open(), stage.open(), stage.open()
    published(stage, a, c)
    merge(stage, a, b)
    assert [found.status_code for found in answer(a.ref)] == [410, 410]
    merge(stage, b, c)
    for found in answer(a.ref):
        assert (found.status_code, c.ref in found["Location"]) == (308, True)
    unmerge(stage, b)
    assert [found.status_code for found in answer(a.ref)] == [410, 410]
    assert Publication.objects.get(incident=a).merged_into_ref == b.ref


def test_public_numbers_count_a_merged_incident_once(stage):
    loser, survivor = (row.incident for row in published(stage))
    merge(stage, loser, survivor)
    body = Client().get("/api/v1/incidents/?count=true").json()
    assert body["meta"]["count"] == 1
    assert feed.since(0, limit=10).data_version > 0


# --- Two at once -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_people_merging_crosswise_one_wins_and_the_other_reads_why():
    stage = build_stage(f"cross-{uuid.uuid4().hex[:6]}")
    one, two = stage.open(), stage.open()
    barrier, said = threading.Barrier(2), []

    def play(loser, survivor):
        version = Incident.objects.get(pk=loser.pk).version
        barrier.wait()
        try:
            merge(stage, loser, survivor, version=version)
            said.append("merged")
        except Refused as refused:
            said.append(str(refused))
        finally:
            connection.close()

    threads = [threading.Thread(target=play, args=pair) for pair in [(one, two), (two, one)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    close_old_connections()
    assert sorted(word == "merged" for word in said) == [False, True], said
    assert Incident.objects.filter(status="merged").count() == 1
    assert ReportLink.objects.count() == 2
    assert list(history.verify()) == []


@pytest.mark.django_db(transaction=True)
def test_merging_while_others_link_and_unlink_neither_hangs_nor_loses_a_report():
    stage = build_stage(f"busy-{uuid.uuid4().hex[:6]}")
    one, two = with_reports(stage), with_reports(stage)
    late = [stage.file() for _ in range(4)]
    barrier, failed = threading.Barrier(3), []

    def play(work):
        barrier.wait()
        try:
            for act in work:
                with contextlib.suppress(Refused):
                    act()
        except Exception as error:  # noqa: BLE001  a deadlock would be one
            failed.append(repr(error))
        finally:
            connection.close()

    work = [
        [lambda: merge(stage, one, two), lambda: unmerge(stage, one)] * 2,
        [lambda row=row: link(stage, two, row) for row in late],
        [lambda row=row: link(stage, one, row) for row in reversed(late)],
    ]
    threads = [threading.Thread(target=play, args=(acts,)) for acts in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    for report in Report.objects.all():
        linked = ReportLink.objects.filter(report=report).exists()
        assert (report.state == "linked") == linked, report
    assert list(history.verify()) == []


def test_undoing_a_merge_takes_the_right_to_change_both(stage):
    """Else a coordinator of one region would take reports out of another's incident."""
    here = stage.open(stage.file(region="KZ-ALA"))
    there = stage.open(stage.file(by=stage.people["other_observer"], region="KZ-YUZ"))
    merge(stage, here, there)
    limited = stage.person(Role.COORDINATOR, "here only", regions=[stage.city])
    with pytest.raises(NotAllowed, match="other incident"):
        unmerge(stage, here, by=limited)
    assert (fresh(here).status, reports(here)) == ("merged", set())
    unmerge(stage, here)
    assert fresh(here).status == "open"
