"""The public feed misses nothing, with eight writers and a reader who asks all the time."""

import threading
import time

import pytest
from django.db import connection, connections, transaction

from incidents import history
from incidents.models import Change, Incident, Publication
from tests.contracts.stage import build_stage

WRITERS, EACH = 8, 12


@pytest.mark.django_db(transaction=True)
def test_a_poller_sees_every_change_of_eight_writers_exactly_once():
    """Writers correct, approve and publish; a poller asks for “greater than the last I saw”."""
    stage = build_stage("feed")
    incidents = [stage.publish().incident for _ in range(WRITERS)]
    seen: list[int] = [c.seq for c in Change.objects.order_by("seq")]
    done, failures = threading.Event(), []

    def write(incident: Incident) -> None:
        try:
            for round_ in range(EACH):
                stage.take(incident, "correct", "editor", what_changed=f"Round {round_}")
                stage.take(incident, "submit", "editor")
                stage.take(incident, "approve", "second_editor")
                with transaction.atomic():
                    stage.take(incident, "publish", "second_editor")
                    if round_ % 2:
                        time.sleep(0.003)  # a transaction that commits later than it numbers
        except Exception as error:  # noqa: BLE001 - told to the test below
            failures.append(error)
        finally:
            connections.close_all()

    def poll() -> None:
        try:
            last = seen[-1]
            finished = False
            while not finished:
                finished = done.is_set()
                for seq in (
                    Change.objects.filter(seq__gt=last)
                    .order_by("seq")
                    .values_list("seq", flat=True)
                ):
                    seen.append(seq)
                    last = seq
                time.sleep(0.002)
        finally:
            connections.close_all()

    poller = threading.Thread(target=poll)
    writers = [threading.Thread(target=write, args=[incident]) for incident in incidents]
    for thread in (poller, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    poller.join()
    assert failures == []
    total = WRITERS * (EACH + 1)
    assert seen == list(range(1, total + 1))
    assert Change.objects.count() == total
    newest = set(Publication.objects.values_list("last_seq", flat=True))
    assert newest == set(Change.objects.latest_states().values_list("seq", flat=True))
    assert list(history.verify()) == []


@pytest.mark.django_db(transaction=True)
def test_a_sequence_number_waits_for_the_commit_before_it():
    """While one transaction holds the counter, a second gets no number to show."""
    if connection.vendor == "sqlite":
        assert connection.transaction_mode == "IMMEDIATE"  # one writer at a time by itself
        return
    history_taken, may_commit, got = threading.Event(), threading.Event(), []

    def first() -> None:
        with transaction.atomic():
            counter = history.take_number("changes")
            counter.save()
            history_taken.set()
            may_commit.wait(5)
        connections.close_all()

    def second() -> None:
        history_taken.wait(5)
        with transaction.atomic():
            got.append(history.take_number("changes").value)
        connections.close_all()

    with transaction.atomic():
        history.take_number("changes")
    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    for thread in threads:
        thread.start()
    history_taken.wait(5)
    time.sleep(0.2)
    assert got == []
    may_commit.set()
    for thread in threads:
        thread.join()
    assert got == [2]
