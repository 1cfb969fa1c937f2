"""The front page narrowed down: what is applied is said, and what is missing is counted."""

import copy
import re

import pytest
from django.test import Client

from elections.regions import load_region_set
from tests import walking
from tests.incidents.test_public_home import body, front, refs


@pytest.fixture(scope="module")
def built(lasting):
    """One in Almaty, one in Turkestan about the net, one that names no region."""
    almaty = walking.published()
    net = walking.published(
        walking.opened(walking.filed_report(category="NET00", region="KZ-YUZ"))
    )
    nowhere = walking.opened(walking.filed_report(category="DET03", region=None))
    walking.take(nowhere, "edit", changes={"place_precision": "country"})
    walking.take(nowhere, "dispute", grounds="The ministry says otherwise.")
    return almaty, net, walking.published(nowhere, both_sides=True)


@pytest.fixture
def three(built, db):
    return copy.deepcopy(built)


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
