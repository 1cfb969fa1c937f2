"""The feed of publications, as a feed reader sees it."""

from datetime import datetime
from xml.etree import ElementTree

import pytest

from incidents.models import Publication
from incidents.views import atom
from tests.api.rows import published_row
from tests.factories import ElectionFactory
from tests.walking import corrected, published, take, withdrawn

pytestmark = pytest.mark.django_db
A = "{http://www.w3.org/2005/Atom}"
H = "{http://www.w3.org/1999/xhtml}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def feed(client, query: str = "") -> ElementTree.Element:
    answer = client.get(f"/feed.atom{query}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert not answer.cookies
    return check(ElementTree.fromstring(answer.content))


def check(root: ElementTree.Element) -> ElementTree.Element:
    """What RFC 4287 asks of a feed and its entries."""
    assert root.tag == f"{A}feed"
    for one in (root, *root.iter(f"{A}entry")):
        for name in ("id", "title", "updated"):
            [element] = one.findall(f"{A}{name}")
            assert element.text.strip()
        assert datetime.fromisoformat(one.find(f"{A}updated").text).tzinfo
        kinds = [(link.get("rel"), link.get("type")) for link in one.findall(f"{A}link")]
        assert len(kinds) == len(set(kinds))
        assert ("alternate", "text/html") in kinds
    assert root.find(f"{A}author/{A}name").text
    assert root.find(f"{A}link[@rel='self']") is not None
    ids = [entry.find(f"{A}id").text for entry in root.iter(f"{A}entry")]
    assert len(ids) == len(set(ids))
    return root


def entries(root) -> list[ElementTree.Element]:
    return root.findall(f"{A}entry")


def said(entry, name: str) -> str | None:
    found = entry.find(f"{A}{name}")
    return found.text if found is not None else None


def test_newest_change_first_and_an_id_for_life(client, settings):
    settings.PUBLIC_URL = "https://dauys.example"
    first, second = published(), published()
    before = entries(feed(client))
    assert [said(one, "id")[-len(second.ref) :] for one in before] == [second.ref, first.ref]
    day = f"{first.published_at:%Y-%m-%d}"
    assert said(before[1], "id") == f"tag:dauys.example,{day}:{first.ref}"
    corrected(first, title={"en": "Corrected"})
    after = entries(feed(client))
    assert said(after[0], "id") == said(before[1], "id")
    assert said(after[0], "title") == "Corrected"
    assert said(after[0], "published") == said(before[1], "published")
    link = after[0].find(f"{A}link[@rel='alternate']").get("href")
    assert link == f"https://dauys.example/incidents/{first.ref}/"


def test_a_withdrawn_one_is_put_in_the_place_of_its_text(client):
    row = published(title={"en": "PAPER LANTERN"}, summary={"en": "PAPER LANTERN"})
    [there] = entries(feed(client))
    assert said(there, "title") == said(there, "summary") == "PAPER LANTERN"
    withdrawn(row, kind="safety")
    answer = client.get("/feed.atom")
    assert b"LANTERN" not in answer.content
    [gone] = entries(feed(client))
    assert said(gone, "id") == said(there, "id")
    assert said(gone, "title") == f"{row.ref} was withdrawn"
    assert said(gone, "summary") == "It was withdrawn for somebody's safety."
    assert gone.find(f"{A}content") is None
    loser, survivor = published(), published()
    take(loser.incident, "merge", into=survivor.ref, reason="The same event.")
    titles = {said(one, "title") for one in entries(feed(client, "?language=ru"))}
    assert f"{loser.ref} теперь часть другого инцидента" in titles


def test_the_language_is_the_one_asked_for_and_a_text_says_its_own(client):
    published_row(title={"ru": "Не пустили"}, summary={"en": "Not let in."}, category="NET00")
    root = feed(client, "?language=kk")
    assert root.get(LANG) == "kk"
    [entry] = entries(root)
    assert (said(entry, "title"), entry.find(f"{A}title").get(LANG)) == ("Не пустили", "ru")
    assert entry.find(f"{A}summary").get(LANG) == "en"
    told = entry.findall(f"{A}content/{H}div/{H}p")
    assert (told[0].text, told[0].get(LANG), told[1].get(LANG)) == ("Not let in.", "en", None)
    assert len(told) == 4
    terms = [one.get("term") for one in entry.findall(f"{A}category")]
    assert terms == ["NET00", "reported"]
    russian = client.get("/feed.atom?language=ru", headers={"Accept-Language": "kk"})
    assert russian["Content-Language"] == "ru"
    page = client.get("/", headers={"Accept-Language": "ru"}).content.decode()
    assert 'href="/feed.atom?language=ru"' in page


def test_nothing_new_is_304_and_a_change_elsewhere_wakes_nobody(client):
    published_row()
    other = ElectionFactory(slug="kz-2019")
    address = "/feed.atom?election=kz-2021-mazhilis"
    headers = {"If-None-Match": client.get(address)["ETag"]}
    published_row(other, regions=[])
    answer = client.get(address, headers=headers)
    assert (answer.status_code, answer.content) == (304, b"")
    assert client.head(address).status_code == 200
    assert len(entries(feed(client))) == 2
    published_row()
    assert client.get(address, headers=headers).status_code == 200
    assert len(entries(feed(client, "?election=kz-2021-mazhilis"))) == 2


def test_older_changes_are_a_link_away_and_none_is_told_twice(client, monkeypatch):
    monkeypatch.setattr(atom, "ENTRIES", 2)
    rows = [published_row() for _number in range(5)]
    found, address, pages = [], "", 0
    while address is not None:
        root = feed(client, address)
        found += [said(one, "id").rpartition(":")[2] for one in entries(root)]
        following = root.find(f"{A}link[@rel='next']")
        address = "?" + following.get("href").partition("?")[2] if following is not None else None
        pages += 1
    assert (found, pages) == ([row.ref for row in reversed(rows)], 3)


@pytest.mark.parametrize(
    "query", ["?langauge=ru", "?language=xx", "?before=0", "?before=x", "?election=no", "?q=a"]
)
def test_what_is_not_understood_is_refused(client, query):
    assert client.get(f"/feed.atom{query}").status_code == 400


def test_no_rehearsal_no_publication_and_no_strange_letter_breaks_it(client):
    drill = ElectionFactory(slug="drill", is_rehearsal=True)
    published_row(drill, regions=[])
    assert entries(feed(client)) == []
    row = published_row(title={"en": "A\x0b<b>&\ufffe"}, summary={"en": "\x1b]]>"})
    assert Publication.objects.filter(pk=row.pk).exists()
    [entry] = entries(feed(client))
    assert said(entry, "title") == "A\ufffd<b>&\ufffd"
