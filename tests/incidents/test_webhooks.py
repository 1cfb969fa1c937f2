"""Webhooks: every public change once, in order, under one id, and nothing that is not public."""

import contextlib
import itertools
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import uuid
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from elections.models import Election
from incidents import webhooks
from incidents.errors import Invalid, NotAllowed, WrongState
from incidents.models import Change, Delivery, Subscription
from incidents.webhooks import sending
from observers import keys
from observers.models import Membership, User
from tests.contracts.stage import build_stage
from tests.receivers import raw_receiver, receiver

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _this_machine_may_be_called(settings):
    settings.WEBHOOKS_MAY_CALL_HERE = True


@pytest.fixture
def stage(db):
    return build_stage(f"hooks-{uuid.uuid4().hex[:6]}")


@pytest.fixture
def hook():
    with receiver() as made:
        yield made


def subscribe(stage, url, person="partner", **more):
    return webhooks.subscribe(by=stage.people[person], url=url, **more)


def tell():
    return webhooks.tell()


def told(hook):
    return [json.loads(body) for _headers, body in hook.requests]


def correct(stage, incident):
    stage.take(incident, "correct", "editor", what_changed="A typo.")
    stage.take(incident, "submit", "editor")
    stage.take(incident, "approve", "second_editor")
    stage.take(incident, "publish", "second_editor")


# --- What is told ----------------------------------------------------------------------------


def test_what_is_published_corrected_and_withdrawn_is_told_in_order_and_thinly(stage, hook):
    stage.publish()  # before it existed: for that there is /changes/
    made, _secret = subscribe(stage, hook.url)
    assert tell() == 0
    publication = stage.publish(title={"en": "SECRET", "ru": "SECRET", "kk": "SECRET"})
    correct(stage, publication.incident)
    stage.withdraw(publication, kind="safety")
    assert [tell(), tell()] == [3, 0]
    messages = told(hook)
    assert [one["type"] for one in messages] == [
        "incident.published",
        "incident.corrected",
        "incident.withdrawn",
    ]
    assert [one["data"]["seq"] for one in messages] == list(
        Change.objects.order_by("seq").values_list("seq", flat=True)[1:]
    )
    assert set(messages[0]) == {"type", "timestamp", "data"}
    assert set(messages[0]["data"]) == {
        "seq", "id", "ref", "election", "reason", "url", "changes",
    }  # fmt: skip
    assert messages[2]["data"]["reason"] == "safety"
    assert messages[0]["data"]["url"].endswith(f"/api/v1/incidents/{publication.ref}/")
    assert messages[0]["data"]["changes"].endswith(f"?since={messages[0]['data']['seq'] - 1}")
    assert b"SECRET" not in b"".join(body for _headers, body in hook.requests)
    assert len(set(hook.ids)) == 3
    assert set(hook.ids) == {str(row.pk) for row in Delivery.objects.filter(subscription=made)}


def test_the_public_library_verifies_it_also_while_a_secret_is_replaced(stage, hook, time_machine):
    made, first = subscribe(stage, hook.url)

    def last_verifies(secret):
        headers, body = hook.requests[-1]
        try:
            return bool(Webhook(secret).verify(body, headers))
        except WebhookVerificationError:
            return False

    stage.publish()
    tell()
    assert last_verifies(first)
    _made, second = webhooks.rotate(made, by=stage.people["partner"])
    stage.publish()
    tell()
    assert first != second
    assert [last_verifies(first), last_verifies(second)] == [True, True]
    assert len(hook.requests[-1][0]["webhook-signature"].split()) == 2
    _made, third = webhooks.rotate(made, by=stage.people["partner"])
    stage.publish()
    tell()
    assert [last_verifies(one) for one in (first, second, third)] == [False, True, True]
    time_machine.move_to(timezone.now() + webhooks.SECRET_OVERLAP + timedelta(seconds=1))
    stage.publish()
    tell()
    assert [last_verifies(one) for one in (second, third)] == [False, True]


def test_the_secret_is_in_no_table_and_in_no_log(stage, hook, caplog):
    caplog.set_level(logging.DEBUG)
    made, secret = subscribe(stage, hook.url)
    hook.answer = 500
    stage.publish()
    tell()
    rows = [*Subscription.objects.values(), *Delivery.objects.values()]
    assert secret.removeprefix("whsec_") not in str(rows)
    for private in (secret, hook.url, str(made.pk), "127.0.0.1"):
        assert private not in caplog.text
    assert "webhook not delivered: status" in caplog.text


def test_filters_narrow_what_is_published_but_never_what_is_taken_back(stage, hook):
    other = build_stage(f"other-{uuid.uuid4().hex[:6]}")
    subscribe(stage, hook.url, election=stage.election.slug, wanted=["DET", "NET01"])
    unfit = stage.publish()  # ACC01
    fitting = stage.publish(stage.open(stage.file(category="DET01")))
    other.withdraw(other.publish(other.open(other.file(category="DET01"))))
    tell()
    assert [one["data"]["ref"] for one in told(hook)] == [fitting.ref]
    stage.take(fitting.incident, "edit", "coordinator", changes={"category": "ACC01"})
    correct(stage, fitting.incident)  # what was told is now something else: that is told, too
    stage.withdraw(unfit)
    stage.withdraw(fitting)
    tell()
    assert [(one["type"], one["data"]["ref"]) for one in told(hook)[1:]] == [
        ("incident.corrected", fitting.ref),
        ("incident.withdrawn", unfit.ref),
        ("incident.withdrawn", fitting.ref),
    ]


def test_nothing_of_a_rehearsal_or_of_unpublished_work_is_told(stage, hook):
    subscribe(stage, hook.url)
    incident = stage.open(stage.file(danger="observer"))
    stage.take(incident, "draft", "editor", content={"title": {"en": "T"}})
    drill = build_stage(f"drill-{uuid.uuid4().hex[:6]}")
    Election.objects.filter(pk=drill.election.pk).update(is_rehearsal=True)
    drill.election.refresh_from_db()
    drill.publish()
    assert tell() == 0
    published = stage.publish()
    webhooks.fill()
    Election.objects.filter(pk=published.election_id).update(is_rehearsal=True)
    assert tell() == 0
    assert hook.requests == []
    assert Delivery.objects.get().last_problem == "not_public"


# --- When it fails ---------------------------------------------------------------------------


def test_a_receiver_that_is_down_for_an_hour_gets_everything_in_order_and_once(
    stage, hook, time_machine
):
    time_machine.move_to("2021-01-10T06:00:00Z", tick=False)
    made, _secret = subscribe(stage, hook.url)
    hook.answer = 503
    began, published = timezone.now(), []
    while timezone.now() < began + HOUR:
        if len(published) < 6:
            published.append(stage.publish().ref)
        tell()
        time_machine.shift(timedelta(seconds=97))
    assert len(set(hook.ids)) == 1  # only the oldest knocked
    assert 5 <= len(hook.ids) <= 15
    made.refresh_from_db()
    assert made.failing_since is not None
    assert Delivery.objects.filter(waiting=True).count() == 6
    hook.answer, before = 200, len(hook.requests)
    for _turn in range(80):
        tell()
        time_machine.shift(timedelta(seconds=60))
    accepted = told(hook)[before:]
    assert [one["data"]["ref"] for one in accepted] == published
    seqs = [one["data"]["seq"] for one in accepted]
    assert seqs == sorted(seqs)
    assert len(set(hook.ids[before:])) == 6
    made.refresh_from_db()
    assert (made.failing_since, made.failures) == (None, 0)
    bodies = {}
    for headers, body in hook.requests:  # the same id, the same bytes
        assert bodies.setdefault(headers["webhook-id"], body) == body


def test_pauses_grow_to_a_day_are_spread_and_end_after_three_days(stage, hook, time_machine):
    time_machine.move_to("2021-01-10T06:00:00Z", tick=False)
    made, _secret = subscribe(stage, hook.url)
    hook.answer = 500
    stage.publish()
    began, at = timezone.now(), []
    while made.paused_at is None and len(at) < 100:
        assert tell() == 0
        at.append(timezone.now())
        time_machine.move_to(Delivery.objects.get().next_try_at, tick=False)
        made.refresh_from_db()
    assert made.paused_why == "failing"
    assert at[-1] - began == 3 * DAY
    pauses = [later - earlier for earlier, later in itertools.pairwise(at)]
    assert timedelta(seconds=3) < pauses[0] <= timedelta(seconds=5)
    assert max(pauses) <= DAY
    assert 12 <= len(at) <= 24
    assert tell() == 0
    assert len(hook.requests) == len(at)
    hook.answer = 200
    stage.publish()
    time_machine.shift(30 * DAY)
    assert tell() == 0
    webhooks.resume(made, by=stage.people["partner"])
    assert tell() == 2
    assert [one["data"]["seq"] for one in told(hook)[-2:]] == [1, 2]


def test_a_day_is_the_longest_pause():
    assert {sending.pause_after(n) <= DAY for n in (0, 1, 20, 10**9)} == {True}
    assert sending.pause_after(40) >= 0.8 * DAY


def test_gone_for_good_pauses_at_once(stage, hook):
    made, _secret = subscribe(stage, hook.url)
    hook.answer = 410
    stage.publish()
    tell()
    made.refresh_from_db()
    assert made.paused_why == "gone"
    assert Delivery.objects.get().waiting


@pytest.mark.parametrize("jump", [400 * DAY, -400 * DAY, -3 * HOUR])
def test_a_clock_that_jumps_neither_pauses_nor_forgets(stage, hook, time_machine, jump):
    time_machine.move_to("2021-01-10T06:00:00Z", tick=False)
    made, _secret = subscribe(stage, hook.url)
    hook.answer = 500
    stage.publish()
    tell()
    time_machine.shift(jump)
    tell()
    time_machine.shift(-jump)
    tell()
    made.refresh_from_db()
    assert made.paused_at is None
    hook.answer = 200
    time_machine.shift(timedelta(minutes=5))
    assert tell() == 1


@pytest.mark.parametrize(
    ("play", "problem"),
    [
        (lambda line: line.sendall(b"nonsense\r\n"), "protocol"),
        (lambda line: None, "connection"),
    ],
)
def test_why_it_failed_is_kept_and_nothing_that_was_answered(stage, play, problem):
    with raw_receiver(play) as (url, _calls):
        subscribe(stage, url)
        stage.publish()
        tell()
    row = Delivery.objects.get()
    assert (row.last_problem, row.last_status, row.attempts) == (problem, None, 1)


def test_one_receiver_that_is_silent_keeps_no_other_waiting(stage, hook, monkeypatch):
    quiet = threading.Event()
    with raw_receiver(lambda line: quiet.wait(30)) as (url, _calls):
        for _ in range(3):
            subscribe(stage, url)
        subscribe(stage, hook.url, "coordinator")
        for _ in range(3):
            stage.publish()
        real = sending.posting.post
        monkeypatch.setattr(sending.posting, "post", lambda *a, **k: real(*a, **k, seconds=2))
        assert tell() == 3
        quiet.set()
    assert Delivery.objects.filter(waiting=True, last_problem="timeout").count() == 3


# --- Several workers, and those that die -----------------------------------------------------


def test_a_worker_that_died_loses_its_lease_and_the_id_stays(stage, hook, time_machine):
    time_machine.move_to("2021-01-10T06:00:00Z", tick=False)
    made, _secret = subscribe(stage, hook.url)
    stage.publish()
    webhooks.fill()
    parcel = sending._take(made.pk)
    answer = sending._post(parcel)  # sent, and then it dies
    assert answer.status == 200
    assert tell() == 0  # another one may not: the first may still be at it
    time_machine.shift(sending.LEASE + timedelta(seconds=1))
    assert tell() == 1
    assert len(hook.ids) == 2
    assert len(set(hook.ids)) == 1
    # It was only slow: what it says late changes nothing of what is known by now.
    assert sending._record(parcel, sending.Answer(problem="timeout")) is False
    assert Delivery.objects.get().waiting is False
    made.refresh_from_db()
    assert made.failing_since is None


def test_a_lease_from_the_future_is_none(stage, hook, time_machine):
    time_machine.move_to("2031-01-10T06:00:00Z", tick=False)
    made, _secret = subscribe(stage, hook.url)
    stage.publish()
    webhooks.fill()
    assert sending._take(made.pk)
    time_machine.move_to("2021-01-10T06:00:00Z", tick=False)
    assert tell() == 1


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_send_each_message_once_and_in_order(hook):
    stage = build_stage(f"crowd-{uuid.uuid4().hex[:6]}")
    with receiver() as second:
        subscribe(stage, hook.url)
        subscribe(stage, second.url, "coordinator")
        for _ in range(5):
            stage.publish()
        barrier, failed = threading.Barrier(4), []

        def play():
            barrier.wait()
            try:
                for _turn in range(6):
                    webhooks.tell()
            except Exception as error:  # noqa: BLE001  whatever it is fails the test
                failed.append(repr(error))
            finally:
                connection.close()

        threads = [threading.Thread(target=play) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert failed == []
        for one in (hook, second):
            assert len(one.ids) == len(set(one.ids)) == 5
            seqs = [message["data"]["seq"] for message in told(one)]
            assert seqs == sorted(seqs)


WORKER = "import django; django.setup(); from incidents import webhooks; webhooks.tell()"


def worker(place):
    """Another process on the very database of this test."""
    known = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{known['NAME']}"
    else:
        given = f"{known['USER']}:{known['PASSWORD']}".strip(":")
        url = f"postgres://{given}@{known['HOST']}:{known['PORT']}/{known['NAME']}"
    environment = os.environ | {
        "ENVIRONMENT": "demo",
        "DATA_DIR": str(place),
        "KEYS_DIR": str(django_settings.KEYS_DIR),
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "WEBHOOKS_MAY_CALL_HERE": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=django_settings.BASE_DIR,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_with_a_message_on_the_wire_loses_none_and_invents_none(tmp_path):
    """The receiver takes the message and kills the sender before it answers."""
    stage = build_stage(f"killed-{uuid.uuid4().hex[:6]}")
    at_work: list[subprocess.Popen] = []
    with receiver() as hook:
        real = hook.requests.append

        class Deadly(list):
            def append(self, request):
                real(request)
                if at_work:
                    os.kill(at_work.pop().pid, signal.SIGKILL)

        kept, hook.requests = hook.requests, Deadly()
        made, secret = subscribe(stage, hook.url)
        for _ in range(3):
            stage.publish()
        for _kill in range(2):
            process = worker(tmp_path)
            at_work.append(process)
            _out, said = process.communicate(timeout=60)
            assert process.returncode == -signal.SIGKILL, said
            assert Delivery.objects.filter(waiting=True).count() == 3
            # A minute later, without the minute.
            Subscription.objects.update(leased_until=timezone.now())
            Delivery.objects.update(next_try_at=timezone.now())
        alive = worker(tmp_path)
        _out, said = alive.communicate(timeout=60)
        assert alive.returncode == 0, said
    assert not Delivery.objects.filter(waiting=True).exists()
    ids = [headers["webhook-id"] for headers, _body in kept]
    assert len(ids) == 5
    assert len(set(ids)) == 3
    assert len(set(ids[:3])) == 1
    assert Webhook(secret).verify(kept[-1][1], kept[-1][0])
    assert made.pk


# --- Whose it is -----------------------------------------------------------------------------


def test_who_is_locked_or_loses_the_role_is_told_nothing_from_then_on(stage, hook):
    subscribe(stage, hook.url)
    stage.publish()
    webhooks.fill()
    partner = stage.people["partner"]
    User.objects.filter(pk=partner.pk).update(is_active=False)
    stage.publish()
    assert tell() == 0
    User.objects.filter(pk=partner.pk).update(is_active=True)
    Membership.objects.filter(user=partner).update(ends=timezone.now() - HOUR)
    assert tell() == 0
    assert hook.requests == []
    Membership.objects.filter(user=partner).update(ends=None)
    assert tell() == 2
    assert [one["data"]["seq"] for one in told(hook)] == [1, 2]


@pytest.mark.parametrize("person", ["observer", "admin"])
def test_who_may_not_have_one_can_neither_make_nor_touch_one(stage, hook, person):
    with pytest.raises(NotAllowed):
        subscribe(stage, hook.url, person)
    made, _secret = subscribe(stage, hook.url)
    verbs = (
        webhooks.rotate, webhooks.pause, webhooks.resume, webhooks.unsubscribe, webhooks.test
    )  # fmt: skip
    for verb in verbs:
        for somebody in (person, "coordinator"):
            with pytest.raises(NotAllowed):
                verb(made, by=stage.people[somebody])
    assert Subscription.objects.count() == 1


def test_a_pause_loses_nothing(stage, hook):
    made, _secret = subscribe(stage, hook.url)
    stage.publish()
    webhooks.fill()
    webhooks.pause(made, by=stage.people["partner"])
    stage.publish()
    assert tell() == 0
    assert Delivery.objects.count() == 1  # the rest stays in the feed
    webhooks.resume(made, by=stage.people["partner"])
    assert tell() == 2
    assert [one["data"]["seq"] for one in told(hook)] == [1, 2]


def test_a_test_is_sent_once_first_and_also_while_paused(stage, hook):
    made, secret = subscribe(stage, hook.url)
    partner = stage.people["partner"]
    webhooks.pause(made, by=partner)
    one = webhooks.test(made, by=partner)
    assert webhooks.test(made, by=partner) == one
    hook.answer = 500
    assert [tell(), tell()] == [0, 0]
    assert told(hook)[0]["type"] == "webhook.test"
    assert Webhook(secret).verify(hook.requests[0][1], hook.requests[0][0])
    assert len(hook.requests) == 1
    made.refresh_from_db()
    assert made.failing_since is None
    one.refresh_from_db()
    assert (one.waiting, one.last_status) == (False, 500)
    with pytest.raises(WrongState):
        webhooks.redeliver(one, by=partner)


def test_a_message_is_sent_again_under_its_id(stage, hook):
    subscribe(stage, hook.url)
    stage.publish()
    stage.publish()
    tell()
    first = Delivery.objects.get(change_id=1)
    webhooks.redeliver(first, by=stage.people["partner"])
    assert tell() == 1
    assert hook.ids == [hook.ids[0], hook.ids[1], hook.ids[0]]
    assert hook.requests[0][1] == hook.requests[2][1]
    with pytest.raises(NotAllowed):
        webhooks.redeliver(first, by=stage.people["coordinator"])


def test_twenty_are_enough(stage, hook):
    for _ in range(webhooks.MOST):
        subscribe(stage, hook.url)
    with pytest.raises(WrongState):
        subscribe(stage, hook.url)


def test_a_backlog_is_taken_from_the_feed_piece_by_piece(stage, hook, monkeypatch):
    from incidents.webhooks import outbox

    monkeypatch.setattr(outbox, "MOST_WAITING", 2)
    subscribe(stage, hook.url)
    for _ in range(5):
        stage.publish()
    assert [webhooks.fill(), webhooks.fill()] == [2, 0]
    assert [tell(), tell(), tell()] == [2, 2, 1]
    assert [one["data"]["seq"] for one in told(hook)] == [1, 2, 3, 4, 5]


def test_what_was_looked_at_twice_is_one_message(stage, hook):
    """As after a database was brought back to an hour ago by hand."""
    made, _secret = subscribe(stage, hook.url)
    stage.publish()
    webhooks.fill()
    Subscription.objects.filter(pk=made.pk).update(seen_seq=0)
    assert tell() == 1
    assert len(hook.ids) == 1


def test_the_log_is_kept_for_a_season(stage, hook, time_machine):
    time_machine.move_to("2021-01-10T06:00:00Z", tick=False)
    subscribe(stage, hook.url)
    stage.publish()
    tell()
    time_machine.shift(89 * DAY)
    assert webhooks.sweep() == 0
    time_machine.shift(2 * DAY)
    assert webhooks.sweep() == 1
    assert tell() == 0


@pytest.mark.parametrize(
    "url",
    ["", "http://example.org/", "https://10.0.0.1/", "https://[::ffff:10.0.0.1]/", "nonsense",
     "https://user:word@example.org/", "https://0x7f.1/", "\0", "\ud800",
     "https://a/" + "x" * 600],
)  # fmt: skip
def test_an_address_that_can_never_be_called_is_refused_when_it_is_given(stage, settings, url):
    settings.WEBHOOKS_MAY_CALL_HERE = False
    with pytest.raises(Invalid) as refused:
        subscribe(stage, url)
    assert list(refused.value.errors) == ["url"]


def test_without_the_setting_this_machine_is_not_called(stage, hook, settings):
    subscribe(stage, hook.url)
    settings.WEBHOOKS_MAY_CALL_HERE = False
    stage.publish()
    assert tell() == 0
    assert hook.requests == []
    assert Delivery.objects.get().last_problem == "address"


def test_a_name_that_leads_inside_is_not_called_whatever_it_was_before(stage, hook, settings):
    made, _secret = subscribe(stage, hook.url)
    settings.WEBHOOKS_MAY_CALL_HERE = False
    port = hook.url.rsplit(":", 1)[1]
    Subscription.objects.filter(pk=made.pk).update(url=f"https://localhost:{port}")
    stage.publish()
    assert tell() == 0
    assert hook.requests == []
    assert Delivery.objects.get().last_problem == "no_public_address"


def test_unknown_elections_and_categories_are_named(stage, hook):
    drill = build_stage(f"drill-{uuid.uuid4().hex[:6]}")
    Election.objects.filter(pk=drill.election.pk).update(is_rehearsal=True)
    for slug in ("nowhere", drill.election.slug):
        with pytest.raises(Invalid) as refused:
            subscribe(stage, hook.url, election=slug, wanted=["XXX", "DET"])
        assert set(refused.value.errors) == {"election", "categories"}


def test_without_the_key_nothing_is_signed_and_nothing_is_lost(stage, hook, settings, tmp_path):
    subscribe(stage, hook.url)
    stage.publish()
    kept = settings.KEYS_DIR
    settings.KEYS_DIR = tmp_path
    with contextlib.suppress(keys.NoKey):
        tell()
    assert hook.requests == []
    settings.KEYS_DIR = kept
    assert tell() == 1


def test_the_clock_of_the_house_tells(stage, hook):
    from django.core.management import call_command

    subscribe(stage, hook.url)
    stage.publish()
    call_command("tick")
    assert len(hook.ids) == 1
