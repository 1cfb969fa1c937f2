"""Publish the incidents of the harness in an empty database: its CSV files, as they are kept here.

    DATABASE_URL=postgres://…/empty python benchmarks/load_publications.py --data DIR

Of each row an incident, its text, the public copy with its document, its regions and category, a
line of history and one of the feed. Inserted in bulk past the verbs, but through every constraint
and trigger, by the code that publishing uses (composing, copying, history); what that code asks
the database about regions and reports is answered from memory, and the first rows of each file are
composed both ways and compared. The history is whole: `manage.py verify_history` agrees.
"""

import argparse
import csv
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

os.environ.setdefault("ENVIRONMENT", "test")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from elections.folding import fold  # noqa: E402
from elections.models import Election, PollDay, Region, RegionSet, Station  # noqa: E402
from incidents import categories, composing, copying, history  # noqa: E402
from incidents.models import (  # noqa: E402
    Change,
    Counter,
    Draft,
    Event,
    Incident,
    OfficialResponse,
    Publication,
    PublicationCategory,
    PublicationRegion,
    PublicationVersion,
)
from incidents.publishing.approval import digest  # noqa: E402
from incidents.refs import ALPHABET  # noqa: E402
from incidents.workflow.facts import searchable  # noqa: E402
from observers import tokens  # noqa: E402
from observers.models import Membership, User  # noqa: E402
from observers.roles import Role  # noqa: E402

CHUNK = 5_000
COMPARED = 25
ELECTIONS = {  # short name in the files -> day of voting, as the generator has them
    "e2019p": "2019-06-09",
    "e2021m": "2021-01-10",
    "e2021r": "2021-07-25",
    "e2022c": "2022-06-05",
    "e2022p": "2022-11-20",
    "e2023m": "2023-03-19",
    "e2024c": "2024-10-06",
    "e2026m": "2026-03-15",
}
CATEGORIES = {
    "access_denied": "ACC01",
    "observer_obstructed": "OBS01",
    "procedure_violation": "VOT01",
    "detention": "DET03",
    "ballot_stuffing": "FRD01",
    "internet_blockage": "NET01",
    "intimidation": "VIO02",
    "reporter_excluded": "MED01",
    "document_demand": "ACC02",
    "campaigning_at_station": "CAM01",
    "violence": "VIO01",
    "other": "ADM01",
}
SEVERITIES = {"low": 1, "medium": 2, "high": 3, "critical": 4}
# Everything is published here; the share of each word stays what it is in the files.
VERIFICATIONS = {
    "published": "verified",
    "verified": "corroborated",
    "submitted": "reported",
    "triaged": "disputed",
    "rejected": "disputed",
    "duplicate": "disputed",
}
PRECISIONS = {1: "region", 2: "district", 3: "settlement"}
TREES = (Publication, PublicationRegion, PublicationCategory, Incident, Change)
ZONE = "Asia/Almaty"


def read(data: Path, name: str) -> Iterator[dict[str, str]]:
    with (data / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


# --- Writing many rows ------------------------------------------------------------------------


class Writer:
    """Rows of one model, as `save(force_insert=True)` writes them; COPY where there is one."""

    def __init__(self, model) -> None:
        self.fields = [
            field
            for field in model._meta.concrete_fields
            if not field.generated and field.get_internal_type() != "BigAutoField"
        ]
        self.table = model._meta.db_table
        self.columns = ", ".join(f'"{field.column}"' for field in self.fields)

    def write(self, rows: Iterable) -> None:
        columns = [(field.attname, _storing(field)) for field in self.fields]
        values = (
            [store(getattr(row, name)) if store else getattr(row, name) for name, store in columns]
            for row in rows
        )
        if connection.vendor == "postgresql":
            statement = f'COPY "{self.table}" ({self.columns}) FROM STDIN'
            with connection.connection.cursor() as cursor, cursor.copy(statement) as copy:
                for row in values:
                    copy.write_row(row)
            return
        slots = ", ".join("?" * len(self.fields))
        connection.connection.executemany(
            f'INSERT INTO "{self.table}" ({self.columns}) VALUES ({slots})', values
        )


def _storing(field) -> Callable | None:
    """What makes of a value what is stored; None where the driver takes it as it is."""
    kind = getattr(field, "target_field", field).get_internal_type()
    taken = {"CharField", "TextField", "SlugField", "BooleanField", "FloatField", "BigAutoField"}
    if connection.vendor == "postgresql":
        taken |= {"UUIDField", "DateTimeField"}
    if kind in taken or kind.endswith("IntegerField"):
        return None
    return lambda value: field.get_db_prep_save(value, connection)


@contextmanager
def indexes_made_at_the_end():
    """Made at once from all rows they cost a tenth, and are smaller."""
    with connection.schema_editor() as editor:
        for model in TREES:
            for index in model._meta.indexes:
                editor.remove_index(model, index)
    yield
    with connection.schema_editor() as editor:
        for model in TREES:
            for index in model._meta.indexes:
                editor.add_index(model, index)


# --- The country ------------------------------------------------------------------------------


class Scene:
    def __init__(self, data: Path) -> None:
        self.regions = self._regions(data)
        self.elections = {slug: self._election(slug, day) for slug, day in ELECTIONS.items()}
        self.stations = self._stations(data)
        self.editor = User.objects.create_user("bench-editor", password=None)
        self.second = User.objects.create_user("bench-second", password=None)
        for election in self.elections.values():
            for person in (self.editor, self.second):
                Membership.objects.create(user=person, election=election, role=Role.EDITOR)

    def _regions(self, data: Path) -> dict[str, Region]:
        self.set = RegionSet.objects.create(
            slug="bench",
            name_en="Bench",
            name_ru="Bench",
            name_kk="Bench",
            country="KZ",
            valid_from="2019-01-01",
        )
        country = self._region(code="KZ", name="Kazakhstan", kind="country", parent=None)
        by_code = {"": country}
        kinds = {"1": "region", "2": "district", "3": "settlement"}
        for row in sorted(read(data, "regions"), key=lambda row: row["path"]):
            by_code[row["code"]] = self._region(
                code=row["code"],
                name=row["name"],
                kind=kinds[row["level"]],
                parent=by_code[row["parent"]],
                latitude=float(row["lat"]),
                longitude=float(row["lon"]),
            )
        return by_code

    def _region(self, *, name: str, **facts) -> Region:
        names = {f"name_{language}": name for language in composing.LANGUAGES}
        region = Region(region_set=self.set, time_zone=ZONE, **names, **facts)
        region.save()
        return region

    def _election(self, slug: str, day: str) -> Election:
        election = Election.objects.create(
            slug=slug,
            ref_prefix=slug.upper(),
            name_en=slug,
            name_ru=slug,
            name_kk=slug,
            country="KZ",
            region_set=self.set,
            kind=Election.Kind.PARLIAMENTARY,
            time_zone=ZONE,
        )
        PollDay.objects.create(election=election, date=day)
        return election

    def _stations(self, data: Path) -> dict[tuple[str, str], Station]:
        stations = []
        for row in read(data, "stations"):
            for election in self.elections.values():
                station = Station(
                    election=election,
                    region=self.regions[row["region"]],
                    commission="B",
                    number=row["code"],
                    name_en=row["name"],
                    latitude=float(row["lat"]),
                    longitude=float(row["lon"]),
                    registered_voters=int(row["registered_voters"]),
                )
                station.make_findable()
                stations.append(station)
        made = Station.objects.bulk_create(stations, batch_size=500)
        return {(one.election.slug, one.number): one for one in made}


# --- What composing asks the database, from memory --------------------------------------------


class Memory:
    def __init__(self, scene: Scene) -> None:
        self.by_code = {region.code: region for region in scene.regions.values()}
        self.named: Region | None = None  # by the incident that is composed now

    def regions(self, incident: Incident, precision: str) -> list[Region]:
        """As `composing._regions`: incidents here name one region."""
        if precision not in ("region", "several_regions"):
            return [self.named]
        top = self.named.path.strip("/").split("/")[1]
        return [self.by_code[top]]

    def searchable(self, incident: Incident, public: dict) -> str:
        words = [incident.ref, *public["title"].values(), *public["summary"].values()]
        words += [public["station"] or ""]
        words += [name for code in public["regions"] for name in self.by_code[code].names.values()]
        return fold(" ".join(words))

    def above(self, public: dict) -> list[int]:
        codes = {
            code
            for region in public["regions"]
            for code in self.by_code[region].path.strip("/").split("/")
        }
        return [self.by_code[code].pk for code in sorted(codes)]

    @contextmanager
    def asked(self):
        """Instead of the database, for as long as this lasts."""
        before = {name: getattr(composing, name) for name in ANSWERED}
        for name, answer in zip(
            ANSWERED, (self.regions, self.searchable, lambda _incident: 0), strict=True
        ):
            setattr(composing, name, answer)
        yield
        for name, real in before.items():
            setattr(composing, name, real)


ANSWERED = ("_regions", "_searchable", "independent_sources")
NO_RESPONSES = OfficialResponse.objects.none()
len(NO_RESPONSES)  # asked now, of nobody


# --- Publishing -------------------------------------------------------------------------------


class Publisher:
    def __init__(self, scene: Scene) -> None:
        self.scene, self.memory = scene, Memory(scene)
        self.seq, self.head, self.made = 0, "", 0
        self.through = Incident.regions.through
        self.writers = {
            model: Writer(model)
            for model in (
                Incident,
                self.through,
                Draft,
                Publication,
                PublicationRegion,
                PublicationCategory,
                PublicationVersion,
                Event,
                Change,
            )
        }

    def chunk(self, rows: list[dict[str, str]]) -> None:
        """One transaction."""
        new: dict = {model: [] for model in self.writers}
        with self.memory.asked():
            for row in rows:
                self.publish(row, new)
        with transaction.atomic():
            for model, writer in self.writers.items():
                writer.write(new[model])
            for name, head in (("events", self.head), ("changes", "")):
                Counter.objects.update_or_create(
                    name=name, defaults={"value": self.seq, "head": head}
                )

    def publish(self, row: dict[str, str], new: dict) -> None:
        scene = self.scene
        self.seq += 1
        at = datetime.fromisoformat(row["reported_at"])
        incident, region = self.incident(row, at)
        self.memory.named = region
        incident._prefetched_objects_cache = {"responses": NO_RESPONSES}
        language = row["lang"]
        content = {
            "title": {language: row["title"]},
            "summary": {language: row["description"]},
            "place_precision": incident.place_precision,
            "time": "as_known",
            "both_sides": False,
        }
        public = composing.compose(incident, content)
        publication = composing.render(incident, public, version=1, published_at=at, updated_at=at)
        publication.last_seq = self.seq
        approved = digest(public)
        new[Incident].append(incident)
        new[self.through].append(self.through(incident=incident, region=region))
        new[Draft].append(
            Draft(
                incident=incident,
                state="published",
                content=content,
                last_editor=scene.editor,
                submitted_by=scene.editor,
                approved_by=scene.second,
                approved_digest=approved,
            )
        )
        new[Publication].append(publication)
        named = {self.memory.by_code[code].pk for code in public["regions"]}
        above = self.memory.above(public)
        new[PublicationRegion] += copying.region_rows(
            publication, public, named=named, all_of_them=above
        )
        new[PublicationCategory] += copying.category_rows(publication, public)
        new[PublicationVersion].append(
            PublicationVersion(
                publication=publication, version=1, published_at=at, digest=approved
            )
        )
        new[Event].append(self.event(incident, at))
        new[Change].append(
            Change(
                seq=self.seq,
                publication=publication,
                election=incident.election,
                op=Change.Op.UPSERT.value,
                at=at,
            )
        )

    def incident(self, row: dict[str, str], at: datetime) -> tuple[Incident, Region]:
        scene = self.scene
        election, region = scene.elections[row["election"]], scene.regions[row["region"]]
        station = scene.stations[row["election"], row["station"]] if row["station"] else None
        persons = int(row["people_affected"])
        incident = Incident(
            id=UUID(row["uuid"]),
            ref=self.ref(election),
            election=election,
            title=row["title"],
            category=CATEGORIES[row["category"]],
            severity=SEVERITIES[row["severity"]],
            verification=VERIFICATIONS[row["status"]],
            station=station,
            place_precision="station" if station else PRECISIONS[region.level],
            occurred_start=datetime.fromisoformat(row["occurred_at"]),
            occurred_precision="exact",
            latitude=float(row["lat"]) if row["lat"] else None,
            longitude=float(row["lon"]) if row["lon"] else None,
            persons_min=persons or None,
            persons_max=persons or None,
            persons_basis="counted" if persons else "none_given",
            status="closed",
            outcome="confirmed",
            due_at=at + timedelta(days=1),
            opened_at=at,
            changed_at=at,
        )
        incident.search = searchable(incident, [region])
        return incident, region

    def ref(self, election: Election) -> str:
        """Each comes once: the factor is odd."""
        self.made += 1
        number, digits = self.made * 20_173_421 % 32**5, ""
        for _ in range(5):
            number, digit = divmod(number, 32)
            digits = ALPHABET[digit] + digits
        return f"{election.ref_prefix}-{digits}"

    def event(self, incident: Incident, at: datetime) -> Event:
        event = Event(
            seq=self.seq,
            at=at,
            election=incident.election,
            incident=incident,
            actor=self.scene.editor,
            channel="page",
            verb="publish",
            before={"publication": "approved"},
            after={"publication": "published"},
            version=1,
            previous_hash=self.head,
        )
        event.hash = self.head = history.fingerprint(event)
        return event


def compare() -> None:
    """The first publications, composed anew from the database, as publishing does."""
    for row in Publication.objects.order_by("published_at", "id")[:COMPARED]:
        incident = Incident.objects.get(pk=row.pk)
        public = composing.compose(incident, incident.draft.content)
        moments = {"published_at": row.published_at, "updated_at": row.updated_at}
        again = composing.render(incident, public, version=1, **moments)
        regions = copying._with_ancestors(incident, public)
        alike = (row.document, row.search, row.occurred_sort, incident.draft.approved_digest)
        if alike != (again.document, again.search, again.occurred_sort, digest(public)):
            sys.exit(f"{row.ref} is not what publishing would have made of it.")
        if regions != set(row.region_rows.values_list("region", flat=True)):
            sys.exit(f"{row.ref} lies in other regions.")


def make_token(scene: Scene, path: Path | None) -> None:
    _token, text = tokens.create(scene.editor, name="bench", scopes=["published:read"])
    if path:
        path.touch(mode=0o600)
        path.write_text(text)


def hurry() -> None:
    """A loader that is cut off begins again, so nothing waits for the disk."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET synchronous_commit = off")
            cursor.execute("SET maintenance_work_mem = '512MB'")
            return
        for pragma in ("synchronous=OFF", "cache_size=-400000", "temp_store=MEMORY"):
            cursor.execute(f"PRAGMA {pragma}")


def tidy() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")
        else:
            cursor.execute("ANALYZE")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="what gen.py wrote")
    parser.add_argument("--token-file", type=Path, help="where a token to read with is written")
    given = parser.parse_args()
    begun = time.monotonic()
    call_command("migrate", verbosity=0)
    if Election.objects.exists():
        sys.exit("There are elections in this database already. Give an empty one.")
    unknown = {code for code in CATEGORIES.values() if code not in categories.CATEGORIES}
    assert not unknown, unknown
    hurry()
    with transaction.atomic():
        scene = Scene(given.data)
        make_token(scene, given.token_file)
    publisher, rows = Publisher(scene), read(given.data, "incidents")
    with indexes_made_at_the_end():
        while chunk := list(islice(rows, CHUNK)):
            publisher.chunk(chunk)
            if publisher.seq == len(chunk):
                compare()
            print(f"\r{publisher.seq:,}", end="", file=sys.stderr, flush=True)
    tidy()
    now = datetime.now(UTC)
    print(f"\n{publisher.seq:,} published, {time.monotonic() - begun:.1f} s, {now:%H:%M} UTC")


if __name__ == "__main__":
    main()
