"""Fill an empty database with a busy election, the same at every run.

    DATABASE_URL=sqlite:////tmp/desk.sqlite3 python benchmarks/fill_desk.py --incidents 100000

N incidents, 2N reports with the bytes they arrived as, links, an unbroken history, drafts. Rows
are inserted in bulk past the verbs, but through every constraint and trigger of the database.
"""

import argparse
import hashlib
import json
import os
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

os.environ.setdefault("ENVIRONMENT", "test")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from benchmarks import desk_people, desk_words  # noqa: E402
from elections.folding import findable  # noqa: E402
from elections.models import Election  # noqa: E402
from incidents import categories, clocks, composing, history  # noqa: E402
from incidents.models import (  # noqa: E402
    Counter,
    Draft,
    Event,
    Incident,
    RawReport,
    Report,
    ReportLink,
)
from incidents.refs import ALPHABET  # noqa: E402
from incidents.workflow.facts import searchable  # noqa: E402

OPENING = datetime(2021, 1, 10, 1, tzinfo=UTC)  # 07:00 in Almaty
CHUNK = 2_500
STATUSES = ("open", "in_review", "parked", "closed", "merged")
STATUS_SHARES = (20, 10, 10, 55, 5)
VERIFICATIONS = ("reported", "corroborated", "verified", "disputed", "refuted")
VERIFICATION_SHARES = (70, 20, 5, 3, 2)
PLACES = ("station", "station and point", "point", "region", "several", "nowhere")
PLACE_SHARES = (45, 15, 20, 17, 1, 2)
PRECISIONS = dict(
    zip(
        PLACES,
        ("station", "station", "address", "region", "several_regions", "unknown"),
        strict=True,
    )
)
SIZES, SIZE_SHARES = (1, 2, 3, 4), (45, 30, 15, 10)
# Of reports in no incident.
LOOSE, LOOSE_SHARES = ("received", "quarantined", "dismissed"), (60, 5, 35)
DRAFTS, DRAFT_SHARES = ("", "draft", "submitted"), (90, 7, 3)


@dataclass
class Batch:
    """Rows of one transaction, in the order of their insertion."""

    raw: list[RawReport] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    named: list[tuple[Incident, object]] = field(default_factory=list)
    links: list[ReportLink] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


class Filler:
    def __init__(self, scene: desk_people.Scene, rng: Random) -> None:
        self.scene, self.rng = scene, rng
        self.refs = 0
        self.seq, self.head = 0, ""
        self.batch = Batch()
        leaves = [c for c in categories.CATEGORIES.values() if c.group != "OTH"]
        groups = list(categories.GROUPS)
        self.kinds = [leaf.code for leaf in leaves] + ["OTH99"]
        self.kind_shares = [10 / (groups.index(leaf.group) + 1) for leaf in leaves] + [5]

    # --- Facts --------------------------------------------------------------------------------

    def one_of(self, words: tuple, shares: tuple):
        return self.rng.choices(words, shares)[0]

    def ref(self) -> str:
        self.refs += 1
        number = self.refs * 20_173_421 % 32**5  # odd, so each comes once
        digits = ""
        for _ in range(5):
            number, digit = divmod(number, 32)
            digits = ALPHABET[digit] + digits
        return f"{self.scene.election.ref_prefix}-{digits}"

    def uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self.rng.getrandbits(128), version=4)

    def happening(self) -> dict:
        """When and where, as an incident and its reports tell alike."""
        rng, scene = self.rng, self.scene
        facts: dict = {"occurred_start": None, "occurred_precision": "unknown"}
        if (luck := rng.random()) < 0.8:
            facts["occurred_start"] = OPENING + timedelta(minutes=rng.randrange(13 * 60))
            facts["occurred_precision"] = rng.choice(("exact", "half_hour", "hour", "unknown"))
        elif luck < 0.9:
            back = rng.randrange(20)
            facts["occurred_start"] = OPENING - timedelta(days=back, hours=7)
            facts["occurred_precision"] = "day"
        place = self.one_of(PLACES, PLACE_SHARES)
        station = scene.stations[int(len(scene.stations) * rng.random() ** 2)]
        region = scene.region_of(station)
        facts |= {"station": None, "latitude": None, "longitude": None, "regions": [region]}
        if place.startswith("station"):
            facts["station"] = station
        if place.endswith("point"):
            facts["latitude"] = station.latitude + rng.gauss(0, 0.002)
            facts["longitude"] = station.longitude + rng.gauss(0, 0.002)
        if place == "region" and rng.random() < 0.5:
            facts["regions"] = [region.parent]
        if place == "several":
            facts["regions"] = [region.parent, rng.choice(scene.districts).parent]
        if place == "nowhere":
            facts["regions"] = []
        facts["place_precision"] = PRECISIONS[place]
        facts["number"] = station.number
        return facts

    # --- Rows ---------------------------------------------------------------------------------

    def report(
        self, told: dict, kind: str, received: datetime, state: str, **facts_given
    ) -> Report:
        rng = self.rng
        author, team = rng.choice(self.scene.observers)
        text, language = desk_words.report_text(rng, told["number"])
        start = told["occurred_start"]
        facts = {
            "author_id": author.pk,
            "team_id": team.pk,
            "text": text,
            "language": language,
            "category": kind if rng.random() < 0.8 else "",
            "station": told["station"],
            "region": told["regions"][0] if told["regions"] else None,
            "latitude": told["latitude"],
            "longitude": told["longitude"],
            "occurred_start": start and start + timedelta(minutes=rng.randrange(-10, 11)),
            "occurred_precision": told["occurred_precision"],
            "source": rng.choice(("direct_witness", "direct_witness", "second_hand", "")),
            "danger": "observer" if rng.random() < 0.005 else "none",
            "audience": "security_only" if rng.random() < 0.01 else "team",
            "unresolved": {"station": "?"} if rng.random() < 0.05 else {},
        } | facts_given
        ref = self.ref()
        row = Report(
            id=self.uuid(),
            ref=ref,
            election=self.scene.election,
            channel=rng.choice(("app", "app", "page", "api")),
            received_at=received,
            sha256=hashlib.sha256(ref.encode()).hexdigest(),
            state=state,
            seen_at=None if state == "received" else received + timedelta(minutes=3),
            search=findable(facts["text"], facts["station"].number if facts["station"] else ""),
            urgent=facts["danger"] != "none",
            **facts,
        )
        row.due_at = clocks.due_of_report(row)
        self.batch.reports.append(row)
        self.keep_bytes(row)
        after = {"state": "received", "sha256": row.sha256}
        self.event("file_report", received, row.author_id, row.channel, report=row, after=after)
        return row

    def keep_bytes(self, row: Report) -> None:
        body = json.dumps({"text": row.text, "category": row.category}).encode()
        common = {
            "received_at": row.received_at,
            "channel": row.channel,
            "author_id": row.author_id,
            "election": self.scene.election,
            "sealed": row.audience == "security_only",
        }
        self.batch.raw.append(
            RawReport(report_id=row.pk, sha256=row.sha256, body=body, outcome="filed", **common)
        )
        if self.rng.random() < 0.001:
            self.batch.raw.append(
                RawReport(
                    report_id=self.uuid(),
                    sha256=row.sha256,
                    body=body[:-1],
                    outcome="refused",
                    problems={"": ["Not JSON."]},
                    **common,
                )
            )

    def incident(self, survivors: list[Incident]) -> int:
        """One incident and what belongs to it; how many reports that made."""
        rng, scene, told = self.rng, self.scene, self.happening()
        category = self.one_of(tuple(self.kinds), tuple(self.kind_shares))
        known = categories.get(category)
        status = self.one_of(STATUSES, STATUS_SHARES)
        if not survivors:
            status = "open"
        opened = (told["occurred_start"] or OPENING + timedelta(hours=rng.randrange(13))) + (
            timedelta(seconds=rng.randrange(60, 3 * 3600))
        )
        desk = rng.choice(scene.coordinators)
        secondary = rng.random() < 0.05
        row = Incident(
            id=self.uuid(),
            ref=self.ref(),
            election=scene.election,
            title=desk_words.title(rng, told["number"]),
            category=category,
            categories_secondary=[rng.choice(self.kinds)] if secondary else [],
            severity=max(known.severity_default, known.severity_floor),
            status=status,
            outcome="confirmed" if status == "closed" else "",
            verification=self.one_of(VERIFICATIONS, VERIFICATION_SHARES),
            assignee_id=desk.pk if status == "in_review" else None,
            merged_into=rng.choice(survivors) if status == "merged" else None,
            opened_at=opened,
            changed_at=opened + timedelta(seconds=rng.randrange(3600)),
            **{name: told[name] for name in ("occurred_start", "occurred_precision")},
            **{name: told[name] for name in ("station", "latitude", "longitude")},
            place_precision=told["place_precision"],
        )
        row.urgent = rng.random() < 0.01
        row.due_at = clocks.due_of_incident(row, row.changed_at)
        row.search = searchable(row, told["regions"])
        self.batch.incidents.append(row)
        self.batch.named += [(row, region) for region in dict.fromkeys(told["regions"])]
        if status == "merged":
            self.event("merge", row.changed_at, desk.pk, "page", incident=row, after={})
            return 0
        survivors.append(row)
        size = 200 if self.refs < 10 else self.one_of(SIZES, SIZE_SHARES)
        self.gather(row, told, desk, size)
        return size

    def gather(self, row: Incident, told: dict, desk, size: int) -> None:
        rng = self.rng
        for number in range(size):
            received = row.opened_at + timedelta(minutes=number * 7 - 2)
            report = self.report(told, row.category, received, "linked")
            linked = max(row.opened_at, received)
            self.batch.links.append(
                ReportLink(incident=row, report=report, linked_by_id=desk.pk, linked_at=linked)
            )
            verb = "link" if number else "open_incident"
            after = {"state": "linked", "incident": row.ref, "status": row.status}
            row.version = number + 1
            self.event(verb, linked, desk.pk, "page", incident=row, report=report, after=after)
        if row.status != "open":
            row.version += 1
            after = {"status": row.status}
            self.event("claim", row.changed_at, desk.pk, "page", incident=row, after=after)
        if row.status == "closed" and (state := self.one_of(DRAFTS, DRAFT_SHARES)):
            editor = rng.choice(self.scene.editors)
            told_en = {"title": {"en": row.title}, "summary": {"en": row.title}}
            self.batch.drafts.append(
                Draft(
                    incident=row,
                    state=state,
                    content=composing.read_content(row, told_en),
                    last_editor_id=editor.pk,
                    submitted_by_id=editor.pk if state == "submitted" else None,
                )
            )

    def loose_report(self) -> None:
        told = self.happening()
        category = self.one_of(tuple(self.kinds), tuple(self.kind_shares))
        received = OPENING + timedelta(seconds=self.rng.randrange(14 * 3600))
        more: dict = {}
        last = self.batch.reports[-1] if self.batch.reports else None
        if last is not None and (luck := self.rng.random()) < 0.1:
            # Sent twice, or told further, by the same person.
            more = {"author_id": last.author_id, "team_id": last.team_id}
            received = last.received_at + timedelta(minutes=2)
            if luck < 0.03:
                more |= {"text": last.text, "category": last.category, "region": last.region}
            else:
                more |= {"follow_up_of": last.pk, "follow_up_kind": "addition"}
        self.report(told, category, received, self.one_of(LOOSE, LOOSE_SHARES), **more)

    def event(
        self,
        verb: str,
        at: datetime,
        actor_id,
        channel: str,
        *,
        incident: Incident | None = None,
        report: Report | None = None,
        after: dict,
    ) -> None:
        self.seq += 1
        row = Event(
            seq=self.seq,
            at=at,
            election=self.scene.election,
            incident=incident,
            report=report,
            actor_id=actor_id,
            channel=channel,
            verb=verb,
            after=after,
            version=incident.version if incident else 0,
            previous_hash=self.head,
        )
        self.head = row.hash = history.fingerprint(row)
        self.batch.events.append(row)

    # --- Writing ------------------------------------------------------------------------------

    def batches(self, incidents: int) -> Iterator[Batch]:
        waiting = 2 * incidents
        for first in range(0, incidents, CHUNK):
            survivors: list[Incident] = []
            of_now = min(CHUNK, incidents - first)
            made = sum(self.incident(survivors) for _ in range(of_now))
            share = 2 * of_now if first + of_now < incidents else waiting
            for _ in range(share - made):
                self.loose_report()
            waiting -= len(self.batch.reports)
            yield self.batch
            self.batch = Batch()

    @transaction.atomic
    def write(self, batch: Batch) -> None:
        RawReport.objects.bulk_create(batch.raw, 1000)
        Report.objects.bulk_create(batch.reports, 1000)
        Incident.objects.bulk_create(batch.incidents, 1000)
        through = Incident.regions.through
        named = [through(incident_id=row.pk, region_id=region.pk) for row, region in batch.named]
        through.objects.bulk_create(named, 1000)
        ReportLink.objects.bulk_create(batch.links, 1000)
        Draft.objects.bulk_create(batch.drafts, 1000)
        Event.objects.bulk_create(batch.events, 1000)
        Counter.objects.update_or_create(
            name="events", defaults={"value": self.seq, "head": self.head}
        )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--incidents", type=int, default=100_000)
    asked.add_argument("--seed", type=int, default=2021)
    options = asked.parse_args()
    call_command("migrate", verbosity=0)
    if Election.objects.exists():
        raise SystemExit("The database is not empty. Give an empty one in DATABASE_URL.")
    began = time.perf_counter()
    rng = Random(options.seed)
    filler = Filler(desk_people.build_scene(rng, date(2021, 1, 10)), rng)
    for batch in filler.batches(options.incidents):
        filler.write(batch)
    if connection.vendor == "postgresql":
        # What autovacuum does by itself within a minute. SQLite is measured without, as it runs.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    print(
        f"{Incident.objects.count()} incidents, {Report.objects.count()} reports, "
        f"{filler.seq} events in {time.perf_counter() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
