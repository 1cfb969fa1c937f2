"""Everybody at once, for a few seconds: no two wait for each other, and nothing is lost."""

import contextlib
import random
import threading
import time
from collections import Counter

import pytest
from django.db import connections

from incidents import alerts, history, publishing, steps
from incidents.errors import Refused
from incidents.models import Alert, Change, Incident, Report, ReportLink
from incidents.vocabulary import ReportState
from tests.contracts.stage import build_stage

SECONDS = 4
pytestmark = pytest.mark.django_db(transaction=True)


class Crowd:
    """One world, and what each of the crowd does in it again and again."""

    def __init__(self) -> None:
        self.stage = build_stage("crowd")
        self.incidents = [self.stage.open().pk for _ in range(4)]
        for pk in self.incidents[:2]:
            self.stage.publish(Incident.objects.get(pk=pk))
        self.reports = list(Report.objects.order_by("pk").values_list("pk", flat=True))
        for _ in range(2):
            self.reports.append(self.stage.file(danger="others").pk)
        self.failures: list[BaseException] = []
        self.done: Counter[str] = Counter()

    def incident(self) -> Incident:
        return Incident.objects.get(pk=random.choice(self.incidents))

    def report(self) -> Report:
        return Report.objects.get(pk=random.choice(self.reports))

    def on_report(self, step: str, by: str = "coordinator", **data) -> None:
        person = self.stage.people[by]
        report = self.report()
        steps.take_on_report(report, step, by=person, channel="page", reason="Because.", **data)
        self.done[step] += 1

    def correct_a_report(self) -> None:
        self.stage.file(follow_up_of=str(self.report().pk), follow_up_kind="correction")
        self.done["file_report"] += 1

    def link(self) -> None:
        self.on_report("link", incident=self.incident().ref)

    def unlink(self) -> None:
        self.on_report("unlink", incident=self.incident().ref)

    def quarantine(self) -> None:
        self.on_report("quarantine")

    def clear(self) -> None:
        self.on_report("clear", by="security")
        self.link()

    def merge(self) -> None:
        into = self.incident().ref
        self.stage.take(self.incident(), "merge", "coordinator", into=into, reason="The same.")
        self.done["merge"] += 1

    def unmerge(self) -> None:
        self.stage.take(self.incident(), "unmerge", "coordinator", reason="They differ.")
        self.done["unmerge"] += 1

    def edit_the_world(self) -> None:
        incident = self.incident()
        for step, by, data in (
            ("correct", "editor", {"what_changed": "A date."}),
            ("restore", "editor", {"reason": "It was right."}),
            ("submit", "editor", {}),
            ("approve", "second_editor", {}),
            ("publish", "editor", {}),
            ("confirm_publication", "editor", {"reason": "Good."}),
        ):
            with contextlib.suppress(Refused):
                self.stage.take(incident, step, by, **data)
                self.done[step] += 1

    def accept(self) -> None:
        row = random.choice(Alert.objects.all())
        Alert.objects.filter(pk=row.pk).update(accepted_at=None)
        alerts.accept(row, by=self.stage.people["coordinator"])
        self.done["accept"] += 1

    def alert_of_an_incident(self) -> None:
        incident = self.incident()
        key = f"crowd {incident.ref}"
        Alert.objects.get_or_create(
            key=key,
            defaults={"election": incident.election, "rule": "critical", "incident": incident},
        )
        self.accept()

    def tick(self) -> None:
        publishing.publish_due()
        publishing.note_lost_access()
        alerts.overdue()

    def again_and_again(self, act, until: float) -> None:
        try:
            while time.monotonic() < until and not self.failures:
                with contextlib.suppress(Refused):
                    act()
        except BaseException as failure:  # noqa: BLE001 - the test tells of it
            self.failures.append(failure)
        finally:
            connections.close_all()


def test_no_two_verbs_wait_for_each_other_and_history_stays_whole():
    crowd = Crowd()
    until = time.monotonic() + SECONDS
    acts = [
        crowd.correct_a_report,
        crowd.link,
        crowd.link,
        crowd.unlink,
        crowd.quarantine,
        crowd.clear,
        crowd.merge,
        crowd.merge,
        crowd.unmerge,
        crowd.edit_the_world,
        crowd.edit_the_world,
        crowd.alert_of_an_incident,
        crowd.tick,
    ]
    threads = [threading.Thread(target=crowd.again_and_again, args=(a, until)) for a in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert crowd.failures == []
    assert not any(thread.is_alive() for thread in threads)
    assert {"file_report", "link", "merge", "accept"} <= set(crowd.done), crowd.done
    assert list(history.verify()) == []
    numbers = list(Change.objects.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    linked = set(ReportLink.objects.values_list("report", flat=True))
    said = Report.objects.filter(state=ReportState.LINKED)
    assert set(said.values_list("pk", flat=True)) - linked == set()
