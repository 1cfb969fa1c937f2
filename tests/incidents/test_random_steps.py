"""Several people play random steps; after each one the database equals a plain model.

The model is small on purpose: who is linked to what, where each incident stands, what the world
reads. It knows nothing of how the product does it. RANDOM_STEPS=200 plays longer.
"""

import os
from collections import Counter
from dataclasses import dataclass, field
from itertools import count

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from incidents import history, publishing, steps, tallies
from incidents.errors import Refused, Stale
from incidents.models import Change, Draft, Incident, Publication, Report, ReportLink, Tally
from incidents.publishing import resting
from observers.models import User
from observers.roles import Role
from tests.contracts.stage import TEXT, build_stage

LONG = int(os.environ.get("RANDOM_STEPS", "0"))
LIVE = ("open", "in_review", "parked", "closed")
AT_WORK = ("open", "in_review", "parked")
SENDERS = ("observer", "pair_observer", "other_observer", "second_account")
EDITORS = ("editor", "second_editor", "third_editor")
OF_PAIR = {"observer": "pair", "pair_observer": "pair", "second_account": "other"}
MOST_INCIDENTS, MOST_REPORTS = 4, 8
PLAYED: Counter[str] = Counter()
WANTED = ("merge", "unmerge", "publish")


@dataclass
class Modelled:
    """An incident as the model sees it. `links`: report -> a token, one for each link made."""

    status: str = "open"
    verification: str = "reported"
    text: str = "none"
    links: dict = field(default_factory=dict)
    live: bool = False
    editor: str = ""
    submitter: str = ""
    sources_at_approval: int = 0
    verification_at_approval: str = ""
    version: int = 1
    published: int = 0
    absorbed_by: object = None
    # At the merge: what it was.
    was: dict = field(default_factory=dict)


class RandomSteps(RuleBasedStateMachine):
    stage = None  # built once, by the test; every run is rolled back

    @initialize(senders=st.lists(st.sampled_from(SENDERS), min_size=4, max_size=4))
    def begin(self, senders):
        self.world = transaction.atomic()
        self.world.__enter__()
        self.reports, self.incidents = [], []
        self.state, self.sender, self.model = {}, {}, {}
        # Links that a merge gave up, because the survivor had the report as well.
        self.tokens, self.doubled = count(), set()
        for sender in senders:
            self.send(sender)
        for report in self.reports[:3]:
            self.open_with(report)

    def teardown(self):
        if hasattr(self, "world"):
            transaction.set_rollback(True)
            self.world.__exit__(None, None, None)

    # --- Playing -----------------------------------------------------------------------------

    def attempt(self, act) -> bool:
        try:
            with transaction.atomic():
                act()
        except Refused:
            return False
        return True

    def take(self, incident, step, by="coordinator", **data) -> bool:
        done = self.attempt(lambda: self.stage.take(incident, step, by, **data))
        PLAYED[step] += done
        return done

    def on_report(self, report, step, by="coordinator", **data) -> bool:
        person = self.stage.people[by]
        return self.attempt(
            lambda: steps.take_on_report(report, step, by=person, channel="page", **data)
        )

    def pick(self, data, rows):
        return data.draw(st.sampled_from(rows))

    def bump(self, *rows):
        for row in rows:
            self.model[row.pk].version += 1

    def linked_to(self, report):
        return [one for one in self.model.values() if report.pk in one.links]

    # --- Reports -----------------------------------------------------------------------------

    @precondition(lambda self: len(self.reports) < MOST_REPORTS)
    @rule(sender=st.sampled_from(SENDERS))
    def send(self, sender):
        report = self.stage.file(by=self.stage.people[sender])
        self.reports.append(report)
        self.state[report.pk] = "received"
        self.sender[report.pk] = OF_PAIR.get(sender, "other")

    @precondition(lambda self: self.reports and len(self.incidents) < MOST_INCIDENTS)
    @rule(data=st.data())
    def open(self, data):
        self.open_with(self.pick(data, self.reports))

    def open_with(self, report):
        done = self.on_report(report, "open_incident", title="Refused")
        assert done == (self.state[report.pk] == "received")
        if done:
            incident = Incident.objects.order_by("opened_at", "pk").exclude(
                pk__in=[one.pk for one in self.incidents]
            )[0]
            self.incidents.append(incident)
            self.model[incident.pk] = Modelled(links={report.pk: next(self.tokens)})
            self.state[report.pk] = "linked"

    @precondition(lambda self: self.incidents)
    @rule(data=st.data())
    def link(self, data):
        report, incident = self.pick(data, self.reports), self.pick(data, self.incidents)
        one = self.model[incident.pk]
        allowed = (
            self.state[report.pk] in ("received", "linked")
            and one.status != "merged"
            and report.pk not in one.links
        )
        assert self.on_report(report, "link", incident=incident.ref) == allowed
        if allowed:
            one.links[report.pk] = next(self.tokens)
            self.state[report.pk] = "linked"
            one.status = "open" if one.status == "parked" else one.status
            self.bump(incident)

    @precondition(lambda self: self.incidents)
    @rule(data=st.data())
    def unlink(self, data):
        report, incident = self.pick(data, self.reports), self.pick(data, self.incidents)
        one = self.model[incident.pk]
        allowed = self.state[report.pk] == "linked" and report.pk in one.links
        done = self.on_report(report, "unlink", incident=incident.ref, reason="Another event.")
        assert done == allowed
        if allowed:
            del one.links[report.pk]
            self.state[report.pk] = "linked" if self.linked_to(report) else "received"
            self.bump(incident)

    @precondition(lambda self: self.reports)
    @rule(data=st.data(), step=st.sampled_from(["dismiss", "reinstate", "quarantine", "clear"]))
    def handle(self, data, step):
        report = self.pick(data, self.reports)
        sources, target = {
            "dismiss": (("received",), "dismissed"),
            "reinstate": (("dismissed",), "received"),
            "quarantine": (("received", "linked", "dismissed"), "quarantined"),
            "clear": (("quarantined",), "received"),
        }[step]
        if step in ("quarantine", "clear") and self.linked_to(report):
            return  # its links wait with it; the product's own tests tell of that
        by = "security" if step == "clear" else "coordinator"
        done = self.on_report(report, step, by, reason="So.")
        assert done == (self.state[report.pk] in sources)
        if done:
            self.state[report.pk] = target

    # --- Incidents ---------------------------------------------------------------------------

    @precondition(lambda self: self.incidents)
    @rule(data=st.data(), step=st.sampled_from(["claim", "release", "park", "close", "reopen"]))
    def move(self, data, step):
        incident = self.pick(data, self.incidents)
        one = self.model[incident.pk]
        sources, target = {
            "claim": (("open",), "in_review"),
            "release": (("in_review",), "open"),
            "park": (("open", "in_review"), "parked"),
            "close": (AT_WORK, "closed"),
            "reopen": (("parked", "closed"), "open"),
        }[step]
        done = self.take(incident, step, reason="So.", outcome="confirmed")
        assert done == (one.status in sources)
        if done:
            one.status = target
            self.bump(incident)

    @precondition(lambda self: self.incidents)
    @rule(
        data=st.data(),
        step=st.sampled_from(["corroborate", "verify", "dispute", "unverify"]),
        evidence=st.booleans(),
    )
    def judge(self, data, step, evidence):
        incident = self.pick(data, self.incidents)
        one = self.model[incident.pk]
        sources, target = {
            "corroborate": (("reported", "disputed"), "corroborated"),
            "verify": (("corroborated",), "verified"),
            "dispute": (("reported", "corroborated", "verified"), "disputed"),
            "unverify": (("corroborated", "verified", "disputed", "refuted"), "reported"),
        }[step]
        allowed = one.status != "merged" and one.verification in sources
        allowed = allowed and (step != "corroborate" or evidence or self.sources(one) >= 2)
        more = {"grounds": "A call.", "reason": "So.", "fitting_evidence": evidence}
        assert self.take(incident, step, **more) == allowed
        if allowed:
            one.verification = target
            self.bump(incident)

    def sources(self, one) -> int:
        return len({self.sender[pk] for pk in one.links if self.state[pk] == "linked"})

    # --- Merging -----------------------------------------------------------------------------

    def holder(self, one):
        while one.absorbed_by is not None:
            one = one.absorbed_by
        return one

    @precondition(lambda self: len(self.incidents) > 1)
    @rule(data=st.data())
    def merge(self, data):
        loser, survivor = self.pick(data, self.incidents), self.pick(data, self.incidents)
        one, two = self.model[loser.pk], self.model[survivor.pk]
        allowed = one is not two and one.status in LIVE and two.status in LIVE
        assert self.take(loser, "merge", into=survivor.ref, reason="The same.") == allowed
        if allowed:
            one.was = {"status": one.status, "text": one.text, "links": one.links}
            one.was["live"] = one.live
            self.doubled |= {t for report, t in one.links.items() if report in two.links}
            two.links = one.links | two.links
            one.links, one.status, one.absorbed_by = {}, "merged", two
            if one.live:
                one.live, one.text = False, "withdrawn"
            self.bump(loser, survivor)

    @precondition(lambda self: any(m.status == "merged" for m in self.model.values()))
    @rule(data=st.data())
    def unmerge(self, data):
        merged = [one for one in self.incidents if self.model[one.pk].status == "merged"]
        incident = self.pick(data, merged)
        one = self.model[incident.pk]
        holder = self.holder(one)
        assert self.take(incident, "unmerge", reason="Two events.")
        one.status, one.absorbed_by, one.links = one.was["status"], None, {}
        for report, token in one.was["links"].items():
            if holder.links.get(report) == token:
                one.links[report] = holder.links.pop(report)
            elif token in self.doubled and report in holder.links:
                one.links[report] = token
            self.doubled.discard(token)
        if one.was["live"]:
            one.text = self.text_after(one)
        self.bump(incident)
        holder.version += 1

    def text_after(self, one) -> str:
        if one.was["text"] not in ("published", "approved"):
            return one.was["text"]
        return "approved" if self.unchanged(one) else "draft"

    # --- The public text ---------------------------------------------------------------------

    def unchanged(self, one) -> bool:
        return (self.sources(one), one.verification) == (
            one.sources_at_approval,
            one.verification_at_approval,
        )

    def by_own_work(self, one, editor) -> bool:
        person = "other" if editor == "third_editor" else editor
        reported = any(self.sender[pk] == "other" for pk in one.links)
        return editor in (one.editor, one.submitter) or (person == "other" and reported)

    def words(self) -> dict:
        """Another text each time: the same text again is no step."""
        title = TEXT["title"] | {"en": f"Observers refused {next(self.tokens)}"}
        return TEXT | {"title": title, "both_sides": True}

    def stands(self, incident, step) -> bool:
        """What shook a text, and what its checklist asks anew, the model does not know."""
        draft = Draft.objects.get(incident=incident)
        if step == "approve":
            items = publishing.checklist_of(incident, draft.content)
            return not publishing.open_items(items, draft.checklist)
        return not resting.unseen(draft) and not publishing.own_work(draft, draft.approved_by)

    @precondition(lambda self: self.incidents)
    @rule(data=st.data(), editor=st.sampled_from(EDITORS))
    def write(self, data, editor):
        incident = self.pick(data, self.incidents)
        one = self.model[incident.pk]
        step = "draft" if one.text == "none" else "write"
        allowed = one.status != "merged" and one.text in ("none", "draft", "submitted", "approved")
        assert self.take(incident, step, editor, content=self.words()) == allowed
        if allowed:
            one.text, one.editor, one.submitter = "draft", editor, ""
            self.bump(incident)

    @precondition(lambda self: self.incidents)
    @rule(
        data=st.data(),
        editor=st.sampled_from(EDITORS),
        step=st.sampled_from(["submit", "approve", "publish", "send_back"]),
    )
    def forward(self, data, editor, step):
        incident = self.pick(data, self.incidents)
        one = self.model[incident.pk]
        sources, target = {
            "submit": (("draft",), "submitted"),
            "approve": (("submitted",), "approved"),
            "publish": (("approved",), "published"),
            "send_back": (("submitted", "approved"), "draft"),
        }[step]
        allowed = one.status != "merged" and one.text in sources
        allowed = allowed and (step != "approve" or not self.by_own_work(one, editor))
        allowed = allowed and (step != "publish" or self.unchanged(one))
        if allowed and step in ("approve", "publish"):
            allowed = self.stands(incident, step)
        done = self.take(incident, step, editor, reason="So.")
        assert done == allowed, (step, one)
        if not done:
            return
        one.text = target
        self.bump(incident)
        if step == "submit":
            one.submitter = editor
        elif step == "send_back":
            one.submitter = ""
        elif step == "approve":
            one.sources_at_approval = self.sources(one)
            one.verification_at_approval = one.verification
        else:
            one.live, one.published = True, one.published + 1

    @precondition(lambda self: self.incidents)
    @rule(data=st.data())
    def bring_to_the_world(self, data):
        """The whole way at once, or else few incidents would ever arrive."""
        incident = self.pick(data, self.incidents)
        one = self.model[incident.pk]
        if one.status == "merged" or one.text in ("published", "withdrawn"):
            return
        content = self.words()
        first = "draft" if one.text == "none" else "write"
        ways = [(first, "editor"), ("submit", "editor"), ("approve", "second_editor")]
        for step, editor in [*ways, ("publish", "second_editor")]:
            more = {"content": content} if step == first else {}
            assert self.take(incident, step, editor, **more), step
            self.bump(incident)
        one.text, one.editor, one.submitter = "published", "editor", "editor"
        one.sources_at_approval = self.sources(one)
        one.verification_at_approval = one.verification
        one.live, one.published = True, one.published + 1

    @precondition(lambda self: any(one.published for one in self.model.values()))
    @rule(
        data=st.data(),
        editor=st.sampled_from(EDITORS),
        step=st.sampled_from(["correct", "withdraw", "restore"]),
    )
    def take_back(self, data, editor, step):
        known = [one for one in self.incidents if self.model[one.pk].published]
        incident = self.pick(data, known)
        one = self.model[incident.pk]
        allowed = (
            one.status != "merged"
            and {
                "correct": one.text == "published",
                "withdraw": one.live,
                "restore": one.text == "withdrawn",
            }[step]
        )
        more = {"reason": "So.", "what_changed": "A date.", "kind": "error"}
        assert self.take(incident, step, editor, **more) == allowed
        if not allowed:
            return
        one.text = {"correct": "draft", "withdraw": "withdrawn", "restore": "submitted"}[step]
        one.editor, one.submitter = editor, editor if step == "restore" else ""
        one.live = one.live and step != "withdraw"
        self.bump(incident)

    # --- Refusals that change nothing --------------------------------------------------------

    @precondition(lambda self: self.incidents)
    @rule(data=st.data(), by=st.sampled_from(["observer", "partner", "admin", "editor"]))
    def not_theirs(self, data, by):
        incident = self.pick(data, self.incidents)
        step = data.draw(st.sampled_from(["claim", "merge", "unmerge", "close"]))
        assert not self.take(incident, step, by, reason="So.", into="x", outcome="confirmed")

    @precondition(lambda self: self.incidents)
    @rule(data=st.data())
    def too_late(self, data):
        incident = self.pick(data, self.incidents)
        try:
            with transaction.atomic():
                self.stage.take(incident, "claim", "coordinator", version=0)
        except Stale:
            return
        raise AssertionError("a stale version was taken")

    # --- After each step ---------------------------------------------------------------------

    @invariant()
    def the_database_equals_the_model(self):
        assert {r.pk: r.state for r in Report.objects.all()} == self.state
        found = {
            row.pk: (row.status, row.verification, row.version) for row in Incident.objects.all()
        }
        told = {pk: (m.status, m.verification, m.version) for pk, m in self.model.items()}
        assert found == told
        pairs = sorted(ReportLink.objects.values_list("incident", "report"))
        assert pairs == sorted((pk, report) for pk, m in self.model.items() for report in m.links)

    @invariant()
    def the_world_reads_what_the_model_says(self):
        drafts = dict(Draft.objects.values_list("incident", "state"))
        assert drafts == {pk: m.text for pk, m in self.model.items() if m.text != "none"}
        live = set(Publication.objects.filter(live=True).values_list("incident", flat=True))
        assert live == {pk for pk, m in self.model.items() if m.live}
        versions = dict(Publication.objects.values_list("incident", "version"))
        assert versions == {pk: m.published for pk, m in self.model.items() if m.published}

    @invariant()
    def who_follows_the_feed_has_the_same_and_history_holds(self):
        copy = {}
        changes = Change.objects.order_by("seq").select_related("publication")
        for number, line in enumerate(changes, start=1):
            assert line.seq == number
            copy[line.publication.incident_id] = line.op
        live = {pk for pk, m in self.model.items() if m.live}
        assert {pk for pk, op in copy.items() if op == "upsert"} == live
        assert next(history.verify(), None) is None

    @invariant()
    def the_prepared_counts_are_exact(self):
        newest = Change.objects.count()
        if newest == getattr(self, "counted_at", None):
            return
        self.counted_at = newest
        assert tallies.faults() == []
        live = sum(m.live for m in self.model.values())
        counted = Tally.objects.filter(cuboid="whole").values_list("incidents", flat=True)
        assert sum(counted) == live


def stage_of_people():
    stage = build_stage("random")
    people = stage.people
    people["second_account"] = stage.person(Role.OBSERVER, "random-twin")
    people["third_editor"] = stage.person(Role.EDITOR, "random-third")
    # One observer writes under two accounts, and is an editor under a third.
    for name in ("second_account", "third_editor"):
        User.objects.filter(pk=people[name].pk).update(person=people["other_observer"].person)
        people[name].refresh_from_db()
    return stage


@pytest.mark.django_db
def test_the_database_equals_the_model_after_every_step():
    RandomSteps.stage = stage_of_people()
    run_state_machine_as_test(
        RandomSteps,
        settings=settings(
            max_examples=LONG or 20,
            stateful_step_count=60 if LONG else 25,
            deadline=None,
            derandomize=not LONG,
            suppress_health_check=list(HealthCheck),
        ),
    )
    # A step that is never taken is a step that is not tested.
    assert [step for step in WANTED if not PLAYED[step]] == [], PLAYED
