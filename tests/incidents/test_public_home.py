"""The front page: the published rows, honest about what they are, and nothing else."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from incidents.models import Publication
from tests import walking
from tests.factories import ElectionFactory

pytestmark = pytest.mark.django_db


def front(query: str = "", language: str = "en", client: Client | None = None):
    client = client or Client()
    return client.get(f"/{query}", headers={"accept-language": language})


def body(query: str = "", **more) -> str:
    response = front(query, **more)
    assert response.status_code == 200, response.content.decode()
    return " ".join(response.content.decode().split())


def refs(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r'href="/incidents/([A-Z0-9-]+)/"', text)))


def test_without_any_election_the_page_says_that_nothing_is_published():
    text = body()
    assert "Nothing is published yet." in text
    assert "That does not mean that nothing happened." in text


def test_a_published_incident_is_told_in_one_row():
    publication = walking.published()
    text = body()
    assert "1 incident published." in text
    assert refs(text) == [publication.ref]
    for words in ("Observers were refused entry", "Observer refused entry", "Almaty", "reported"):
        assert words in text
    assert "Time not known" in text


def test_what_is_not_published_is_nowhere_on_the_page():
    walking.filed_report(text="Never published text")
    walking.drafted(walking.opened(title="Never published title"))
    walking.submitted(walking.opened())
    gone = walking.withdrawn()
    text = body()
    assert refs(text) == []
    assert "Never published" not in text
    assert gone.ref not in text


def test_a_rehearsal_is_never_shown():
    rehearsal = ElectionFactory(region_set=walking.the_election().region_set, is_rehearsal=True)
    report = walking.filed_report(walking.person("observer", rehearsal), rehearsal)
    walking.published(walking.opened(report))
    assert Publication.objects.count() == 1
    assert refs(body()) == []
    coordinator = Client()
    coordinator.force_login(walking.person("coordinator", rehearsal))
    assert refs(body(client=coordinator)) == []


def test_the_newest_publication_comes_first_and_the_order_can_be_turned():
    first, second = walking.published(), walking.published(walking.opened())
    assert refs(body()) == [second.ref, first.ref]
    assert refs(body("?ordering=published")) == [first.ref, second.ref]


def test_a_title_that_is_not_in_the_readers_language_says_which_it_is():
    walking.published()
    assert 'lang="en">Observers were refused entry' in body(language="kk")
    assert ">Наблюдателей не пустили</a>" in body(language="ru")


def test_markup_in_a_text_is_shown_and_not_run():
    nasty = "<script>alert(1)</script>"
    walking.published(title={"en": nasty}, summary={"en": nasty})
    text = body(f"?q={nasty}")
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_somebody_who_only_reads_gets_no_cookie_and_always_a_fresh_page():
    walking.published()
    response = front()
    assert not response.cookies
    assert response["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert "csrfmiddlewaretoken" not in response.content.decode()


def test_a_person_who_is_signed_in_keeps_nothing_of_the_page():
    client = Client()
    client.force_login(walking.person("editor"))
    assert front(client=client)["Cache-Control"] == "no-store"


def test_a_page_names_its_own_address():
    walking.published()
    assert '<link rel="canonical" href="http://127.0.0.1:8000/">' in body()
    assert reverse("public-home") == "/"
