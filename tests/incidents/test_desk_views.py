"""Saved views and the handover: what one person keeps for the next shift."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from incidents.models import DeskMark, Report, SavedView
from tests import walking

pytestmark = pytest.mark.django_db


def desk(role: str = "coordinator", number: int = 1) -> Client:
    client = Client()
    client.force_login(walking.person(role, number=number))
    return client


def save(name: str, query: str, client: Client | None = None):
    return (client or desk()).post("/desk/views/", {"name": name, "query": query}, follow=True)


def test_a_view_is_saved_listed_opened_and_deleted():
    client = desk()
    text = save("South", "list=reports&region=KZ-YUZ", client).content.decode()
    assert '<a href="/desk/?list=reports&amp;region=KZ-YUZ" aria-current="page"' in text
    view = SavedView.objects.get()
    assert "South" not in desk(number=2).get("/desk/").content.decode()
    assert desk(number=2).post(f"/desk/views/{view.pk}/delete/").status_code == 404
    client.post(f"/desk/views/{view.pk}/delete/")
    assert not SavedView.objects.exists()


def test_the_same_name_takes_the_new_filters():
    save("Mine", "list=reports&danger=observer")
    save("Mine", "list=incidents&severity=4")
    assert SavedView.objects.get().query == "list=incidents&severity=4"


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("", "list=reports", "needs a name"),
        ("Mine", "", "needs a name"),
        ("Mine", "next=https://example.org/", "needs a name"),
        ("Mine", "list=reports&q=" + "x" * 2000, "too long"),
        ("\x00", "list=reports", "needs a name"),
        ("Mine", "&".join(f"q={n}" for n in range(3000)), "too long"),
        ("Mine", "&".join("a" * 999), "needs a name"),
    ],
)
def test_what_cannot_be_saved_is_said(name, query, said):
    assert said in save(name, query).content.decode()
    assert not SavedView.objects.exists()


def test_only_so_many():
    user = walking.person("coordinator")
    SavedView.objects.bulk_create(
        SavedView(owner=user, name=f"View {n}", query="list=reports") for n in range(50)
    )
    assert "Delete one first" in save("One more", "list=reports").content.decode()
    assert "is saved" in save("View 7", "list=incidents").content.decode()


# --- Handover -----------------------------------------------------------------------------------


def test_a_shift_reads_what_happened_and_then_no_more():
    client = desk()
    walking.filed_report(text="They are holding us.", danger="observer")
    verified = walking.opened(title="A verified one")
    for step in ("corroborate", "verify"):
        walking.take(verified, step, grounds="call", fitting_evidence=True)
    published = walking.published(walking.opened(title="A published one"))
    walking.withdrawn(published)
    text = client.get("/desk/handover/").content.decode()
    places = [
        text.index(words)
        for words in ("New reports", "Withdrawn from the public", "Published", "Verified")
    ]
    assert places == sorted(places)
    assert "1 tells of a person in danger." in text
    standing = text.split('name="standing" value="')[1].split('"')[0]
    walking.opened(title="Opened while they read")
    client.post("/desk/handover/", {"standing": standing})
    text = client.get("/desk/handover/").content.decode()
    assert "Opened while they read" in text
    assert "A verified one" not in text


def test_what_is_overdue_now_heads_the_page_whenever_it_came():
    report = walking.filed_report(text="Waits too long.")
    Report.objects.filter(pk=report.pk).update(due_at=timezone.now() - timedelta(minutes=1))
    text = desk().get("/desk/handover/").content.decode()
    assert (
        text.index("Reports overdue") < text.index("Waits too long.") < text.index("New reports")
    )


def test_it_can_be_asked_for_by_time():
    walking.opened(title="Opened just now")
    client = desk()
    tomorrow = (timezone.now() + timedelta(days=2)).date().isoformat()
    assert (
        "Opened just now" not in client.get(f"/desk/handover/?since={tomorrow}").content.decode()
    )
    assert "Opened just now" in client.get("/desk/handover/?since=2021-01-10").content.decode()
    wrong = client.get("/desk/handover/?since=yesterday")
    assert wrong.status_code == 400
    assert "Give a day" in wrong.content.decode()


def test_what_is_for_security_shows_in_no_count():
    walking.filed_report(audience="security_only", danger="observer")
    text = desk().get("/desk/handover/").content.decode()
    assert "None arrived." in text
    assert "danger." not in text


@pytest.mark.parametrize("standing", ["", "nonsense", "\x00"])
def test_a_mark_that_nobody_gave_moves_nothing(standing):
    answer = desk().post("/desk/handover/", {"standing": standing}, follow=True)
    assert "Look at it once more." in answer.content.decode()
    assert not DeskMark.objects.exists()
