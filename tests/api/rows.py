"""Published incidents made directly: a list of forty by the verbs would take a minute."""

import copy
import datetime as dt
import json

from django.db import transaction
from django.db.models.base import ModelState
from django.utils import timezone

from elections.models import Region
from incidents import codebook, composing, copying, history, lines
from incidents.models import Incident, Publication, PublicationCategory, PublicationRegion
from incidents.refs import new_ref
from tests.walking import the_election

PLAIN = {
    "category": "ACC01",
    "severity": 2,
    "verification": "reported",
    "sources": 1,
    "occurred_start": "2021-01-10T09:00:00+06:00",
    "occurred_end": "2021-01-10T11:00:00+06:00",
    "occurred_precision": "range",
    "phase": "VOT",
    "regions": ["KZ-ALA"],
    "regions_at_least": None,
    "station": None,
    "place_precision": "region",
    "longitude": 76.9,
    "latitude": 43.2,
    "persons_min": None,
    "persons_max": None,
    "persons_words": None,
    "persons_basis": "none_given",
    "title": {"en": "Observers refused", "ru": "Наблюдателей не пустили"},
    "summary": {"en": "They were not let in."},
    "details": {},
    "responses": [],
}


def published_row(election=None, published_at: dt.datetime | None = None, **public) -> Publication:
    """`public`: columns of the codebook that differ from PLAIN."""
    election = election or the_election()
    document = {"election": election.slug, **PLAIN, **public}
    document.setdefault("categories", [document["category"]])
    order = ("id", "ref", "version", "url", "election", "category", "categories")
    document = {**{k: document[k] for k in order if k in document}, **document}
    now = published_at or timezone.now()
    with transaction.atomic():
        incident = Incident.objects.create(
            ref=history.take_ref(election), election=election, title="x"
        )
        row = composing.render(incident, document, version=1, published_at=now, updated_at=now)
        row.save(force_insert=True)
        named = list(Region.objects.of(election).filter(code__in=document["regions"]))
        above = {code for region in named for code in region.path.strip("/").split("/")} or {"KZ"}
        all_of_them = (
            Region.objects.of(election).filter(code__in=above).values_list("pk", flat=True)
        )
        PublicationRegion.objects.bulk_create(
            copying.region_rows(
                row, document, named={region.pk for region in named}, all_of_them=all_of_them
            )
        )
        PublicationCategory.objects.bulk_create(copying.category_rows(row, document))
        copying.append_change(row, "upsert")
    return row


def get(client, path: str, status: int = 200, **headers):
    """The JSON of an address below /api/v1, after checking the status."""
    answer = client.get(f"/api/v1{path}", headers=headers)
    assert answer.status_code == status, (answer.status_code, body_of(answer)[:1000])
    return json.loads(body_of(answer))


def body_of(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def refs(answer: dict) -> list[str]:
    return [row["ref"] for row in answer["results"]]


def refused(client, path: str, parameter: str, status: int = 400) -> dict:
    """The entry of `errors` about this parameter."""
    problem = get(client, path, status)
    assert problem["type"] == "/api/v1/problems/bad-query/"
    found = [error for error in problem["errors"] if error["parameter"] == parameter]
    assert found, problem
    return found[0]


def many_rows(count: int, **public) -> list[Publication]:
    """Like `published_row`, fast: they differ in id and reference and stand in no region."""
    first = published_row(**public)
    refs_ = {new_ref(first.election.ref_prefix) for _ in range(count * 2)}
    incidents = [
        Incident(ref=ref, election=first.election, title="x") for ref in list(refs_)[: count - 1]
    ]
    Incident.objects.bulk_create(incidents)
    rows = []
    for incident in incidents:
        document = json.loads(first.document) | {"id": str(incident.pk), "ref": incident.ref}
        row = copy.copy(first)
        row.pk, row.incident, row.ref = incident.pk, incident, incident.ref
        row.document, row._state = codebook.dumps(document), ModelState()
        for name, text in lines.lines_of(document).items():
            setattr(row, name, text)
        rows.append(row)
    return [first, *Publication.objects.bulk_create(rows)]
