"""The feed of publications for a feed reader: Atom (RFC 4287), in the language asked for.

A page rather than a part of the API: it is read by people, in their language. A withdrawn incident
stays as an entry under its own id, with a newer date and no text, because readers put what comes
under an id in the place of what they kept; the deleted-entry of RFC 6721 hardly any of them knows.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from elections.models import Election
from elections.querysets import THE_WORLD
from elections.strict import Param, check_names, read_params
from incidents import feed, presenting, wording
from incidents.codebook import LANGUAGES
from incidents.filters import chosen_elections
from incidents.models import Publication
from incidents.views.public import absolute, fresh
from incidents.vocabulary import Verification, WithdrawReason

ENTRIES = 100
MEDIA_TYPE = "application/atom+xml; charset=utf-8"
NAMESPACE = "http://www.w3.org/2005/Atom"
XHTML = "http://www.w3.org/1999/xhtml"
# What an XML 1.0 document cannot hold, escaped or not.
UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Of a feed without entries; earlier than any that may come.
NEVER = "1970-01-01T00:00:00Z"
PARAMS = (
    Param("language", "choice", choices=LANGUAGES, default="en"),
    Param("election", many=True),
    Param("before", "integer", minimum=1, maximum=2**63 - 1),
)
Element = ElementTree.Element


@require_safe
@fresh
def publications(request: HttpRequest) -> HttpResponseBase:
    """What changed last comes first; `before` leads on to what changed earlier (RFC 5005)."""
    query = _read(request)
    elections, faults = chosen_elections(query, THE_WORLD)
    if faults:
        raise BadRequest(" ".join(fault.detail for fault in faults))
    # The number first: what is published between the two questions alters the next answer's tag.
    newest = feed.data_version(
        elections.values_list("pk", flat=True) if query["election"] else None
    )
    tag = f'"{newest}-{query["language"]}"'
    if unchanged := get_conditional_response(request, etag=tag):
        return unchanged
    rows = Publication.objects.visible_to(THE_WORLD, withdrawn=True).filter(last_seq__gt=0)
    if query["election"]:
        rows = rows.filter(election__in=elections)
    if query["before"]:
        rows = rows.filter(last_seq__lt=query["before"])
    found = list(rows.select_related("election").order_by("-last_seq")[: ENTRIES + 1])
    with translation.override(query["language"]):
        text = _written(_feed(request, query, found))
    headers = {"ETag": tag, "Content-Language": query["language"]}
    headers["Access-Control-Allow-Origin"] = "*"
    return HttpResponse(text, content_type=MEDIA_TYPE, headers=headers)


def _read(request: HttpRequest) -> dict[str, Any]:
    """Strict as the API is: a misspelt filter never answers with everything."""
    faults = check_names(request.GET, {param.name: param.many for param in PARAMS})
    query, unclear = read_params(request.GET, PARAMS)
    if faults or unclear:
        raise BadRequest(" ".join(fault.detail for fault in faults + unclear))
    return query


def _feed(request: HttpRequest, query: Mapping[str, Any], found: list[Publication]) -> Element:
    shown, more = found[:ENTRIES], found[ENTRIES:]
    root = Element("feed", {"xmlns": NAMESPACE, "xml:lang": query["language"]})
    asked = {name: query[name] for name in ("language", "election") if query[name]}
    address = _address(request, asked)
    _add(root, "id", address)
    _add(root, "title", _("Election observation incidents") + " · " + _("Dauys"))
    updated = max((row.updated_at for row in shown), default=None)
    _add(root, "updated", updated.isoformat(timespec="seconds") if updated else NEVER)
    _add(_add(root, "author"), "name", _("Dauys"))
    here = asked | ({"before": query["before"]} if query["before"] else {})
    _link(root, "self", _address(request, here), MEDIA_TYPE)
    _link(root, "alternate", absolute(request, reverse("public-home")), "text/html")
    if more:
        following = asked | {"before": shown[-1].last_seq}
        _link(root, "next", _address(request, following), MEDIA_TYPE)
    places = _places(shown)
    for row in shown:
        root.append(_entry(request, row, places.get(row.election_id)))
    return root


def _address(request: HttpRequest, query: Mapping[str, Any]) -> str:
    return absolute(request, f"{reverse('public-feed')}?{urlencode(query, doseq=True)}")


def _places(rows: Iterable[Publication]) -> dict[int, presenting.Places]:
    """One query for each election in the feed, for the names of its regions."""
    elections: dict[int, Election] = {row.election_id: row.election for row in rows if row.live}
    documents = {
        pk: [presenting.document_of(row) for row in rows if row.live and row.election_id == pk]
        for pk in elections
    }
    return {pk: presenting.places_of(elections[pk], documents[pk]) for pk in elections}


def _entry(request: HttpRequest, row: Publication, places: presenting.Places | None) -> Element:
    entry = Element("entry")
    _add(entry, "id", _identifier(request, row))
    _add(entry, "updated", row.updated_at.isoformat(timespec="seconds"))
    _add(entry, "published", row.published_at.isoformat(timespec="seconds"))
    _link(entry, "alternate", absolute(request, row.get_absolute_url()), "text/html")
    if row.live and places:
        _tell(entry, row, presenting.told(presenting.document_of(row), places))
    else:
        merged = row.withdrawn_reason == WithdrawReason.MERGED
        title = (
            _("%(ref)s is now part of another incident") if merged else _("%(ref)s was withdrawn")
        )
        _add(entry, "title", title % {"ref": row.ref})
        said = [wording.withdrawn_because(row.withdrawn_reason), row.public_note]
        _add(entry, "summary", " ".join(filter(None, said)))
    return entry


def _identifier(request: HttpRequest, row: Publication) -> str:
    """RFC 4151: this house's name on the day of the first publication, and the reference."""
    name = urlsplit(settings.PUBLIC_URL).hostname or request.get_host().partition(":")[0]
    return f"tag:{name},{row.published_at:%Y-%m-%d}:{row.ref}"


def _tell(entry: Element, row: Publication, told: Mapping[str, Any]) -> None:
    _text(entry, "title", told["title"])
    _text(entry, "summary", told["summary"])
    content = _add(entry, "content")
    content.set("type", "xhtml")
    page = ElementTree.SubElement(content, "div", {"xmlns": XHTML})
    _text(page, "p", told["summary"])
    for fact in (told["when"], told["where"], wording.verification_means(told["verification"])):
        if fact:
            _add(page, "p", fact)
    level = Verification(row.verification)
    for term, label in ((row.category, told["category"]), (level.value, level.label)):
        entry.append(Element("category", {"term": term, "label": str(label)}))
    _add(entry, "rights", row.licence.replace("-", " "))


def _text(parent: Element, name: str, text: wording.Text) -> None:
    """It says its language where it is not that of the feed."""
    made = _add(parent, name, text.text)
    if text.language:
        made.set("xml:lang", text.language)


def _add(parent: Element, name: str, text: str = "") -> Element:
    made = ElementTree.SubElement(parent, name)
    made.text = _plain(text)
    return made


def _link(parent: Element, rel: str, href: str, kind: str) -> None:
    parent.append(Element("link", {"rel": rel, "href": href, "type": kind.partition(";")[0]}))


def _plain(text: str) -> str:
    return UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _written(root: Element) -> bytes:
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text
