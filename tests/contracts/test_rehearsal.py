"""A rehearsal is played in full and is nowhere outside; inside, every page says so."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from elections.models import Election
from incidents import publishing
from incidents.models import Change, Counter, Draft, Event, Publication
from observers import tokens
from tests.contracts.answers import text_of
from tests.contracts.permissions import API, EVERYBODY, PAGES
from tests.contracts.stage import TEXT, build_stage

NAME = "Zhattygu"
WORDS = "Rehearsed refusal"
FORMATS = ("json", "ndjson", "csv", "geojson")
VIEWERS = ("anonymous", "editor", "observer", "admin", "token_read", "token_desk")
PUBLIC = {
    name: row.path
    for name, row in (API | PAGES).items()
    if row.rules.get("GET") is EVERYBODY and name != "api-schema"
}


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker):
    """A real election with something public, and a rehearsal with everything that there can be."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        real = build_stage("real")
        made = build_stage("drill")
        made.real = real.publish()
        Election.objects.filter(pk=made.election.pk).update(is_rehearsal=True, name_en=NAME)
        made.election.refresh_from_db()
        text = {"title": {"en": WORDS}, "summary": {"en": WORDS}}
        made.published = made.publish(made.open(made.file(station="7")), **text)
        made.withdrawn = made.withdraw(made.publish(made.open(made.file()), **text))
        made.report = made.published.incident.reports.get()
        made.incident = made.published.incident
        made.question = made.ask(made.report)
        made.changes = Change.objects.count()
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def inside(stage, django_db_blocker):
    """Each test in a transaction of its own."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        yield stage
        transaction.set_rollback(True)


def client_of(stage, viewer: str) -> Client:
    if viewer == "anonymous":
        return Client()
    if viewer.startswith("token_"):
        scope = {"token_read": "published:read", "token_desk": "desk"}[viewer]
        _token, text = tokens.create(
            stage.people["coordinator"], name=viewer, scopes=[scope], expires_in=timedelta(days=1)
        )
        return Client(headers={"authorization": f"Bearer {text}"})
    client = Client()
    client.force_login(stage.people[viewer])
    return client


def traces_of(stage, text: str) -> list[str]:
    marks = [NAME, WORDS, "DRILL-", f'"{stage.election.slug}"', f"/{stage.election.slug}/"]
    return [mark for mark in marks if mark in text]


def paths() -> list[str]:
    lists = [f"/api/v1/incidents/?format={name}" for name in FORMATS]
    labelled = [f"{path}&labels=en" for path in lists]
    asked = ["/api/v1/incidents/?count=true", "/?q=Rehearsed", "/api/v1/incidents/?q=Rehearsed"]
    return [path for path in PUBLIC.values() if "{" not in path] + lists + labelled + asked


@pytest.mark.parametrize("viewer", VIEWERS)
@pytest.mark.parametrize("path", paths())
def test_no_public_answer_holds_anything_of_it(inside, path, viewer):
    response = client_of(inside, viewer).get(path)
    assert response.status_code == 200, path
    assert traces_of(inside, text_of(response)) == []


SAVED = "/data/saved/{s.saved_export[0].pk}/{s.saved_export[1]}.csv"
# Of everything published, whoever made them: they are there and hold what is real.
FILES = (
    SAVED,
    "/api/v1/exports/file/{s.export_link}/",
    "/api/v1/snapshots/{s.snapshot.name}/file/",
)
TOLD = ("/api/v1/exports/{s.export.pk}/", "/api/v1/snapshots/{s.snapshot.name}/")
OF_ONE = [path for path in PUBLIC.values() if "{" in path and path not in FILES + TOLD] + [
    "/incidents/{s.withdrawn.ref}/",
    "/api/v1/incidents/{s.withdrawn.ref}/",
    "/api/v1/incidents/{s.withdrawn.ref}/versions/",
    "/api/v1/incidents/{s.published.pk}/",
    *(f"/api/v1/incidents/?format={name}&election={{s.election.slug}}" for name in FORMATS),
    "/api/v1/incidents/?station=KZ-ALA:7&election={s.election.slug}",
    "/api/v1/changes/?since=0&election={s.election.slug}",
]


@pytest.mark.parametrize("viewer", VIEWERS)
@pytest.mark.parametrize("path", OF_ONE)
def test_nothing_of_it_can_be_fetched(inside, path, viewer):
    """What it is asked for comes back in the refusal, and nothing else does."""
    response = client_of(inside, viewer).get(path.format(s=inside))
    assert response.status_code in (400, 404), path
    text = text_of(response)
    assert NAME not in text
    assert WORDS not in text


@pytest.mark.parametrize("path", FILES)
def test_a_file_of_everything_holds_what_is_real(inside, path):
    text = text_of(Client().get(path.format(s=inside)))
    assert inside.real.ref in text
    assert traces_of(inside, text) == []


@pytest.mark.parametrize("path", TOLD)
def test_what_is_told_of_a_file_is_nothing_of_it(inside, path):
    response = Client().get(path.format(s=inside))
    assert response.status_code == 200
    assert traces_of(inside, text_of(response)) == []


def test_the_same_crawl_finds_a_real_election(inside):
    """The negative control."""
    text = "".join(text_of(Client().get(path)) for path in paths())
    assert inside.real.ref in text
    assert '"real"' in text


def test_the_world_counts_only_what_is_real(inside):
    answer = Client().get("/api/v1/incidents/?count=true").json()
    assert answer["meta"]["count"] == len(answer["results"]) == 1


def test_it_takes_no_number_of_the_feed(inside):
    """A gap would tell how much was rehearsed."""
    assert inside.changes == 1
    assert Counter.objects.get(name="changes").value == 1


def test_the_end_of_an_embargo_publishes_nothing_outside(inside):
    incident = inside.open(inside.file())
    inside.take(incident, "draft", "editor", content=TEXT)
    inside.take(incident, "submit", "editor")
    past = (timezone.now() - timedelta(minutes=1)).isoformat()
    inside.take(incident, "approve", "second_editor", embargo_until=past)
    assert publishing.publish_due() == 1
    assert Publication.objects.get(incident=incident).live
    assert Change.objects.count() == 1
    assert Client().get(f"/incidents/{incident.ref}/").status_code == 404


def test_inside_it_is_played_to_the_end(inside):
    text = text_of(client_of(inside, "editor").get(f"/desk/incidents/{inside.incident.ref}/"))
    assert "Published in the rehearsal: version 1." in text
    assert f'href="/incidents/{inside.incident.ref}/"' not in text
    assert Event.objects.filter(election=inside.election, verb="publish").count() == 2
    assert Draft.objects.get(incident=inside.incident).state == "published"


PARTS = {"desk-news", "desk-here", "desk-file"}  # of a page that carries it
BEFORE = {"field-enrol-page"}  # nobody knows yet which election it is for
INSIDE = [
    ("coordinator", row.path)
    for name, row in PAGES.items()
    if name.startswith("desk-") and "GET" in row.rules and name not in PARTS
] + [
    ("observer", row.path)
    for name, row in PAGES.items()
    if name.startswith("field-") and name not in BEFORE
]


@pytest.mark.parametrize(("who", "path"), INSIDE)
def test_every_page_of_field_and_desk_carries_the_banner(inside, who, path):
    response = client_of(inside, who).get(path.format(s=inside))
    assert response.status_code in (200, 409), path
    assert f"Nothing of “{NAME}” becomes public." in text_of(response)


def test_a_real_page_never_carries_it_even_for_who_rehearses_too(inside):
    from observers.models import Membership

    coordinator = inside.people["coordinator"]
    real = inside.real.incident
    Membership.objects.create(user=coordinator, election=real.election, role="coordinator")
    text = text_of(client_of(inside, "coordinator").get(f"/desk/incidents/{real.ref}/"))
    assert NAME not in text


@pytest.mark.parametrize("rehearsal", [True, False])
def test_an_election_with_reports_stays_what_it_is(inside, rehearsal):
    """Else what was rehearsed would be public at once, or what is public would just be gone."""
    election = inside.election if rehearsal else inside.real.election
    assert election.is_rehearsal == rehearsal
    client = client_of(inside, "admin")
    from observers.models import Membership

    Membership.objects.create(user=inside.people["admin"], election=None, role="admin")
    url = f"/admin/elections/election/{election.pk}/change/"
    form = client.get(url).context["adminform"].form
    sent = {name: value for name, value in form.initial.items() if value is not None}
    sent |= {"is_rehearsal": "" if rehearsal else "on"}
    for formset in client.get(url).context["inline_admin_formsets"]:
        prefix = formset.formset.prefix
        sent |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    answer = client.post(url, sent)
    assert answer.status_code == 200
    assert "so it stays what it is" in answer.content.decode()
    election.refresh_from_db()
    assert election.is_rehearsal == rehearsal


def test_an_empty_rehearsal_may_become_real(db):
    election = build_stage("empty").election
    election.is_rehearsal = True
    election.full_clean()
    election.save()
    election.is_rehearsal = False
    election.full_clean()
