"""Reports, incidents and publications as the product makes them: by its own verbs.

A test that needs an incident in some state walks there, so no test knows a state that people
cannot reach. People appear when they are needed: `person("editor", election)` is the same editor
each time, `person("editor", election, 2)` a second one.
"""

import datetime as dt
import json
import uuid

from elections.models import Election, PollDay, Region, Station
from incidents import intake, publishing, steps
from incidents.errors import Refused
from incidents.models import Draft, Incident, Publication, Report
from observers.models import User
from tests.factories import ElectionFactory, RegionFactory, RegionSetFactory, TeamFactory, member

TITLE = {"en": "Observers were refused entry", "ru": "Наблюдателей не пустили"}
SUMMARY = {
    "en": "Observers said they were not let into a polling station.",
    "ru": "Наблюдатели рассказали, что их не пустили на участок.",
}


def the_election() -> Election:
    """10 January 2021 with three units of its map and one station; made once a test."""
    found = Election.objects.filter(slug="kz-2021-mazhilis").first()
    if found is not None:
        return found
    regions = RegionSetFactory(slug="KZ-2018")
    country = RegionFactory(region_set=regions, code="KZ", kind="country", name_en="Kazakhstan")
    for code, kind, name in (
        ("KZ-ALA", "city", "Almaty"),
        ("KZ-SHY", "city", "Shymkent"),
        ("KZ-YUZ", "region", "Turkestan"),
    ):
        RegionFactory(region_set=regions, parent=country, code=code, kind=kind, name_en=name)
    election = ElectionFactory(
        slug="kz-2021-mazhilis",
        ref_prefix="KZ2021",
        region_set=regions,
        name_en="Election to the Mazhilis, 10 January 2021",
    )
    PollDay.objects.create(
        election=election, date=dt.date(2021, 1, 10), opens=dt.time(7), closes=dt.time(20)
    )
    city = region("KZ-ALA", election)
    Station.objects.create(election=election, region=city, commission="KZ-ALA", number="7")
    return election


def region(code: str, election: Election | None = None) -> Region:
    return Region.objects.of(election or the_election()).get(code=code)


def person(role: str, election: Election | None = None, number: int = 1) -> User:
    """The same account each time; observers each have a team of their own."""
    election = election or the_election()
    username = f"{role}-{number}-{election.slug}"
    found = User.objects.filter(username=username).first()
    if found is not None:
        return found
    team = TeamFactory() if role == "observer" else None
    return member(role, election, team=team, user__username=username)


def filed_report(by: User | None = None, election: Election | None = None, **payload) -> Report:
    """`payload`: fields of intake; a plain refusal of entry in Almaty unless said otherwise."""
    election = election or the_election()
    said = {
        "category": "ACC01",
        "text": "We were not let into the station.",
        "region": "KZ-ALA",
        "election": election.slug,
    }
    said |= payload
    return intake.file_report(
        by=by or person("observer", election),
        report_id=uuid.uuid4(),
        raw=json.dumps(
            {field: value for field, value in said.items() if value is not None}
        ).encode(),
        channel="page",
    ).report


def step_on(report: Report, step: str, by: str | User = "coordinator", **data) -> Report:
    who = person(by, report.election) if isinstance(by, str) else by
    return steps.take_on_report(report, step, by=who, channel="page", **data)


def take(incident: Incident, step: str, by: str | User = "coordinator", **data) -> Incident:
    """The step as the incident is now; give `version` to be late."""
    who = person(by, incident.election) if isinstance(by, str) else by
    now = Incident.objects.get(pk=incident.pk)
    if step in ("submit", "restore"):
        data = {"checklist": answers(now)} | data
    data = {"version": now.version, "channel": "page"} | data
    return steps.take(now, step, by=who, **data)


def answers(incident: Incident, reason: str = "Looked at.") -> dict:
    """To everything the checklist asks of the text as it is."""
    draft = Draft.objects.filter(incident=incident).first()
    items = publishing.checklist_of(incident, draft.content) if draft else []
    return {item.key: {"answer": "kept", "reason": reason} for item in items}


def opened(report: Report | None = None, by: str | User = "coordinator", **data) -> Incident:
    report = report or filed_report()
    data = {"title": "Observers refused at a station"} | data
    step_on(report, "open_incident", by, **data)
    return report.incidents.latest("opened_at")


def drafted(incident: Incident | None = None, **content) -> Incident:
    incident = incident or opened()
    return take(
        incident, "draft", "editor", content={"title": TITLE, "summary": SUMMARY} | content
    )


def submitted(incident: Incident | None = None, **content) -> Incident:
    return take(drafted(incident, **content), "submit", "editor")


def approved(incident: Incident | None = None, embargo_until: str = "", **content) -> Incident:
    waiting = submitted(incident, **content)
    second = person("editor", waiting.election, 2)
    return take(waiting, "approve", second, embargo_until=embargo_until)


def published(incident: Incident | None = None, **content) -> Publication:
    """Written and submitted by one editor, approved by another."""
    ready = approved(incident, **content)
    return Publication.objects.get(incident=take(ready, "publish", "editor"))


def corrected(publication: Publication, **content) -> Publication:
    """A second version, approved like the first."""
    take(publication.incident, "correct", "editor", what_changed="The number.")
    take(publication.incident, "write", "editor", content=content)
    take(publication.incident, "submit", "editor")
    second = person("editor", publication.election, 2)
    ready = take(publication.incident, "approve", second)
    return Publication.objects.get(incident=take(ready, "publish", "editor"))


def withdrawn(
    publication: Publication | None = None, kind: str = "error", note: str = ""
) -> Publication:
    publication = publication or published()
    take(publication.incident, "withdraw", "editor", kind=kind, note=note)
    return Publication.objects.get(pk=publication.pk)


def refused_arrival(
    raw: bytes, by: User | None = None, report_id: uuid.UUID | None = None
) -> None:
    """Bytes that intake keeps and refuses."""
    try:
        intake.file_report(
            by=by or person("observer"),
            report_id=report_id or uuid.uuid4(),
            raw=raw,
            channel="app",
        )
    except Refused:
        return
    raise AssertionError("this arrival was understood")
