"""Plays the description of the API against the API, in this process, and counts what comes back.

The engine is Schemathesis. Its description is ours without the “any other problem” of each
operation: with it every status would be a described one. Chance finds no reference of an incident
and no name of a step, so more than half of such values are exchanged for ones that exist.
"""

import copy
import json
import logging
import random
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from django.db import connections
from schemathesis import hooks
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from config.api import described
from config.wsgi import application
from incidents.models import Publication

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "missing_required_header",
]
PHASES = ("examples", "coverage", "fuzzing", "stateful")


# One in two: a query of ten names, each of them wrong once in a while, never gets through.
KNOWN_ONES = 0.6


@dataclass
class World:
    """What there is: name of a parameter or a field → its possible values."""

    values: dict[str, list[Any]]
    chance: random.Random

    def exchange(self, operation: str, given: Any) -> None:
        if not isinstance(given, dict):
            return
        for name in list(given):
            # A new report has a new id, so that some are filed.
            if name == "key" and operation.startswith("PUT"):
                found: list[Any] = [str(uuid.UUID(int=self.chance.getrandbits(128), version=4))]
            else:
                found = self.values.get(f"{operation.split()[-1]} {name}", [])
                found = found or self.values.get(name, [])
            if found and self.chance.random() < KNOWN_ONES:
                given[name] = self.chance.choice(found)

    def exchange_in(self, case: Any) -> None:
        operation = case.operation.label
        for given in (case.path_parameters, case.query, case.body):
            self.exchange(operation, given)
        if isinstance(case.body, dict) and isinstance(case.body.get("steps"), list):
            for step in case.body["steps"]:
                self.exchange(operation, step)
        if "/uploads/" in operation and self.chance.random() < KNOWN_ONES:
            case.headers["Tus-Resumable"] = "1.0.0"


@dataclass
class Tally:
    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)  # at least once with 2xx
    failures: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def server_errors(self) -> int:
        return sum(n for status, n in self.statuses.items() if status >= 500)

    def add(self, recorder: Any) -> None:
        for key, interaction in recorder.interactions.items():
            self.cases += 1
            if interaction.response is not None:
                self.statuses[interaction.response.status_code] += 1
            node = recorder.cases.get(key)
            if node is not None:
                label = node.value.operation.label
                self.operations.add(label)
                if interaction.response is not None and interaction.response.status_code < 300:
                    self.answered.add(label)
        for key, checks in recorder.checks.items():
            for check in checks:
                if check.failure_info is not None:
                    self._fail(recorder, key, check)

    def _fail(self, recorder: Any, key: str, check: Any) -> None:
        failure, label = check.failure_info.failure, recorder.cases[key].value.operation.label
        told = self.failures.setdefault((label, check.name, failure.title), [])
        told.append(f"{failure.message}\n{check.failure_info.code_sample}")


def hanging_up(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The application. The engine's threads just end; their connections must not stay."""
    answer = application(environ, start_response)
    try:
        return list(answer)
    finally:
        answer.close()
        connections.close_all()


def strict_description() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(json.dumps(described(), default=str))
    told = copy.deepcopy(told)
    for path in told["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and "responses" in operation:
                operation["responses"].pop("default", None)
    return told


def play(
    *,
    headers: dict[str, str],
    values: dict[str, list[Any]],
    most: int,
    seed: int,
    phases: Iterable[str] = PHASES,
    seconds: int | None = None,
) -> Tally:
    """`most` cases an operation and phase; stops after `seconds`."""
    config = SchemathesisConfig(seed=seed, max_time=seconds)
    schema: Any = schemathesis.openapi.from_dict(strict_description(), config=config)
    schema.app = hanging_up
    schema.config.update(headers=headers, continue_on_failure=True)
    schema.config.generation.update(max_examples=most, no_shrink=True, database="none")
    schema.config.phases.update(phases=list(phases))
    schema.config.checks.update(included_check_names=CHECKS)
    world = World(values, random.Random(seed))

    @schemathesis.hook
    def before_call(context: Any, case: Any, kwargs: Any) -> None:
        world.exchange_in(case)

    tally = Tally()
    # Django notes each refusal; twenty thousand of them tell nothing.
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    try:
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished | events.FuzzScenarioFinished):
                tally.add(event.recorder)
            elif isinstance(event, events.NonFatalError):
                tally.errors.append(f"{event.label}: {event.value!r}")
            elif isinstance(event, events.FatalError):
                raise event.exception
    finally:
        hooks.unregister(before_call)
    return tally


def settle(stage: Any) -> dict[str, list[Any]]:
    """Something of everything on this stage, and the names it has."""
    for _number in range(3):
        stage.publish()
    stage.withdraw(stage.publish())
    asked, lone = stage.file(), stage.file()
    question = stage.ask(asked)
    stage.evidence(stage.file())
    incidents = [stage.open(), stage.open(), *(p.incident for p in Publication.objects.all())]
    refs = [incident.ref for incident in incidents]
    steps = "claim release park close reopen note draft submit approve publish correct withdraw"
    reports = [str(report.pk) for report in (asked, lone)]
    return {
        "ref": refs,
        "on_incident": refs,
        "on_report": reports,
        "/api/v1/incidents/{key}/ key": refs,
        "/api/v1/incidents/{key}/versions/ key": refs,
        "/api/v1/reports/{key}/answers/ key": [str(asked.pk)],
        "/api/v1/desk/reports/{key}/steps/ key": reports,
        "question": [str(question.pk)],
        "step": [*steps.split(), "grade", "verify", "dispute", "merge", "dismiss", "quarantine"],
        "version": list(range(1, 6)),
        "election": [stage.election.slug],
        "slug": [stage.election.slug],
        "region_set": [stage.election.region_set.slug],
        "region": ["KZ", stage.city.code],
        "code": ["KZ", stage.city.code, stage.station.code, "stale"],
        "station": [stage.station.code],
        "category": ["DET", "ACC01"],
        "name": ["stop"],
        "q": ["observers", "не пустили", "%"],
        "since": [0, 1, 3],
        "bbox": ["76,43,77,44", "179,-90,-179,90"],
        "near": ["76.9,43.2"],
        "fields": ["ref", "ref,title"],
        "ordering": ["published_at", "-severity"],
        "occurred_from": ["2021-01-10"],
        "occurred_to": ["2021-01-10T10:00:00+06:00"],
        "published_from": ["2020-01-10"],
        "published_to": ["2031-01-10"],
        "cursor": ["", "eyJ2IjoxfQ"],
        "reason": ["It was looked at."],
    }
