"""What open desks cost: twenty people, each asking every four seconds, while reports arrive.

    DATABASE_URL=sqlite:////tmp/desk.sqlite3 python benchmarks/desk_live.py

Through Django's test client, so without a network; the cost is this process alone, in shares of
one core. Quiet: nothing happens. Busy: an incident is graded every seven seconds, as in an hour
of a hundred reports with five steps each.
"""

import argparse
import os
import re
import sys
import time
from html import unescape
from pathlib import Path

os.environ.setdefault("ENVIRONMENT", "test")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django

django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from incidents import steps  # noqa: E402
from incidents.models import Incident  # noqa: E402
from observers.models import User  # noqa: E402

EVERY, STEP_EVERY = 4, 7


class Desk:
    def __init__(self, user: User) -> None:
        self.client = Client()
        self.client.force_login(user)
        page = self.client.get("/desk/").content.decode()
        self.url = unescape(re.search(r'data-news="([^"]+)"', page)[1])

    def ask(self) -> int:
        answer = self.client.get(self.url)
        standing = answer.headers["Desk-Standing"]
        self.url = re.sub(r"since=[^&]+", f"since={standing}", self.url)
        return answer.status_code


def grade(incidents: list, number: int) -> None:
    row = Incident.objects.get(pk=incidents[number % len(incidents)])
    by = User.objects.get(username="coordinator-0")
    severity = 4 if row.severity < 4 else 3
    given = {"severity": severity, "reason": "Measured."}
    steps.take(row, "grade", by=by, version=row.version, channel="page", **given)


def measure(desks: list[Desk], rounds: int, incidents: list) -> None:
    """`incidents`: those that change meanwhile; none when nothing happens."""
    worked, told, graded = 0.0, 0, 0
    for number in range(rounds):
        if incidents and number * EVERY >= graded * STEP_EVERY:
            grade(incidents, graded)
            graded += 1
        began = time.process_time()
        told += sum(desk.ask() == 200 for desk in desks)
        worked += time.process_time() - began
    asked = rounds * len(desks)
    share = 100 * worked / (rounds * EVERY)
    print(
        f"{'busy' if incidents else 'quiet':6} {asked:6} questions, {told:5} with news, "
        f"{1000 * worked / asked:6.1f} ms each, {share:5.1f} % of a core"
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--desks", type=int, default=20)
    asked.add_argument("--rounds", type=int, default=30, help="questions of each desk")
    options = asked.parse_args()
    people = [*(f"coordinator-{n}" for n in range(10)), "regional", "security"]
    users = [User.objects.get(username=people[n % len(people)]) for n in range(options.desks)]
    desks = [Desk(user) for user in users]
    for desk in desks:
        desk.ask()
    print(f"{connection.vendor}, {Incident.objects.count()} incidents, {len(desks)} desks")
    measure(desks, options.rounds, [])
    at_work = Incident.objects.filter(status="open", severity__gte=2, category__startswith="ACC")
    pks = list(at_work.order_by("-urgent", "due_at", "id").values_list("pk", flat=True)[:20])
    measure(desks, options.rounds, pks)


if __name__ == "__main__":
    main()
