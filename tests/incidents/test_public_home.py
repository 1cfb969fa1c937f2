"""The front page: the published rows, honest about what they are, and nothing else."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from elections.regions import load_region_set
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


# --- Filters ----------------------------------------------------------------------------------


@pytest.fixture
def three():
    """One in Almaty, one in Turkestan about the net, one that names no region."""
    almaty = walking.published()
    net = walking.published(
        walking.opened(walking.filed_report(category="NET00", region="KZ-YUZ"))
    )
    nowhere = walking.opened(walking.filed_report(category="DET03", region=None))
    walking.take(nowhere, "edit", changes={"place_precision": "country"})
    walking.take(nowhere, "dispute", grounds="The ministry says otherwise.")
    return almaty, net, walking.published(nowhere, both_sides=True)


def test_the_address_narrows_the_list_and_says_how_far(three):
    almaty, net, nowhere = three
    assert refs(body("?region=KZ-YUZ")) == [net.ref]
    assert refs(body("?region=KZ-YUZ,KZ-ALA&region=KZ-SHY")) == [net.ref, almaty.ref]
    assert refs(body("?category=DET")) == [nowhere.ref]
    assert refs(body("?verification=disputed&q=")) == [nowhere.ref]
    assert "1 of 3 published incidents match." in body("?category=NET00")


def test_each_applied_filter_can_be_taken_away_alone(three):
    text = body("?region=KZ-YUZ,KZ-ALA&category=NET")
    assert 'href="/?region=KZ-ALA&amp;category=NET"' in text
    assert 'href="/?region=KZ-YUZ%2CKZ-ALA"' in text or 'href="/?region=KZ-YUZ,KZ-ALA"' in text
    assert "Region: Turkestan" in text
    assert "What kind: Internet and phones, all kinds" in text


def test_filters_that_match_nothing_do_not_say_that_nothing_happened(three):
    text = body("?q=nothing+of+the+kind")
    assert "No published incident matches these filters." in text
    assert "That does not mean that nothing happened." in text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?categroy=DET", "Did you mean “category”?"),
        ("?category=DETT", "Did you mean “DET”?"),
        ("?region=KZ-ALL", "Did you mean"),
        ("?verification=certain", "is not known"),
        ("?severity_min=9", "Give a whole number from 1 to 4."),
        ("?occurred_from=2021-01-11&amp;occurred_to=2021-01-10".replace("&amp;", "&"), "is later"),
        ("?cursor=abc", "This link into the list is no longer good."),
        ("?q=1&q=2", "Give this parameter only once."),
        ("?occurred_from=0001-01-01", "Give a year from"),
    ],
)
def test_what_is_not_understood_is_marked_in_the_panel_and_shows_no_rows(three, query, words):
    response = front(query)
    assert response.status_code == 400
    text = response.content.decode()
    assert words in text
    assert refs(text) == []
    assert "Nothing is shown: the filters could not be understood." in text


def test_a_value_that_is_not_understood_stays_where_it_was_typed(three):
    text = front("?region=KZ-ALL&severity_min=9&q=%3Cb%3E").content.decode()
    assert '<option value="KZ-ALL" selected>KZ-ALL</option>' in text
    assert '<option value="9" selected>9</option>' in text
    assert 'value="&lt;b&gt;"' in text


def test_the_files_hold_the_rows_of_the_page(three):
    text = body("?region=KZ-YUZ&category=NET").replace("&amp;", "&")
    address = "/api/v1/incidents/?format=json&category=NET&region=KZ-YUZ"
    assert f'href="{address}"' in text
    for kind in ("csv", "geojson", "ndjson"):
        assert address.replace("json", kind, 1) in text
    rows = Client().get(address).json()["results"]
    assert [row["ref"] for row in rows] == refs(text)


def test_a_long_list_is_walked_page_by_page_and_each_row_comes_once(three, monkeypatch):
    monkeypatch.setattr("incidents.views.listing.ROWS", 2)
    first = body("?ordering=published")
    onward = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = body(onward.removeprefix("/"))
    assert refs(first) + refs(second) == [p.ref for p in three]
    back = re.search(r'rel="prev" href="([^"]+)"', second)[1].replace("&amp;", "&")
    assert refs(body(back.removeprefix("/"))) == refs(first)
    assert 'rel="next"' not in second
    assert front(onward.removeprefix("/").replace("ordering=published", "")).status_code == 400


# --- What can honestly be said ----------------------------------------------------------------


def test_what_is_missing_is_counted_with_its_denominator(three):
    text = body()
    assert "1 of 3 names no region." in text
    assert "3 of 3 give no number of people. A missing number is not zero." in text
    assert "3 of 3 rest on a single source each." in text
    assert "No rate can be calculated from these numbers." in text


def test_the_map_counts_the_rows_of_the_list_and_draws_silence_as_paper(three):
    load_region_set("KZ-2018")  # with boundaries
    text = body()
    assert text.count('class="map-some"') == 2
    assert "<title id=" in text
    assert "<desc id=" in text
    assert "The same 3 incidents as in the list. 1 names no region and is not on the map." in text
    assert "which does not mean that nothing happened" in text
    for name, count in (("Almaty (city)", 1), ("Turkestan", 1)):
        row = rf'<th scope="row"><a href="/\?region=[A-Z-]+">{re.escape(name)}</a></th>'
        assert re.search(rf'{row}<td class="number">{count}</td>', text)
    assert re.search(r'<th scope="row">Akmola</th><td class="number">none published</td>', text)
    assert 'style="' not in text


def test_the_map_follows_the_filters(three):
    load_region_set("KZ-2018")
    text = body("?category=NET")
    assert text.count('class="map-some"') == 1
    assert 'href="/?category=NET&amp;region=KZ-YUZ"' in text


def test_a_page_names_its_own_address():
    walking.published()
    assert '<link rel="canonical" href="http://127.0.0.1:8000/">' in body()
    assert reverse("public-home") == "/"
