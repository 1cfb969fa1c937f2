"""All rows as a file: passed on as they lie, of one moment, and let go when nobody reads."""

import itertools
import json
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest
from django.db import connection, connections
from django.test import Client

from incidents import exports, streaming
from incidents.models import Publication
from tests.api.rows import body_of, many_rows, published_row
from tests.api.test_formats import EVIL

ROWS = 1000
LONG = {language: f"{language} " + "x" * 3900 for language in ("en", "ru", "kk")}
QUERIES = ("format=csv", "format=ndjson", "format=geojson", "format=csv&labels=ru")
STORED = tuple(exports.STORED)
whole = pytest.mark.django_db(transaction=True)


def elsewhere(work) -> None:
    """In another connection; what it raises is raised here."""
    failed = []

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - told below
            failed.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=60)
    assert not thread.is_alive(), "an export kept a writer out"
    assert failed == []


def nobody_reads() -> bool:
    """No statement of an export is under way. Asked from a connection of our own."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND state <> 'idle'"
            )
            return cursor.fetchone() == (0,)
        # The log cannot be taken in while a reader stands in the middle of it.
        cursor.execute("PRAGMA busy_timeout = 0")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy = cursor.fetchone()[0]
        cursor.execute("PRAGMA busy_timeout = 20000")
        return busy == 0


@pytest.mark.django_db
@pytest.mark.parametrize("format_", STORED)
@pytest.mark.parametrize("form", [{}, {"bom": True}, {"hxl": True}, {"bom": True, "hxl": True}])
def test_what_lies_ready_is_what_would_be_made_of_the_documents(format_, form):
    for text in (*EVIL, 'He said "many",\r\nthen;left', "\\N\\.\t\x7f", "Қазақ 🗳", ""):
        published_row(persons_words=text, title={"ru": text}, summary={"kk": text, "en": text})
    published_row(longitude=None, latitude=None, regions=[], details={"x": "=1"})
    rows = Publication.objects.order_by("published_at", "id")
    passed_on = b"".join(exports.file(format_, rows, **form))
    documents = list(rows.values_list("document", flat=True))
    assert passed_on == b"".join(exports.stream(format_, documents, **form))
    nothing = b"".join(exports.file(format_, rows.none(), **form))
    assert nothing == b"".join(exports.stream(format_, [], **form))
    empty = rows.filter(ref="nowhere")
    assert b"".join(exports.file(format_, empty, **form)) == nothing


@pytest.mark.django_db
@pytest.mark.parametrize("query", QUERIES)
def test_every_ordering_and_filter_is_that_of_the_page(client, query):
    for number in range(12):
        published_row(severity=number % 4 + 1, longitude=70 + number, sources=number)
    for more in ("ordering=published", "ordering=-occurred", "severity_min=3", "bbox=71,40,76,50"):
        listed = [r["ref"] for r in client.get(f"/api/v1/incidents/?{more}").json()["results"]]
        text = body_of(client.get(f"/api/v1/incidents/?{query}&{more}")).decode()
        places = [text.index(ref) for ref in listed]
        assert places == sorted(places)
        assert len(listed) == sum(text.count(f"/incidents/{ref}/") for ref in listed)
        assert text.count("/incidents/") == len(listed)


@whole
@pytest.mark.parametrize("query", QUERIES)
def test_a_file_is_of_one_moment_and_keeps_no_writer_out(client, query):
    many_rows(ROWS, summary=LONG)
    answer = client.get(f"/api/v1/incidents/?{query}")
    pieces = iter(answer.streaming_content)
    first = next(pieces)
    rows = Publication.objects.filter(live=True)
    new = dict.fromkeys(("document", "csv_row", "geojson_feature"), "CHANGED")
    elsewhere(lambda: rows.update(**new))
    elsewhere(lambda: Publication.objects.filter(pk=rows.first().pk).update(sources=9))
    text = b"".join([first, *pieces]).decode()
    assert "CHANGED" not in text
    assert text.count("/incidents/") == ROWS
    answer.close()
    assert Publication.objects.filter(document="CHANGED").count() == ROWS


@whole
@pytest.mark.parametrize("query", QUERIES)
def test_a_reader_who_leaves_leaves_nothing_behind(client, query):
    many_rows(ROWS, summary=LONG)
    answer = client.get(f"/api/v1/incidents/?{query}")
    assert next(iter(answer.streaming_content))
    answer.close()
    assert not connection.in_atomic_block
    if connection.vendor == "postgresql":
        assert connection.connection.info.transaction_status.name == "IDLE"
    elsewhere(lambda: Publication.objects.update(sources=9))
    assert nobody_reads()
    assert client.get("/api/v1/incidents/?limit=1").status_code == 200


@whole
@pytest.mark.parametrize("query", ["format=ndjson", "format=csv&labels=ru"])
def test_a_line_that_breaks_in_the_middle_frees_the_server(live_server, query):
    many_rows(ROWS, summary=LONG)
    at = urlsplit(live_server.url)
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect((at.hostname, at.port))
        line.sendall(
            f"GET /api/v1/incidents/?{query} HTTP/1.1\r\nHost: {at.netloc}\r\n\r\n".encode()
        )
        assert line.recv(1000).startswith(b"HTTP/1.1 200")
        Publication.objects.update(sources=7)
        assert not nobody_reads()  # it stands in the middle, waiting for us
    for _attempt in range(100):
        if nobody_reads():
            break
        time.sleep(0.1)
    else:
        pytest.fail("the statement of a reader who left is still open")
    assert Client().get("/api/v1/incidents/?limit=1").status_code == 200


@whole
def test_a_file_comes_in_pieces_of_a_bounded_size(client):
    many_rows(ROWS, summary=LONG)
    for query in QUERIES:
        sizes = [len(p) for p in client.get(f"/api/v1/incidents/?{query}").streaming_content]
        assert len(sizes) >= 10, query
        assert max(sizes) < 2 * 1024**2, query  # of rows as long as rows can be


@whole
def test_one_moment_sees_no_later_change_and_ends_with_its_block():
    many_rows(3)
    with streaming.one_moment():
        before = list(Publication.objects.values_list("sources", flat=True))
        elsewhere(lambda: Publication.objects.update(sources=9))
        assert list(Publication.objects.values_list("sources", flat=True)) == before
    assert set(Publication.objects.values_list("sources", flat=True)) == {9}
    Publication.objects.update(sources=8)


@pytest.mark.django_db
def test_a_page_and_a_file_begin_with_the_same_rows(client):
    many_rows(30)
    page = client.get("/api/v1/incidents/?limit=10").json()["results"]
    lines = body_of(client.get("/api/v1/incidents/?format=ndjson")).splitlines()
    assert [json.loads(line) for line in itertools.islice(lines, 10)] == page
