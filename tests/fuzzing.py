"""Plays the description of the API against the API, in this process, and counts what comes back.

The engine is Schemathesis. Its description is ours without the “any other problem” of each
operation: with it every status would be a described one.
"""

import copy
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from config.api import described
from config.wsgi import application

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


@dataclass
class Tally:
    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
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
                self.operations.add(node.value.operation.label)
        for key, checks in recorder.checks.items():
            for check in checks:
                if check.failure_info is not None:
                    self._fail(recorder, key, check)

    def _fail(self, recorder: Any, key: str, check: Any) -> None:
        failure, label = check.failure_info.failure, recorder.cases[key].value.operation.label
        told = self.failures.setdefault((label, check.name, failure.title), [])
        told.append(f"{failure.message}\n{check.failure_info.code_sample}")


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
    most: int,
    seed: int,
    phases: Iterable[str] = PHASES,
    seconds: int | None = None,
) -> Tally:
    """`most` cases an operation and phase; stops after `seconds`."""
    config = SchemathesisConfig(seed=seed, max_time=seconds)
    schema: Any = schemathesis.openapi.from_dict(strict_description(), config=config)
    schema.app = application
    schema.config.update(headers=headers, continue_on_failure=True)
    schema.config.generation.update(max_examples=most, no_shrink=True, database="none")
    schema.config.phases.update(phases=list(phases))
    schema.config.checks.update(included_check_names=CHECKS)
    tally = Tally()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished | events.FuzzScenarioFinished):
            tally.add(event.recorder)
        elif isinstance(event, events.NonFatalError):
            tally.errors.append(f"{event.label}: {event.value!r}")
        elif isinstance(event, events.FatalError):
            raise event.exception
    return tally
