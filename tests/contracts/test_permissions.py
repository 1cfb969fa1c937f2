"""Every route × method × person. A route without a row fails; so does a row without a route."""

import uuid

import pytest
from django.db import transaction
from django.test import Client
from django.urls import resolve

from incidents.models import Report
from observers import tokens
from observers.models import User
from observers.roles import Role
from tests.contracts.permissions import PEOPLE, ROWS, TOKENS, Row
from tests.contracts.routes import routes
from tests.contracts.stage import PASSWORD, build_stage
from tests.phones import Phone

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


def test_every_route_has_a_row_and_every_row_a_route():
    in_urlconf = {name for name, _pattern in routes()}
    assert in_urlconf - set(ROWS) == set(), "say in permissions.py who may use these routes"
    assert set(ROWS) - in_urlconf == set(), "these rows have lost their route"


def test_every_row_names_known_people():
    named = {
        p for row in ROWS.values() for rule in row.rules.values() for p in rule.ok | rule.absent
    }
    assert named <= set(PEOPLE)


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker):
    """Built once; every request is played in a transaction that is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = build_stage("matrix")
        foreign = build_stage("abroad")
        made.new_id = uuid.uuid4()
        made.report = made.file()
        made.question = made.ask(made.report)
        made.incident = made.open(made.file())
        made.published = made.publish()
        made.withdrawn = made.withdraw(made.publish())
        assert made.snapshot.rows == 1
        people = made.people
        people["stranger"] = User.objects.create_user("matrix-stranger", password=PASSWORD)
        people["superuser"] = User.objects.create_superuser("matrix-root", password=PASSWORD)
        people["foreign_coordinator"] = foreign.people["coordinator"]
        people["foreign_observer"] = foreign.people["observer"]
        made.tokens = {
            "token_reports": _token(people["observer"], "reports:write"),
            "token_desk": _token(people["coordinator"], "desk"),
            "token_read": _token(people["coordinator"], "published:read"),
            "token_webhooks": _token(people["partner"], "webhooks"),
            "token_partner": _token(people["partner"], "published:read"),
        }
        made.phone = Phone(made, people["coordinator"])
        made.askers = {person: asker(made, person) for person in PEOPLE}
        yield made
        transaction.set_rollback(True)


def _token(user: User, scope: str) -> str:
    return tokens.create(user, name="contract", scopes=[scope])[1]


class Asker(Client):
    """Asks without remembering: the next question comes from the same session as the first.

    The client of the test suite copies the context of every template; over ten thousand
    answers that costs more than the answers.
    """

    def request(self, **request):
        return self.handler(self._base_environ(**request))


class SigningAsker(Asker):
    def __init__(self, phone: Phone) -> None:
        super().__init__()
        self.phone = phone

    def request(self, **request):
        environ = self._base_environ(**request)
        path = environ["PATH_INFO"] + (f"?{q}" if (q := environ["QUERY_STRING"]) else "")
        header = self.phone.signs(environ["REQUEST_METHOD"], path)
        return self.handler(environ | {"HTTP_AUTHORIZATION": header})


def asker(stage, person: str) -> Asker:
    if person == "phone":
        return SigningAsker(stage.phone)
    if person in stage.tokens:
        return Asker(headers={"Authorization": f"Bearer {stage.tokens[person]}"})
    client = Asker()
    if person != "anonymous":
        client.force_login(stage.people[person])
    return client


def ask(stage, row: Row, method: str, person: str) -> str:
    """One question in a transaction that is rolled back."""
    path = row.path.format(s=stage)
    more = {}
    if method not in ("GET", "HEAD", "OPTIONS"):
        more = {"data": {}}
        if path.startswith("/api/"):
            more = {"data": row.bodies.get(method, "{}"), "content_type": "application/json"}
    with transaction.atomic():
        response = getattr(stage.askers[person], method.lower())(path, **more)
        if response.streaming:  # read to its end, a file is closed
            b"".join(response.streaming_content)
        transaction.set_rollback(True)
    return outcome(response, person)


def gated(row: Row) -> bool:
    """Behind the gate of the admin: it looks at the person before the view and its method exist.

    The framework leaves these two names on exactly the views it has put behind `admin_view`,
    which answers from `has_permission` alone: who is turned away there, is so by any method.
    """
    view = resolve(row.path.split("?")[0]).func if row.path.startswith("/admin/") else None
    return hasattr(view, "model_admin") or hasattr(view, "admin_site")


def answers(stage, name: str, person: str) -> dict[tuple[str, str], str]:
    """By method and person. Of a person whom the gate turned away, POST is asked, too, and no
    other; at the index of the admin everybody is asked everything."""
    row = ROWS[name]
    found = {("GET", person): ask(stage, row, "GET", person)}
    turned_away = found["GET", person] in ("sign in", "forbidden")
    short = turned_away and name != "admin:index" and gated(row)
    for method in ("POST",) if short else METHODS:
        found[method, person] = ask(stage, row, method, person)
    return found


def outcome(response, person: str) -> str:
    status = response.status_code
    if status in (302, 303) and response["Location"].startswith("/admin/login/"):
        unknown = person == "anonymous" or person in TOKENS
        return "sign in" if unknown else "forbidden"
    if status == 401 or (status in (302, 303) and "/account/login/" in response["Location"]):
        return "sign in"
    if status >= 500:
        return f"broken {status}"
    return {403: "forbidden", 404: "absent", 405: "not offered"}.get(status, "ok")


def expected(row: Row, method: str, person: str) -> set[str]:
    if row.path.startswith("/admin/") and (method == "OPTIONS" or "POST" in row.rules):
        # The framework's admin answers any method as it answers GET.
        method = method if method in row.rules else "GET"
    rule = row.rules.get("GET" if method == "HEAD" else method)
    if rule is None:
        if method == "OPTIONS" and row.preflight:
            return {"ok"}
        return {"sign in", "forbidden", "absent", "not offered"}
    if person in rule.ok:
        return {"ok"}
    if person in rule.absent:
        return {"absent"}
    # Only two routes listen to a phone's signature; elsewhere it is anonymous.
    unknown = person in ("anonymous", "phone")
    unknown = unknown or (person in TOKENS and not row.path.startswith("/api/"))
    return {"sign in"} if unknown else {"forbidden"}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_each_person_gets_from_each_route_what_the_matrix_says(stage, name, django_db_blocker):
    row = ROWS[name]
    with django_db_blocker.unblock():
        found = {key: got for who in PEOPLE for key, got in answers(stage, name, who).items()}
    wrong = {
        f"{m} {who}": f"{got}, not {expected(row, m, who)}"
        for (m, who), got in found.items()
        if got not in expected(row, m, who)
    }
    assert wrong == {}


def test_a_superuser_without_a_role_is_a_stranger(stage, django_db_blocker):
    with django_db_blocker.unblock():
        assert not Report.objects.visible_to(stage.people["superuser"]).exists()
        assert Role.ADMIN.label
