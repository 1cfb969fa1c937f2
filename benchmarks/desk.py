"""How long the pages of the desk take, and how many queries each asks.

    DATABASE_URL=sqlite:////tmp/desk.sqlite3 python benchmarks/desk.py

Through Django's test client: middleware, view, queries and template, without a network. Asked as
three people, since what a person may see is part of every query: one of the whole election, one
limited to three regions, one of security. CPU is the mean of this process alone; "answer" is the
largest, in bytes or rows.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any

os.environ.setdefault("ENVIRONMENT", "test")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django

django.setup()

from django.db import connection, reset_queries  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from incidents.duplicates import candidates, double_sends  # noqa: E402
from incidents.models import Incident, Report  # noqa: E402
from incidents.rumours import refuted_like  # noqa: E402
from observers.models import User  # noqa: E402

WARM, SAMPLE = 3, 300
FILTERS = (
    "list=reports",
    "list=incidents",
    "list=incidents&status=open&severity=3,4",
    "list=incidents&category=DET&region=KZ-03",
    "list=incidents&q=наблюдателей+12",
    "list=incidents&overdue=true",
    "list=incidents&status=open,in_review,parked,closed&q=нетникого",
    "list=incidents&ordering=-changed&verification=corroborated",
    "list=reports&state=received&danger=observer",
    "list=reports&region=KZ-05&q=бюллетень",
    "list=reports&state=received,linked,dismissed&q=нетникого",
)
Visit = Callable[[], int]  # returns the size of the answer


class Desk:
    """What one person asks for, page by page, in endless turns."""

    def __init__(self, user: User, rng: Random) -> None:
        self.user, self.rng = user, rng
        self.client = Client()
        self.client.force_login(user)

    def page(self, url: str) -> Visit:
        def visit() -> int:
            answer = self.client.get(url)
            if answer.status_code != 200:
                raise SystemExit(f"{url} answered {answer.status_code}")
            return len(answer.content)

        return visit

    def incident(self, ref: str) -> Visit:
        return self.page(reverse("desk-incident", args=[ref]))

    def report(self, row: Report) -> Visit:
        return self.page(reverse("desk-report", args=[row.pk]))

    def offered(self, row: Report) -> Visit:
        def visit() -> int:
            fresh = Report.objects.select_related("station", "region", "election").get(pk=row.pk)
            return len(candidates(fresh, by=self.user))

        return visit

    def sent_twice(self, row: Report) -> Visit:
        return lambda: len(double_sends(row, by=self.user))

    def refuted(self, row: Report) -> Visit:
        return lambda: len(refuted_like(row, by=self.user))

    def turns(self, make: Callable[[Any], Visit], rows: list) -> Iterator[Visit]:
        """Ends at once without rows."""
        while rows:
            yield make(self.rng.choice(rows))

    def pages(self) -> dict[str, Iterator[Visit]]:
        seen = Incident.objects.visible_to(self.user)
        refs = seen.exclude(status="merged").order_by("pk").values_list("ref", flat=True)
        reports = Report.objects.on_desk(self.user).filter(state="received")
        incidents, waiting = list(refs[:SAMPLE]), list(reports.order_by("pk")[:SAMPLE])
        queue = reverse("desk-queue")
        pages = {"queue": self.turns(self.page, [queue])}
        pages |= {
            f"queue?{query}": self.turns(self.page, [f"{queue}?{query}"]) for query in FILTERS
        }
        pages |= {
            "an incident": self.turns(self.incident, incidents),
            "a report": self.turns(self.report, waiting),
            "candidates alone": self.turns(self.offered, waiting),
            "double sends alone": self.turns(self.sent_twice, waiting),
            "refuted ones alone": self.turns(self.refuted, waiting),
        }
        if largest := list(seen.filter(version__gt=100).values_list("ref", flat=True)):
            pages["the largest incident"] = self.turns(self.incident, largest)
        return pages


@contextmanager
def counted() -> Iterator[Callable[[], int]]:
    reset_queries()
    connection.force_debug_cursor = True
    yield lambda: len(connection.queries_log)
    connection.force_debug_cursor = False


def queries_of(visit: Visit) -> int:
    with counted() as queries:
        visit()
        return queries()


def measure(name: str, turns: Iterator[Visit], count: int) -> None:
    asked = {queries_of(next(turns)) for _ in range(WARM)}
    sizes, took, worked = [], [], time.process_time()
    for _ in range(count):
        visit = next(turns)
        began = time.perf_counter()
        sizes.append(visit())
        took.append((time.perf_counter() - began) * 1000)
    worked = (time.process_time() - worked) * 1000 / count
    asked |= {queries_of(next(turns)) for _ in range(WARM)}
    cuts = quantiles(took, n=20)
    queries = "–".join(str(n) for n in dict.fromkeys((min(asked), max(asked))))
    print(
        f"{name:66} {cuts[9]:7.1f} {cuts[18]:7.1f} {worked:7.1f} {queries:>7} {max(sizes):>7}",
        flush=True,
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--times", type=int, default=40, help="how often each page is asked for")
    asked.add_argument("--only", default="", help="pages whose name holds this text")
    asked.add_argument(
        "--as", dest="people", nargs="*", default=["coordinator-0", "regional", "security"]
    )
    options = asked.parse_args()
    print(f"{connection.vendor}, {Incident.objects.count()} incidents, times in ms")
    for name in options.people:
        user = User.objects.get(username=name)
        print(f"\n{name:66} {'p50':>7} {'p95':>7} {'CPU':>7} {'queries':>7} {'answer':>7}")
        for page, turns in Desk(user, Random(1)).pages().items():
            if options.only in page and next(turns, None):
                measure(page, turns, options.times)


if __name__ == "__main__":
    main()
