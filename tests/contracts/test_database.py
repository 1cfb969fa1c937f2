"""What the database itself promises, on both databases."""

import uuid

import pytest
from django.db import DatabaseError, connection, transaction

from incidents import guards, history
from incidents.models import (
    Answer,
    Change,
    Event,
    Note,
    Publication,
    Question,
    RawReport,
    Report,
)
from observers.models import PartnerAccess
from tests.contracts.stage import build_stage


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pragma", "expected"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),  # FULL: an acknowledged report survives a power cut
        ("foreign_keys", 1),
        ("recursive_triggers", 1),
        ("secure_delete", 1),
        ("busy_timeout", 20_000),
    ],
)
def test_a_live_sqlite_connection_has_the_safe_options(pragma, expected):
    if connection.vendor != "sqlite":
        assert connection.settings_dict["OPTIONS"].get("init_command") is None
        return
    with connection.cursor() as cursor:
        assert cursor.execute(f"PRAGMA {pragma}").fetchone()[0] == expected


@pytest.mark.django_db
def test_a_sqlite_transaction_is_immediate():
    """A deferred one that reads and then writes fails at once under load."""
    if connection.vendor == "sqlite":
        assert connection.transaction_mode == "IMMEDIATE"


@pytest.fixture
def rows(db):
    stage = build_stage("rows")
    publication = stage.publish()
    report, desk = Report.objects.first(), stage.people["coordinator"]
    note = Note.objects.create(incident=publication.incident, author=desk, text="Call back.")
    question = Question.objects.create(report=report, asked_by=desk, text="How many?")
    answer = Answer.objects.create(
        id=uuid.uuid4(), question=question, author=report.author, text="Two.", sha256="0" * 64
    )
    access = PartnerAccess.objects.create(
        user=stage.people["partner"], token=stage.token, prefix=stage.token.prefix,
        resource="incidents", format="csv", rows=1, data_version=1,
    )  # fmt: skip
    return {
        "observers_partneraccess": access,
        "incidents_note": note,
        "incidents_answer": answer,
        "incidents_event": Event.objects.first(),
        "incidents_change": Change.objects.get(publication=publication),
        "incidents_rawreport": RawReport.objects.first(),
        "incidents_report": report,
    }


def refused(sql: str, *params) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, params)
    except DatabaseError as error:
        return "append-only" in str(error)
    return False


COLUMN = {
    "observers_partneraccess": "resource",
    "incidents_note": "text",
    "incidents_answer": "text",
    "incidents_event": "reason",
    "incidents_change": "op",
    "incidents_rawreport": "sha256",
    "incidents_report": "text",
}


@pytest.mark.parametrize("table", sorted(guards.GUARDED))
def test_update_and_delete_are_refused(rows, table):
    assert refused(f"UPDATE {table} SET {COLUMN[table]} = 'x'")
    assert refused(f"DELETE FROM {table}")


@pytest.mark.parametrize("table", sorted(guards.GUARDED))
def test_replace_and_upsert_are_refused(rows, table):
    columns = ", ".join(f'"{field.column}"' for field in type(rows[table])._meta.concrete_fields)
    key = type(rows[table])._meta.pk.column
    if connection.vendor == "sqlite":
        assert refused(f"INSERT OR REPLACE INTO {table} ({columns}) SELECT {columns} FROM {table}")
    assert refused(
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table} WHERE true "
        f"ON CONFLICT ({key}) DO UPDATE SET {COLUMN[table]} = 'x'"
    )


def test_what_the_desk_does_with_a_report_may_change(rows):
    report = rows["incidents_report"]
    report.state_reason = "a reason"
    report.save(update_fields=["state_reason"])
    assert Report.objects.get(pk=report.pk).state_reason == "a reason"


def test_a_report_cannot_be_changed_through_the_orm(rows):
    report = rows["incidents_report"]
    report.text = "something else"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        report.save()


def test_the_chain_of_history_holds_and_names_what_was_tampered_with(rows):
    assert list(history.verify()) == []
    second = Event.objects.order_by("seq")[1]
    guards.remove(connection)
    try:
        Event.objects.filter(pk=second.pk).update(reason="rewritten")
        assert [b.seq for b in history.verify()] == [second.seq]
        Event.objects.filter(pk=second.pk).delete()
        assert next(history.verify()).seq == second.seq
        Event.objects.order_by("-seq").first().delete()
        assert "newest" in list(history.verify())[-1].what
    finally:
        guards.install(connection)


def test_a_withdrawn_publication_cannot_keep_its_text(rows):
    with pytest.raises(DatabaseError), transaction.atomic():
        Publication.objects.update(live=False)
