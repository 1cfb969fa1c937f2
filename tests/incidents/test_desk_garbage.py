"""What nobody typed on purpose: every route of desk and field refuses it in words, never with 500.

And a person who typed it gets it back as typed, as text and never as markup.
"""

import json
import uuid

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import QueryDict
from django.test import Client

from incidents.models import Alert, Answer, Incident, Note, Question, Referral, Report
from tests import walking

pytestmark = pytest.mark.django_db

SCRIPT = "<script>alert(1)</script>"
GARBAGE = {
    "missing": None,
    "empty": "",
    "doubled": ["a", "b"],
    "huge number": str(2**70),
    "negative": "-1",
    "long": "x" * 10_000,
    "surrogate": "a\ud800b",
    "NUL": "a\x00b",
    "formula": "=1+1",
    "script": SCRIPT,
    "path": "../../../../etc/passwd\\..%2f",
    "not a number": "NaN",
    "list": "[1, 2]",
    "other digits": "٣²",
}
FIELDS = {
    "note": ("text",),
    "strike_note": ("note", "reason"),
    "refer": ("body", "body_name", "sent", "due_at"),
    "complete_referral": ("referral", "outcome"),
    "judge_source": ("report", "counted", "upstream", "reason"),
    "unmerge": ("loser", "reason"),
    "merge": ("into", "reason"),
    "grade": ("severity", "reason"),
    "submit": ("checklist", "reason"),
    "claim": (),
    "no-such-step": ("reason",),
}
REPORT_FIELDS = {
    "ask": ("question",),
    "withdraw_question": ("question",),
    "link": ("incident",),
    "dismiss": ("reason",),
}


@pytest.fixture(params=list(GARBAGE), ids=list(GARBAGE))
def garbage(request):
    return GARBAGE[request.param]


@pytest.fixture(scope="module")
def one_incident(lasting):
    """Opened from one report; the people who will be asked are there."""
    for role in ("observer", "coordinator", "editor"):
        walking.person(role)
    return walking.opened().pk


@pytest.fixture
def incident(one_incident, db):
    return Incident.objects.get(pk=one_incident)


EVERYTHING = object()


class Watched(QueryDict):
    """Knows what was looked at; who copies it or goes through it looked at everything."""

    looked_at: set = set()

    def __getitem__(self, name):
        self.looked_at.add(name)
        return super().__getitem__(name)

    def __contains__(self, name):
        self.looked_at.add(name)
        return super().__contains__(name)

    def getlist(self, name, default=None):
        self.looked_at.add(name)
        return super().getlist(name, default)

    def __iter__(self):
        self.looked_at.add(EVERYTHING)
        return super().__iter__()

    keys = __iter__

    def items(self):
        self.looked_at.add(EVERYTHING)
        return super().items()

    def lists(self):
        self.looked_at.add(EVERYTHING)
        return super().lists()

    def copy(self):
        self.looked_at.add(EVERYTHING)
        return super().copy()

    def urlencode(self, safe=None):
        self.looked_at.add(EVERYTHING)
        return super().urlencode(safe)


@pytest.fixture
def looked_at(monkeypatch) -> set:
    """Names of the query that a page looked at, empty or not."""

    def query(request):
        if "_watched" not in request.__dict__:
            raw = request.environ.get("QUERY_STRING", "")
            request._watched = Watched(raw, encoding=request.encoding)
        return request._watched

    monkeypatch.setattr(WSGIRequest, "GET", property(query))
    monkeypatch.setattr(Watched, "looked_at", set())
    return Watched.looked_at


def signed_in(role: str = "coordinator") -> Client:
    client = Client()
    client.force_login(walking.person(role))
    return client


def filled(names, value) -> dict:
    """Encoded as a hostile program would: a lone surrogate as the three bytes it has."""
    if value is None:
        return {}
    many = value if isinstance(value, list) else [value]
    return {
        name: [one.encode("utf-8", "surrogatepass") if "\ud800" in one else one for one in many]
        for name in names
    }


def held(answer, *, also: tuple[int, ...] = ()) -> str:
    """No failure, and nothing that runs in the page."""
    fine = (200, 204, 205, 303, *also)
    assert answer.status_code in fine or 400 <= answer.status_code < 500, answer.content[:500]
    text = answer.content.decode()
    assert SCRIPT not in text
    return text


def test_posts_of_the_queue_and_its_pages(garbage):
    walking.the_election()
    client = signed_in()
    for path, names in (
        ("/desk/bulk/", ("step", "row", "given", "reason", "incident", "severity")),
        ("/desk/views/", ("name", "query")),
        ("/desk/handover/", ("standing", "since")),
        (f"/desk/views/{uuid.uuid4()}/delete/", ("name",)),
        (f"/desk/here/{uuid.uuid4()}/", ("x",)),
        (f"/desk/alerts/{uuid.uuid4()}/accept/", ("back", "next")),
    ):
        held(client.post(path, filled(names, garbage)))


def test_a_bulk_of_real_rows_with_values_that_are_none(garbage, incident):
    report = walking.filed_report()
    client = signed_in()
    for step, row in (
        ("reports:link", f"report:{report.pk}:received"),
        ("reports:dismiss", f"report:{report.pk}:received"),
        ("incidents:grade", f"incident:{incident.ref}:{incident.version}"),
        ("incidents:close", f"incident:{incident.ref}:{incident.version}"),
    ):
        data = filled(("reason", "incident", "severity", "outcome", "until"), garbage)
        held(client.post("/desk/bulk/", {"step": step, "row": row, "given": "1"} | data))
    held(client.post("/desk/bulk/", {"step": "incidents:claim"} | filled(("row",), garbage)))


def test_reading_with_values_that_are_none(garbage, incident, looked_at):
    """All names at once, and alone each that the page looks at: of others it cannot know."""
    client = signed_in()
    names = ("since", "q", "list", "limit", "page", "region", "state", "status", "due", "overdue")
    names += ("severity", "station", "category", "sort", "cursor", "after", "back", "mine")
    for path in (
        "/desk/",
        "/desk/news/",
        "/desk/handover/",
        "/desk/alerts/",
        "/desk/drafts/",
        "/desk/arrivals/",
        f"/desk/incidents/{incident.ref}/",
        f"/desk/reports/{incident.reports.get().pk}/",
        "/report/mine/",
    ):
        looked_at.clear()
        held(client.get(path, filled(names, garbage)), also=(302,))
        alone = names[:6] if EVERYTHING in looked_at else looked_at.intersection(names[:6])
        for name in sorted(alone):
            held(client.get(path, filled((name,), garbage)), also=(302,))


@pytest.mark.parametrize("path", ["bulk/", "views/", f"alerts/{uuid.UUID(int=1)}/accept/"])
def test_what_is_only_posted_is_not_read(path):
    assert signed_in().get(f"/desk/{path}").status_code == 405


@pytest.mark.parametrize(
    "ref", ["%00", "..%2F..%2Fetc", "%ED%A0%80", "x" * 9000, "%3Cscript%3E", "=1"]
)
def test_references_that_are_none_are_not_found(ref):
    walking.the_election()
    client = signed_in()
    for path in (
        f"/desk/incidents/{ref}/",
        f"/desk/incidents/{ref}/steps/note/",
        f"/desk/here/{ref}/",
        f"/desk/views/{ref}/delete/",
        f"/desk/alerts/{ref}/accept/",
        f"/desk/reports/{ref}/",
        f"/report/questions/{ref}/",
        f"/api/v1/reports/{ref}/answers/",
    ):
        assert client.get(path).status_code in (400, 404, 405)
        answer = client.post(path, {"text": SCRIPT})
        assert 400 <= answer.status_code < 500
        held(answer)


@pytest.mark.parametrize("step", list(FIELDS))
def test_steps_on_an_incident(step, garbage, incident):
    if step == "submit":
        walking.drafted(incident)
    walking.take(incident, "note", text="Called back.")
    role = "editor" if step == "submit" else "coordinator"
    before = Incident.objects.get(pk=incident.pk).version
    path = f"/desk/incidents/{incident.ref}/steps/{step}/"
    client = signed_in(role)
    if garbage == SCRIPT:
        held(client.get(path, filled(FIELDS[step], garbage)), also=(302,))
    if garbage in (None, str(2**70)):
        held(client.post(path, filled((*FIELDS[step], "version", "seen"), garbage)))
    version = {"version": str(before)}
    held(client.post(path, filled(FIELDS[step], garbage) | version))
    if len(FIELDS[step]) > 1:
        for name in FIELDS[step]:
            held(client.post(path, filled((name,), garbage) | version))


@pytest.mark.parametrize("step", list(REPORT_FIELDS))
def test_steps_on_a_report(step, garbage, incident):
    report = walking.filed_report()
    walking.step_on(report, "ask", question="Who was there?")
    path = f"/desk/reports/{report.pk}/steps/{step}/"
    client = signed_in()
    held(client.get(path, filled(REPORT_FIELDS[step], garbage)), also=(302,))
    held(client.post(path, filled(REPORT_FIELDS[step], garbage)))


def test_answers_of_an_observer(garbage, incident):
    report = incident.reports.get()
    walking.step_on(report, "ask", question="Who was there?")
    question = Question.objects.get()
    client = signed_in("observer")
    path = f"/report/questions/{question.pk}/"
    held(client.get(path, filled(("id", "text"), garbage)))
    held(client.post(path, filled(("id", "text"), garbage)))
    held(client.post(path, {"id": str(uuid.uuid4())} | filled(("text",), garbage)))


JSON = [
    None, "", 2**70, -1, 1e308, True, [], [[]], {}, {"a": {"b": []}}, "x" * 10_000,
    "a\ud800b", "a\x00b", "=1+1", SCRIPT, "../../etc/passwd",
]  # fmt: skip


@pytest.mark.parametrize("value", JSON, ids=lambda value: repr(value)[:20])
def test_the_same_in_the_api(value, incident):
    report = incident.reports.get()
    walking.step_on(report, "ask", question="Who was there?")
    question = Question.objects.get()
    desk, observer = signed_in(), signed_in("observer")

    def send(client, path, body):
        answer = client.post(path, json.dumps(body), content_type="application/json")
        assert answer.status_code in (200, 201) or 400 <= answer.status_code < 500, path
        assert answer.headers["Content-Type"] in ("application/json", "application/problem+json")

    own = f"/api/v1/reports/{report.pk}/answers/"
    whole = {"id": str(uuid.uuid4()), "question": str(question.pk), "text": "Two men."}
    send(observer, own, value)
    for name in whole:
        send(observer, own, whole | {name: value})
    for kind, key, fields in (
        ("incidents", incident.ref, FIELDS),
        ("reports", report.pk, REPORT_FIELDS),
    ):
        path = f"/api/v1/desk/{kind}/{key}/steps/"
        send(desk, path, value)
        send(desk, path, {"step": value})
        for step, names in fields.items():
            version = Incident.objects.get(pk=incident.pk).version
            known = {"version": version} if kind == "incidents" else {}
            send(desk, path, {"step": step} | known | dict.fromkeys(names, value))
            send(desk, path, {"step": step, "version": value} | dict.fromkeys(names, value))


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 5000, b'{"step": NaN}', b"\x00"])
def test_bytes_that_are_no_json(body, incident):
    for client, path in (
        (signed_in(), f"/api/v1/desk/incidents/{incident.ref}/steps/"),
        (signed_in("observer"), f"/api/v1/reports/{incident.reports.get().pk}/answers/"),
    ):
        answer = client.post(path, body, content_type="application/json")
        assert 400 <= answer.status_code < 500


TYPED = f'{SCRIPT} "quoted" & ../x =1+1 مرحبا 🙈'


@pytest.mark.parametrize(
    ("step", "field", "wrong"),
    [
        ("refer", "sent", {"body": "nobody"}),
        ("refer", "body_name", {"body": "police", "due_at": "soon"}),
        ("merge", "reason", {"into": "NONE-1"}),
        ("merge", "into", {"reason": ""}),
        ("grade", "reason", {"severity": "9"}),
        ("close", "reason", {"outcome": "none"}),
        ("park", "reason", {"version": "1", "reason": "TOO LATE"}),
    ],
)
def test_what_was_typed_comes_back_as_text(step, field, wrong, incident):
    walking.take(incident, "grade", severity=3)
    version = str(Incident.objects.get(pk=incident.pk).version)
    data = {"version": version} | wrong | {field: TYPED}
    answer = signed_in().post(f"/desk/incidents/{incident.ref}/steps/{step}/", data)
    assert 400 <= answer.status_code < 500
    text = held(answer)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &quot;quoted&quot; &amp; ../x =1+1" in text
    assert "مرحبا 🙈" in text


def test_nothing_of_it_is_kept_by_halves(garbage, incident):
    """What is refused leaves no row; what is harmless text is kept as text."""
    client = signed_in()
    answer = client.post(
        f"/desk/incidents/{incident.ref}/steps/refer/",
        {"version": incident.version} | filled(("body", "due_at", "sent"), garbage),
    )
    assert answer.status_code == 400
    answer = client.post(f"/desk/incidents/{incident.ref}/steps/note/", filled(("text",), garbage))
    assert Note.objects.count() == (answer.status_code == 303)
    assert (Referral.objects.count(), Answer.objects.count(), Alert.objects.count()) == (0, 0, 0)
    assert Report.objects.get().state == "linked"
