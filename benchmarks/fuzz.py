"""Play the description of the API against the API, long, and say what came back.

    python benchmarks/fuzz.py                                   # SQLite, 20,000 cases
    python benchmarks/fuzz.py --cases 5000 --seed 7 --postgres postgres://postgres@127.0.0.1:5432/postgres

Schemathesis makes the cases: the edges of every parameter, random values that fit the description
and such that do not, and chains of calls (stateful). They are played in this process, as
nobody and with tokens of four roles, round after round with another seed, until there are enough.
Ends with 1 when anything failed (5xx) or was answered in a way the description does not know.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

PEOPLE = ("coordinator", "anonymous", "editor", "observer", "security")
SCOPES = ["published:read", "reports:write", "desk"]


def main() -> None:
    given = arguments()
    if given.postgres:
        os.environ["DATABASE_URL"] = given.postgres
    os.environ |= {"ENVIRONMENT": "test", "DJANGO_SETTINGS_MODULE": "config.settings"}
    import django

    django.setup()
    from django.conf import settings
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases

    from observers import keys

    with tempfile.TemporaryDirectory() as folder:
        settings.KEYS_DIR, settings.MEDIA_ROOT = Path(folder) / "keys", Path(folder) / "evidence"
        settings.MEDIA_ROOT.mkdir()
        setup_test_environment()
        made = setup_databases(verbosity=0, interactive=False)
        keys.make()
        try:
            sound = play_until(given.cases, given.seed, given.minutes * 60, given.most)
        finally:
            teardown_databases(made, verbosity=0)
    raise SystemExit(0 if sound else 1)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=int, default=40, help="an operation, phase and round")
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--postgres", metavar="URL")
    return parser.parse_args()


def play_until(enough: int, seed: int, seconds: float, most: int) -> bool:
    from observers import tokens
    from tests.contracts.stage import build_stage
    from tests.fuzzing import play, settle

    begun, cases, round_ = time.monotonic(), 0, 0
    statuses: Counter[int] = Counter()
    failures: dict[tuple[str, str, str], list[str]] = {}
    errors: list[str] = []
    answered: set[str] = set()
    while cases < enough and time.monotonic() - begun < seconds:
        stage, person = build_stage(f"fuzz-{round_}"), PEOPLE[round_ % len(PEOPLE)]
        headers: dict[str, str] = {}
        if person != "anonymous":
            _token, text = tokens.create(stage.people[person], name="fuzz", scopes=SCOPES)
            headers["Authorization"] = f"Bearer {text}"
        left = max(1, round(seconds - (time.monotonic() - begun)))
        tally = play(
            headers=headers,
            values=settle(stage),
            most=most,
            seed=seed + round_,
            # The edges are the same each time: once for each person is enough.
            phases=PHASES if round_ < len(PEOPLE) else PHASES[1:],
            seconds=left,
        )
        cases += tally.cases
        statuses += tally.statuses
        answered |= tally.answered
        errors += tally.errors
        for key, told in tally.failures.items():
            failures.setdefault(key, []).extend(told)
        print(f"round {round_ + 1}: {person}, {tally.cases} cases", flush=True)
        round_ += 1
    return report(cases, time.monotonic() - begun, statuses, failures, errors, answered)


PHASES = ("coverage", "fuzzing", "stateful")


def report(
    cases: int,
    seconds: float,
    statuses: Counter[int],
    failures: dict[tuple[str, str, str], list[str]],
    errors: list[str],
    answered: set[str],
) -> bool:
    for (operation, check, title), told in sorted(failures.items()):
        print(f"\n{operation}: {title} ({check}), {len(told)} times\n{told[0][:2000]}")
    for error in errors:
        print(f"\nnot played: {error}")
    from django.db import connection

    count: Any = dict(sorted(statuses.items()))
    print(f"\n{connection.vendor}: {cases} cases in {seconds:.0f} s, statuses {count}")
    print(f"operations that answered 2xx at least once: {len(answered)}")
    print(f"5xx: {sum(n for status, n in statuses.items() if status >= 500)}")
    print(f"outside the description: {sum(len(told) for told in failures.values())}")
    return not failures and not errors and cases > 0


if __name__ == "__main__":
    main()
