"""Token buckets: how much one client may ask, whoever else asks and in whichever process."""

import os
import subprocess
import sys
import time
from threading import Event, Thread

import pytest
import time_machine
from django.conf import settings
from django.db import connection, connections, transaction
from django.test import Client, RequestFactory

from elections import limits
from elections.addresses import address_of, network_of
from elections.limits import Limit, spend
from observers import tokens
from tests.factories import UserFactory
from tests.walking import person

pytestmark = pytest.mark.django_db
READ = "/api/v1/categories/"
MANY = 10**6


@pytest.fixture(autouse=True)
def _still(request):
    """Tokens come back with time; a slow machine must not give more of them than a fast one."""
    if request.node.get_closest_marker("django_db").kwargs.get("transaction"):
        yield  # with other processes and threads, whose clocks run
        return
    with time_machine.travel(time.time(), tick=False):
        yield


@pytest.fixture(autouse=True)
def _limited(settings):
    """Small buckets: five reads at once, one more each second."""
    settings.LIMITS = settings.LIMITS | {
        "all": "",
        "read": "60/m/5",
        "read-token": "60/m/9",
        "export": "60/h/2",
        "prepared": "60/m/3",
        "desk-token": "60/m/4",
    }
    limits.forget()
    yield
    limits.forget()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM dauys_limit")


def rows() -> list[tuple[str, float]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT client, full_at FROM dauys_limit")
        return cursor.fetchall()


def granted(times: int, identity: str = "192.0.2.1", bucket: str = "read") -> int:
    return sum(spend(bucket, "address", identity).granted for _ in range(times))


# --- the bucket ---------------------------------------------------------------------------
def test_a_bucket_is_emptied_and_comes_back_a_token_at_a_time():
    with time_machine.travel("2021-01-10T08:00:00Z", tick=False) as clock:
        assert granted(8) == 5
        refused = spend("read", "address", "192.0.2.1")
        assert (refused.granted, refused.left, round(refused.wait, 3)) == (False, 0, 1.0)
        clock.shift(0.5)
        assert granted(3) == 0
        assert round(spend("read", "address", "192.0.2.1").wait, 3) == 0.5
        clock.shift(0.5)
        assert granted(3) == 1
        clock.shift(2)
        assert granted(3) == 2
        clock.shift(3600)
        assert granted(9) == 5  # never more than it holds


def test_what_was_refused_costs_nothing():
    with time_machine.travel("2021-01-10T08:00:00Z", tick=False) as clock:
        assert granted(500) == 5
        clock.shift(1)
        assert granted(1) == 1


@pytest.mark.parametrize("jump", [-10 * 365 * 86400, -3600, 3600])
def test_a_clock_that_jumped_shuts_nobody_out(jump):
    with time_machine.travel("2021-01-10T08:00:00Z", tick=False) as clock:
        granted(9)
        clock.shift(jump)
        for _once_here_once_in_the_database in range(2):
            granted(1)
            clock.shift(7)  # the bucket and a block
        assert granted(9) == 5


def test_a_bucket_that_the_database_kept_from_a_wrong_clock_is_as_good_as_empty():
    with time_machine.travel("2021-01-10T08:00:00Z", tick=False) as clock:
        granted(1)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE dauys_limit SET full_at = full_at + 1e8")
        limits.forget()
        assert granted(1) == 0
        clock.shift(1)
        assert granted(1) == 1


def test_buckets_and_clients_do_not_know_of_each_other():
    assert granted(9) == 5
    assert granted(9, "192.0.2.2") == 5
    assert granted(9, bucket="export") == 2
    assert granted(9, bucket="prepared") == 3
    assert spend("read", "token", "192.0.2.1").granted
    assert granted(1) == 0


def test_nought_is_no_limit(settings):
    settings.LIMITS = settings.LIMITS | {"read": "0"}
    assert spend("read", "address", "192.0.2.1") is None
    assert spend("export", "address", "192.0.2.1").granted
    settings.LIMITS = settings.LIMITS | {"all": "0"}
    assert spend("export", "address", "192.0.2.1") is None


def test_blocks_are_an_eighth_of_a_bucket_and_small_buckets_are_exact():
    assert limits.read_limit("read", "600/m/200").block == 25
    assert limits.read_limit("read", "3000/m/1000").block == 125
    assert limits.read_limit("read", "30/h/10").block == 1
    assert limits.read_limit("read", f"{MANY}/s/{MANY}").block == MANY // 8


def test_most_reads_write_nothing(settings, django_assert_num_queries):
    settings.LIMITS = settings.LIMITS | {"read": "600/m/200"}
    granted(1)  # sweeps
    with django_assert_num_queries(0):
        granted(23)
    assert rows() == []
    granted(1)
    assert len(rows()) == 1
    granted(175)
    with django_assert_num_queries(0):
        assert granted(100) == 0


# --- processes ----------------------------------------------------------------------------
OTHER = """
import sys, time, django; django.setup()
from django.conf import settings
settings.LIMITS |= {"all": "", "read": sys.argv[1]}
from elections import limits
limits.PATIENCE_MS = 20_000  # two that only write would find SQLite busy
from elections.limits import spend
print("ready", flush=True)
sys.stdin.readline()
got = 0
for _ in range(int(sys.argv[2])):
    got += spend("read", "address", "192.0.2.1").granted
    time.sleep(0.0005)
print(got)
"""


def another_process(limit: str, times: int) -> subprocess.Popen:
    name = connection.settings_dict["NAME"]
    url = f"sqlite:///{name}"
    if connection.vendor == "postgresql":
        url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    return subprocess.Popen(
        [sys.executable, "-c", OTHER, limit, str(times)],
        cwd=settings.BASE_DIR,
        env=os.environ
        | {
            "DATABASE_URL": url,
            "SECRET_KEY": settings.SECRET_KEY,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("limit", "tokens", "block"),
    [("200/d/160", 160, 1), ("30000/m/1600", 1600, 200)],
)
@pytest.mark.django_db(transaction=True)
def test_processes_share_a_bucket(limit, tokens, block):
    """Both ask at once, far more than there is. Beyond it each may get a block less one."""
    both = [another_process(limit, 2 * tokens) for _ in range(2)]
    for one in both:
        assert one.stdout.readline() == "ready\n"
    begun = time.time()
    for one in both:
        one.stdin.write("go\n")
        one.stdin.flush()
    got = [int(one.communicate()[0]) for one in both]
    back = (time.time() - begun) / limits.read_limit("read", limit).every
    assert all(got)  # neither starved: they took turns
    assert sum(got) >= tokens - 2 * (block - 1)
    assert sum(got) <= tokens + back + 2 * (block - 1)


@pytest.mark.django_db(transaction=True)
def test_a_reader_does_not_wait_for_somebody_who_writes():
    """SQLite has one writer at a time. Who reads goes on; what was lent is settled later."""
    held, done = Event(), Event()

    def write() -> None:
        with transaction.atomic():
            UserFactory()
            held.set()
            done.wait(20)
        connections.close_all()

    writer = Thread(target=write)
    writer.start()
    held.wait(10)
    begun = time.monotonic()
    assert granted(3) == 3
    assert time.monotonic() - begun < 5
    done.set()
    writer.join()
    assert granted(1) == 1
    assert len(rows()) == 1


# --- who is asking ------------------------------------------------------------------------
def addressed(proxies: int, settings, forwarded: str | None, remote: str = "198.51.100.1") -> str:
    settings.TRUSTED_PROXIES = proxies
    more = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return address_of(RequestFactory().get("/", REMOTE_ADDR=remote, **more))


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "198.51.100.1"),  # nobody of ours writes it
        (1, None, "198.51.100.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "192.0.2.66, 203.0.113.9", "203.0.113.9"),  # what the visitor forged stands left
        (2, "192.0.2.66, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "198.51.100.1"),  # around one of the two
        (1, "", "198.51.100.1"),
        (1, "not an address", "198.51.100.1"),
        (1, "203.0.113.9:4711", "203.0.113.9"),
        (1, "[2001:db8::1]:4711", "2001:db8::1"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "fe80::1%eth0", "fe80::1"),
        (1, "٢٠٣.0.113.9", "198.51.100.1"),
        (1, "," * 5000, "198.51.100.1"),
    ],
)
def test_the_address_is_what_our_own_proxy_saw(settings, proxies, forwarded, address):
    assert addressed(proxies, settings, forwarded) == address


def test_behind_a_socket_all_are_one(settings):
    assert addressed(0, settings, None, remote="") == ""
    assert granted(9, "") == 5


def test_an_ipv6_network_counts_as_one():
    assert network_of("2001:db8:0:1:2:3:4:5") == network_of("2001:db8:0:1::9")
    assert network_of("2001:db8:0:2::9") != network_of("2001:db8:0:1::9")
    assert network_of("192.0.2.1") == "192.0.2.1"


def test_sign_in_survives_a_request_that_came_around_a_proxy(client, settings):
    settings.TRUSTED_PROXIES = settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    sent = {"login": "somebody", "password": "a guess"}
    answer = client.post("/account/login/", sent, headers={"X-Forwarded-For": "192.0.2.1"})
    assert answer.status_code == 200


# --- over HTTP ----------------------------------------------------------------------------
def asked(client: Client, times: int, path: str = READ, **more) -> list[int]:
    return [client.get(path, **more).status_code for _ in range(times)]


def test_a_refusal_says_when_to_come_back_and_until_then_stays(client):
    with time_machine.travel("2021-01-10T08:00:00Z", tick=False) as clock:
        first = client.get(READ)
        assert first["RateLimit-Policy"] == '"read";q=5;w=5'
        assert first["RateLimit"] == '"read";r=4;t=1'
        asked(client, 4)
        refused = client.get(READ)
        assert refused.status_code == 429
        assert refused["Content-Type"] == "application/problem+json"
        assert refused.json()["type"] == "/api/v1/problems/throttled/"
        assert refused["Retry-After"] == "1"
        assert refused["RateLimit"] == '"read";r=0;t=5'
        assert refused["Access-Control-Allow-Origin"] == "*"
        assert "RateLimit" in refused["Access-Control-Expose-Headers"]
        clock.shift(int(refused["Retry-After"]))
        assert client.get(READ).status_code == 200


def test_a_forged_header_buys_nothing(client):
    seen = [
        client.get(READ, headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code for n in range(7)
    ]
    assert seen.count(200) == 5


def test_a_preflight_and_what_is_asked_about_a_page_are_free(client):
    for _ in range(9):
        assert client.options(READ).status_code == 204
    assert asked(client, 5) == [200] * 5


def test_a_whole_file_is_taken_from_its_own_bucket(client):
    file = "/api/v1/incidents/?format=csv"
    first = client.get(file)
    assert first["RateLimit-Policy"] == '"read";q=5;w=5, "export";q=2;w=120'
    assert asked(client, 2, file) == [200, 429]
    refused = client.get(file)
    assert refused.status_code == 429
    assert 50 <= int(refused["Retry-After"]) <= 60
    # What did not change is no file, and a page is none either.
    unchanged = client.get(file, headers={"If-None-Match": first["ETag"]})
    assert unchanged.status_code == 304
    assert unchanged["RateLimit"].startswith('"read";r=0;')


def test_a_token_has_a_bucket_of_its_own(client):
    _token, text = tokens.create(UserFactory(), name="t", scopes=["published:read"])
    assert asked(client, 6)[-1] == 429
    bearer = {"headers": {"Authorization": f"Bearer {text}"}}
    assert asked(client, 10, **bearer) == [200] * 9 + [429]
    _token, other = tokens.create(UserFactory(), name="t", scopes=["published:read"])
    assert asked(client, 1, headers={"Authorization": f"Bearer {other}"}) == [200]


def test_guesses_at_tokens_are_counted(client):
    wrong = {"Authorization": "Bearer dauys_00000000_" + "A" * 43}
    assert asked(client, 6, headers=wrong) == [401] * 5 + [429]
    assert asked(client, 1) == [429]


def test_a_session_of_the_desk_is_never_counted(client):
    """From the very address that reads until it is refused."""
    assert asked(client, 9)[-1] == 429
    client.force_login(person("coordinator"))
    assert asked(client, 20, "/api/v1/desk/incidents/") == [200] * 20
    assert asked(client, 20, "/desk/") == [200] * 20
    assert "RateLimit" not in client.get("/api/v1/desk/incidents/")


def test_a_token_of_the_desk_is(client):
    _token, text = tokens.create(person("coordinator"), name="t", scopes=["desk"])
    bearer = {"headers": {"Authorization": f"Bearer {text}"}}
    assert asked(client, 5, "/api/v1/desk/incidents/", **bearer) == [200] * 4 + [429]


def test_what_phones_send_is_never_refused_for_being_much(client):
    """Challenges, envelopes, files and reports: from an address with nothing left."""
    assert asked(client, 6)[-1] == 429
    client.force_login(person("observer"))
    assert asked(client, 20, "/api/v1/devices/challenge/") == [200] * 20
    assert asked(client, 20, "/api/v1/reports/") == [200] * 20
    for number in range(20):
        key = f"00000000-0000-4000-8000-{number:012}"
        sent = {"data": {"text": "They let nobody in."}, "content_type": "application/json"}
        assert client.put(f"/api/v1/reports/{key}/", **sent).status_code == 201
        assert client.put(f"/api/v1/envelopes/{key}/", **sent).status_code != 429
        assert client.post("/api/v1/uploads/").status_code != 429


# --- what is kept -------------------------------------------------------------------------
def test_no_address_stands_in_the_table_and_another_key_each_day():
    with time_machine.travel("2021-01-10T23:59:59Z", tick=False) as clock:
        granted(1, "203.0.113.77")
        clock.shift(2)
        granted(1, "203.0.113.77")
        assert len({key for key, _full in rows()}) == 2
        assert "203.0.113.77" not in str(rows())
        assert all(len(key) == 64 for key, _full in rows())


def test_a_full_bucket_leaves_the_table_and_the_memory():
    with time_machine.travel("2021-01-10T08:00:00Z", tick=False) as clock:
        granted(3)
        assert (len(rows()), len(limits._clients)) == (1, 1)
        clock.shift(800)
        granted(1, "192.0.2.9")
        assert (len(rows()), len(limits._clients)) == (1, 1)
        clock.shift(800)
        assert limits.sweep() == 1


def test_the_memory_does_not_grow_with_the_number_of_addresses(monkeypatch, settings):
    settings.LIMITS = settings.LIMITS | {"read": "600/m/200"}
    monkeypatch.setattr(limits, "MOST_CLIENTS", 50)
    for number in range(500):
        granted(1, f"10.0.{number // 250}.{number % 250}")
    assert len(limits._clients) <= 50


def test_headers_of_a_limit_that_takes_a_fraction_of_a_second():
    limit = Limit("read", 2, 0.01)
    assert limits.Verdict(limit, False, 0, 0.004).headers() == {
        "RateLimit-Policy": '"read";q=2;w=1',
        "RateLimit": '"read";r=0;t=1',
        "Retry-After": "1",
    }
