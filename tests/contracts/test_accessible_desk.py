"""axe finds nothing on any page of the desk: every list, every form, every refusal.

In each language, everything unfolded; the colours, which know no language, light and dark.
"""

import uuid
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from incidents import steps, workflow
from incidents.models import Change, Delivery, Incident, RawReport, Report, Subscription
from incidents.transitions import INCIDENT_AXES, REPORT
from incidents.views.desk_offers import INCIDENT_FORMS, REPORT_FORMS
from observers.models import SafetyCase, User
from tests import walking
from tests.contracts import scene
from tests.contracts.axe import Shown, faults
from tests.factories import member
from tests.incidents.test_desk_incident import fields_of

pytestmark = [pytest.mark.browser, pytest.mark.once]
LANGUAGES = ["en", "ru", "kk"]
KEYS = "() => document.getElementById('keys').showModal()"


@pytest.fixture(scope="module")
def night(chromium, django_db_setup, django_db_blocker) -> Iterator[scene.Scene]:
    # After the browser: its loop gives this thread a connection of its own.
    with django_db_blocker.unblock(), transaction.atomic():
        yield scene.build()
        transaction.set_rollback(True)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def lists(client: Client) -> list[Shown]:
    client.post("/desk/views/", {"name": "Mine", "query": "list=reports&state=received"})
    asked = ("", "?list=reports&state=quarantined", "?list=incidents", "?list=incidents&q=nothing")
    return [
        *(Shown(f"/desk/{query}", client) for query in asked),
        Shown("/desk/", client, script=KEYS),
        Shown("/desk/?list=incidents&severity=9", client, status=400),
        Shown("/desk/drafts/", client),
        Shown("/desk/drafts/?state=submitted", client),
        Shown("/desk/arrivals/", client),
        Shown(f"/desk/arrivals/{locked_answer().pk}/release/", client, sent={}, status=400),
        Shown("/desk/handover/", client),
        Shown("/desk/alerts/", client),
        Shown("/desk/safety/", client),
        *(
            Shown(f"/desk/safety/{case.pk}/close/", client, sent={"outcome": ""}, status=400)
            for case in SafetyCase.objects.open()
        ),
        Shown("/desk/devices/", client),
        Shown("/desk/devices/?q=nobody&state=locked", client, plain=True),
        Shown(f"/desk/people/{walking.person('observer', number=5).pk}/invite/", client, sent={}),
    ]


def locked_answer() -> RawReport:
    """It came from a locked phone and may be released."""
    said = {"envelope": "answer", "outcome": "refused", "problems": {"": ["locked"]}}
    return RawReport.objects.get_or_create(
        author=walking.person("observer"),
        election=walking.the_election(),
        sha256="b" * 64,
        defaults={"report_id": uuid.uuid4(), "body": b"{}", "channel": "app", "sealed": True}
        | said,
    )[0]


def things(night: scene.Scene, client: Client, language: str) -> list[Shown]:
    """All that differ by their state in one language; in the others the fullest of each."""
    reports, incidents = night.reports, [*night.incidents, night.rehearsed]
    fullest = [*reports[-1:], night.whole, night.withdrawn.incident, night.rehearsed]
    chosen = [*reports, *incidents] if language == "en" else fullest
    return [Shown(path_of(one), client, plain=one not in fullest) for one in chosen]


def path_of(row: Report | Incident) -> str:
    if isinstance(row, Report):
        return f"/desk/reports/{row.pk}/"
    return f"/desk/incidents/{row.ref}/"


def forms(night: scene.Scene) -> dict[str, str]:
    """Each step with something to fill in, once, where it is possible."""
    pages: dict[str, str] = {}
    for report in Report.objects.filter(pk__in=[row.pk for row in night.reports]):
        for step in workflow.allowed_on_report(report, by=night.all_hands):
            pages.setdefault(step.name, f"/desk/reports/{report.pk}/steps/{step.name}/")
    for incident in Incident.objects.filter(pk__in=[row.pk for row in night.incidents]):
        for step in steps.allowed(incident, by=night.all_hands):
            pages.setdefault(step.name, f"/desk/incidents/{incident.ref}/steps/{step.name}/")
    every = {*REPORT, *(name for table in INCIDENT_AXES.values() for name in table)}
    assert every - pages.keys() == set()
    asking = REPORT_FORMS.keys() | INCIDENT_FORMS.keys()
    return {name: path for name, path in pages.items() if name in asking}


def refusals(night: scene.Scene, client: Client) -> list[Shown]:
    """What comes back when a step is late, lacks something, or is taken on many rows."""
    edit = f"/desk/incidents/{night.whole.ref}/steps/edit/"
    typed = fields_of(client.get(edit)) | {"title": "What I typed"}
    walking.take(night.whole, "edit", changes={"title": f"What she saved {uuid.uuid4()}"})
    park = f"/desk/incidents/{night.whole.ref}/steps/park/"
    version = Incident.objects.get(pk=night.whole.pk).version
    chosen = [f"report:{report.pk}:received" for report in night.reports[:3]]
    bulk = {"step": "reports:dismiss", "row": chosen}
    late = {"row": [f"incident:{night.whole.ref}:1"], "step": "incidents:claim"}
    return [
        Shown(edit, client, sent=typed, status=412),
        Shown(park, client, sent={"version": version, "reason": ""}, status=400),
        Shown("/desk/bulk/", client, sent=bulk),
        Shown("/desk/bulk/", client, sent=late),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_a_page_of_the_desk(night, chromium, language):
    client = signed_in(night.all_hands)
    pages = [*lists(client), *things(night, client, language), *refusals(night, client)]
    assert faults(chromium, language, pages) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_a_form_of_the_desk(night, chromium, language):
    client, found = signed_in(night.all_hands), forms(night)
    # The others are drawn by one template; their words stand on the pages above, unfolded.
    wide = {"edit", "write", "submit", "approve", "refer"}
    assert wide <= found.keys()
    names = found if language == "en" else wide
    pages = [Shown(found[name], client, plain=name not in wide) for name in names]
    assert faults(chromium, language, pages) == []


def followed(night) -> tuple[Subscription, Client]:
    """A webhook that fails, with a log."""
    election = night.published.incident.election
    owner = member("partner", election)
    hook = Subscription.objects.create(
        owner=owner, url="https://partner.example/", election=election, categories=["DET"],
        failing_since=timezone.now(), previous_until=timezone.now(),
    )  # fmt: skip
    for number, change in enumerate(Change.objects.order_by("seq")[:3]):
        Delivery.objects.create(
            subscription=hook, change=change, attempts=number, waiting=number < 2,
            last_problem="status" * (number == 1), last_status=503, delivered_at=timezone.now(),
        )  # fmt: skip
    Delivery.objects.create(subscription=hook)
    return hook, signed_in(owner)


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_a_page_of_field_or_public(night, chromium, language):
    nobody, observer = Client(), signed_in(night.observer)
    report = Report.objects.filter(author=night.observer, questions__isnull=False).first()
    open_question = report.questions.first()
    hook, partner = followed(night)
    pages = [
        Shown("/", nobody),
        Shown(f"/incidents/{night.published.incident.ref}/", nobody),
        Shown(f"/incidents/{night.withdrawn.incident.ref}/", nobody, status=410),
        Shown(f"/elections/{night.published.incident.election.slug}/", nobody),
        Shown("/data/", nobody),
        Shown("/no-such-page/", nobody, status=404),
        Shown("/account/login/", nobody),
        Shown("/account/login/", nobody, sent={"login": "x", "password": "y"}),
        Shown("/account/logout/", observer),
        Shown("/account/password/", observer),
        Shown("/account/webhooks/", partner),
        Shown("/account/webhooks/", partner, sent={"url": "x"}, status=400),
        Shown("/account/webhooks/", partner, sent={"url": "https://partner.example/"}),
        Shown(f"/account/webhooks/{hook.pk}/", partner),
        Shown("/report/", observer),
        Shown("/report/", observer, sent={"text": ""}, status=400),
        Shown(f"/report/sent/{report.pk}/", observer),
        Shown("/report/mine/", observer),
        Shown("/report/here/", observer),
        Shown("/report/here/", observer, sent={"kind": "arrived"}, status=400),
        Shown("/report/here/", nobody, sent={"kind": "sos"}, status=401),
        Shown("/report/enrol/", nobody, sent={"secret": "x"}, status=400),
        Shown(f"/report/questions/{open_question.pk}/", observer),
    ]
    assert faults(chromium, language, pages) == []
