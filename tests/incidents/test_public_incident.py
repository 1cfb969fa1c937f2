"""The page of one incident: what people cite, and what is left of it when it is withdrawn."""

import re

import pytest
from django.template import Context, Template
from django.test import Client
from django.utils import translation

from incidents import composing
from tests import walking

pytestmark = pytest.mark.django_db


def page(ref: str, language: str = "en"):
    return Client().get(f"/incidents/{ref}/", headers={"accept-language": language})


def words(ref: str, **more) -> str:
    response = page(ref, **more)
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.fixture
def detentions():
    """Dozens held somewhere in the country; a minister answers and gives no number."""
    incident = walking.opened(
        walking.filed_report(
            category="DET03",
            region=None,
            persons_words="dozens",
            occurred_start="2021-01-10T00:00:00+06:00",
            occurred_end="2021-01-10T23:59:59+06:00",
            occurred_precision="day",
        )
    )
    walking.take(
        incident,
        "edit",
        changes={
            "place_precision": "country",
            "categories_secondary": ["DET06"],
            "details": {"authority": ["police"], "injury": "unknown"},
        },
    )
    walking.take(
        incident,
        "respond",
        response={
            "issuer": "Deputy Minister",
            "office": "Ministry of the Interior",
            "position": "declines_to_answer",
            "claims": [
                {"field": "status", "value": "released"},
                {"field": "number", "value": "not given"},
            ],
            "quote": "Все отпущены.",
            "quote_language": "ru",
            "source": "A radio",
            "link": "https://radio.example/1",
        },
    )
    walking.take(incident, "dispute", grounds="No total was given.")
    return walking.published(incident, both_sides=True)


def test_everything_known_is_told_and_what_is_not_known_is_said(detentions):
    text = words(detentions.ref)
    for told in (
        "10 January 2021; the hour is not known",
        "Kazakhstan; no place named",
        "Dozens (no total given)",
        "disputed Sources contradict each other.",
        "One source",
        "3 grave",
        "Activist or protester detained Mass detention at an assembly",
        "Detained by Police",
        "Injuries Not known",
    ):
        assert told in text, told


def test_an_answer_of_the_authorities_stands_beside_the_incident(detentions):
    text = words(detentions.ref)
    assert "Deputy Minister , Ministry of the Interior · date not known" in text
    assert "Declines to answer" in text
    assert "Number Not given" in text
    assert "Status Released" in text
    html = page(detentions.ref).content.decode()
    assert '<blockquote lang="ru"><p>Все отпущены.</p></blockquote>' in html
    assert '<a href="https://radio.example/1" rel="nofollow noreferrer">A radio</a>' in html


def test_a_number_nobody_gave_reads_not_known_and_never_zero():
    text = words(walking.published().ref)
    assert "People affected not known" in text
    assert "When not known" in text


def test_regions_that_are_not_named_are_told_as_such():
    incident = walking.opened(walking.filed_report(region=None))
    changes = {
        "regions": ["KZ-SHY", "KZ-YUZ"],
        "regions_at_least": 3,
        "place_precision": "several_regions",
    }
    walking.take(incident, "edit", changes=changes)
    text = words(walking.published(incident).ref)
    assert "In at least three regions, among them Shymkent and Turkestan" in text
    assert "the third is not named" in text


def test_a_reader_can_cite_it(detentions):
    text = words(detentions.ref)
    address = f"http://127.0.0.1:8000/incidents/{detentions.ref}/"
    cited = rf"“ Observers were refused entry ”. Version 1, .* Almaty time. {address} ."
    assert re.search(cited, text)
    assert "Read on" in text
    assert "CC BY 4.0" in text
    html = page(detentions.ref).content.decode()
    assert f'<link rel="canonical" href="{address}">' in html
    assert f'href="/api/v1/incidents/{detentions.ref}/"' in html


def test_a_correction_is_listed_with_what_changed_and_without_the_old_text():
    publication = walking.published(summary={"en": "The first text."})
    incident = publication.incident
    walking.take(incident, "correct", "editor", what_changed="The place was added.")
    assert "The first text." in words(publication.ref), "the old version stays until the new one"
    walking.take(incident, "write", "editor", content={"summary": {"en": "The second text."}})
    walking.take(incident, "submit", "editor")
    walking.take(incident, "approve", walking.person("editor", number=2))
    walking.take(incident, "publish", "editor")
    text = words(publication.ref)
    assert "The second text." in text
    assert "The first text." not in text
    assert "Version 2 The place was added." in text
    assert "version 2" in text
    assert "first published" in text


def test_a_reader_of_another_language_is_told_so(detentions):
    html = page(detentions.ref, "kk").content.decode()
    assert '<h1 lang="en">Observers were refused entry</h1>' in html
    assert "Наблюдателей не пустили" in page(detentions.ref, "ru").content.decode()


def test_markup_in_any_published_text_is_shown_and_not_run():
    nasty = '"><img src=x onerror=alert(1)>'
    incident = walking.opened(walking.filed_report(persons_words=nasty))
    response = {"issuer": nasty, "position": "denies", "quote": nasty, "source": nasty}
    walking.take(incident, "respond", response=response)
    publication = walking.published(incident, title={"en": nasty}, summary={"en": nasty})
    html = page(publication.ref).content.decode()
    assert "<img" not in html
    assert html.count("&lt;img src=x") >= 6


# --- Finding it -------------------------------------------------------------------------------


def test_a_reference_as_somebody_wrote_it_down_is_sent_to_the_right_page():
    publication = walking.published()
    prefix, tail = publication.ref.split("-")
    misread = f"{prefix}-{tail.replace('0', 'O').replace('1', 'l')}".lower()
    response = page(misread)
    assert response.status_code == 301
    assert response["Location"] == f"/incidents/{publication.ref}/"


@pytest.mark.parametrize("ref", ["KZ2021-ZZZZZ", "x", "<script>", "KZ2021-7F3K\u202e"])
def test_an_unknown_reference_is_not_found(ref):
    walking.the_election()
    assert page(ref).status_code == 404


def test_an_incident_that_is_not_published_does_not_exist_for_the_world():
    incident = walking.approved()
    assert page(incident.ref).status_code == 404
    coordinator = Client()
    coordinator.force_login(walking.person("coordinator"))
    assert coordinator.get(f"/incidents/{incident.ref}/").status_code == 404


# --- Withdrawn and merged ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "because"),
    [
        ("error", "because it contained an error"),
        ("safety", "for somebody&#x27;s safety"),
    ],
)
def test_a_withdrawn_incident_leaves_a_reference_a_date_and_a_reason(kind, because):
    publication = walking.withdrawn(kind=kind, note="The place was wrong <b>.")
    response = page(publication.ref)
    html = response.content.decode()
    assert response.status_code == 410
    for told in (publication.ref, because, "The place was wrong &lt;b&gt;.", "First published"):
        assert told in html
    assert "Observers" not in html.replace("Observers say", "")
    assert '<meta name="robots" content="noindex">' in html


@pytest.fixture
def merged():
    survivor, loser = walking.published(), walking.published(walking.opened())
    walking.take(loser.incident, "merge", into=survivor.incident.ref, reason="The same event.")
    return survivor, loser


def test_a_merged_incident_sends_its_readers_to_the_survivor(merged):
    survivor, loser = merged
    response = page(loser.ref)
    assert response.status_code == 308
    assert response["Location"] == f"/incidents/{survivor.ref}/"


def test_a_chain_of_merges_ends_at_the_last_survivor(merged):
    survivor, loser = merged
    last = walking.published(walking.opened())
    walking.take(survivor.incident, "merge", into=last.incident.ref, reason="The same event.")
    assert page(loser.ref)["Location"] == f"/incidents/{last.ref}/"


def test_a_merged_incident_whose_survivor_is_not_public_says_so_and_names_nobody(merged):
    survivor, loser = merged
    walking.take(survivor.incident, "withdraw", "editor", kind="safety")
    response = page(loser.ref)
    html = response.content.decode()
    assert response.status_code == 410
    assert "is now part of another incident" in html
    assert "That incident is not public at this moment." in html
    assert survivor.ref not in html


# --- The same text on the desk ----------------------------------------------------------------


def test_the_preview_is_drawn_by_what_draws_the_public_page(detentions):
    incident = detentions.incident
    document = composing.compose(incident, incident.draft.content)
    preview = Template("{% load published %}{% published document election 'h3' %}").render(
        Context({"document": document, "election": incident.election})
    )
    public = page(detentions.ref).content.decode()
    article = re.search(r'<article class="published">.*?</article>', public, re.DOTALL)[0]
    same = preview.replace("h4", "h2").replace("h3", "h1").strip()
    assert same == article
    with translation.override("ru"):
        assert "Наблюдателей не пустили" in Template(
            "{% load published %}{% published document election %}"
        ).render(Context({"document": document, "election": incident.election}))
