"""The people and the place every contract plays with: one person a role, one election."""

import json
import uuid
from dataclasses import dataclass, field
from datetime import date, time
from functools import cached_property

from elections.models import Election, PollDay, Region, RegionSet, Station
from incidents import exporting, intake, publishing, saving, snapshots, steps
from incidents.evidence import places, sealing, showing
from incidents.models import (
    Alert,
    Change,
    Delivery,
    Draft,
    Evidence,
    Export,
    Incident,
    Publication,
    Question,
    RawReport,
    Report,
    SavedExport,
    SavedView,
    Snapshot,
    Subscription,
)
from observers import keys, tokens
from observers.models import ApiToken, Device, Membership, Organisation, SafetyCase, Team, User
from observers.roles import Role

TEXT = {
    "title": {"en": "Observers refused", "ru": "Не пустили", "kk": "Кіргізбеді"},
    "summary": {"en": "Observers said so.", "ru": "Так сказали.", "kk": "Солай деді."},
}
PASSWORD = "a pass phrase of the stage"


def answers(incident: Incident, reason: str = "Looked at.") -> dict:
    """To everything the checklist asks of the text as it is."""
    draft = Draft.objects.filter(incident=incident).first()
    items = publishing.checklist_of(incident, draft.content) if draft else []
    return {item.key: {"answer": "kept", "reason": reason} for item in items}


@dataclass
class Stage:
    election: Election
    city: Region
    other_region: Region
    station: Station
    people: dict[str, User] = field(default_factory=dict)

    @property
    def alert(self) -> Alert:
        """One about something that all of the desk may read."""
        incident = Incident.objects.filter(election=self.election).earliest("opened_at")
        return Alert.objects.get_or_create(
            key=f"stage {self.election.slug}",
            defaults={"election": self.election, "rule": "critical", "incident": incident},
        )[0]

    @property
    def case(self) -> SafetyCase:
        """Of the observer, open."""
        found = {"election": self.election, "user": self.people["observer"], "closed_at": None}
        return SafetyCase.objects.get_or_create(**found, defaults={"trigger": "desk"})[0]

    @property
    def device(self) -> Device:
        """The observer's phone."""
        found = {"election": self.election, "user": self.people["observer"], "label": "stage"}
        return Device.objects.get_or_create(**found)[0]

    @property
    def arrival(self) -> RawReport:
        """An answer of the observer's that came when their phone was locked."""
        found = {"election": self.election, "author": self.people["observer"], "sha256": "a" * 64}
        more = {"report_id": uuid.uuid4(), "body": b"{}", "channel": "app", "envelope": "answer"}
        more |= {"outcome": "refused", "problems": {"": ["locked"]}, "sealed": True}
        return RawReport.objects.get_or_create(**found, defaults=more)[0]

    @property
    def snapshot(self) -> Snapshot:
        """Of what is published now; made when there is none, or its file was swept away."""
        return snapshots.make()

    @property
    def view(self) -> SavedView:
        """The coordinator's own."""
        return SavedView.objects.get_or_create(
            owner=self.people["coordinator"], name="Mine", defaults={"query": "list=reports"}
        )[0]

    @cached_property
    def saved_export(self) -> tuple[SavedExport, str]:
        """The partner's, and the secret of its address."""
        return saving.make(by=self.people["partner"], name="All", query="", format_="csv")

    @property
    def token(self) -> ApiToken:
        """The partner's."""
        by = self.people["partner"]
        return by.tokens.first() or tokens.create(by, name="t", scopes=[tokens.READS])[0]

    @property
    def webhook(self) -> Subscription:
        """The partner's."""
        return Subscription.objects.get_or_create(
            owner=self.people["partner"], name="stage", url="https://partner.example/hook"
        )[0]

    @property
    def delivery(self) -> Delivery:
        """Of the first change there is, or a test while there is none."""
        first = Change.objects.order_by("seq").first()
        return Delivery.objects.get_or_create(subscription=self.webhook, change=first)[0]

    @property
    def picture(self) -> str:
        """A link to a clean copy, made for the coordinator."""
        kept = Evidence.objects.filter(report__election=self.election, state="ready").first()
        kept = kept or self.evidence(self.file())
        return showing.link(kept.pk, showing.Purpose.PICTURE, to=self.people["coordinator"])

    @property
    def export(self) -> Export:
        """A file of everything published, made in the background."""
        asked = exporting.ask({}, 1)
        if asked.stage != "done":
            exporting.make_waiting()
            asked.refresh_from_db()
        return asked

    @property
    def export_link(self) -> str:
        return exporting.link(self.export)

    def evidence(self, report: Report, **said) -> Evidence:
        """Of a photo, kept and redrawn; its original and its copy hold the same few bytes."""
        keys.make(self.election)
        item = uuid.uuid4()
        said = {"name_as_given": "yard.jpg", "media_type": "image/jpeg"} | said
        names = {kind: f"{kind}s/{item}" for kind in ("original", "derivative")}
        for name in names.values():
            place = places.root() / name
            sealing.seal(self.election, item, [b"\xff\xd8 pixels"], {"size": 9}, place)
        return Evidence.objects.create(
            id=item, report=report, sha256=item.hex * 2, size=9, state="ready", **names, **said
        )

    def person(self, role: Role, name: str = "", **membership) -> User:
        user = User.objects.create_user(
            username=name or f"{role}-{uuid.uuid4().hex[:8]}", password=PASSWORD
        )
        regions = membership.pop("regions", [])
        made = Membership.objects.create(
            user=user, election=self.election, role=role, **membership
        )
        made.regions.set(regions)
        return user

    def file(self, by: User | None = None, **payload) -> Report:
        body = {"category": "ACC01", "text": "We were not let in.", "region": "KZ-ALA"} | payload
        return intake.file_report(
            by=by or self.people["observer"],
            report_id=uuid.uuid4(),
            raw=json.dumps(body).encode(),
            channel="api",
        ).report

    def open(self, report: Report | None = None, **data) -> Incident:
        report = report or self.file()
        data = {"title": "Observers refused"} | data
        steps.take_on_report(
            report, "open_incident", by=self.people["coordinator"], channel="page", **data
        )
        return report.incidents.get()

    def ask(self, report: Report, question: str = "Who was there?") -> Question:
        by = self.people["coordinator"]
        steps.take_on_report(report, "ask", by=by, channel="page", question=question)
        return report.questions.latest("asked_at")

    def take(self, incident: Incident, step: str, by: str | User, **data) -> Incident:
        person = self.people[by] if isinstance(by, str) else by
        now = Incident.objects.get(pk=incident.pk)
        if step in ("submit", "restore"):
            data = {"checklist": answers(now)} | data
        data = {"version": now.version, "channel": "page"} | data
        return steps.take(incident, step, by=person, **data)

    def publish(self, incident: Incident | None = None, **content) -> Publication:
        incident = incident or self.open()
        self.take(incident, "draft", "editor", content=TEXT | content)
        self.take(incident, "submit", "editor")
        self.take(incident, "approve", "second_editor")
        self.take(incident, "publish", "second_editor")
        return Publication.objects.get(incident=incident)

    def withdraw(self, publication: Publication, kind: str = "error") -> Publication:
        self.take(publication.incident, "withdraw", "editor", kind=kind)
        return Publication.objects.get(pk=publication.pk)


def build_stage(slug: str = "stage") -> Stage:
    regions = RegionSet.objects.create(
        slug=slug, name_en="Map", country="KZ", valid_from=date(2018, 6, 19)
    )
    country = _region(regions, None, "KZ", "Kazakhstan", "country")
    city = _region(regions, country, "KZ-ALA", "Almaty (city)", "city")
    other = _region(regions, country, "KZ-YUZ", "Turkestan", "region")
    election = Election.objects.create(
        slug=slug,
        ref_prefix=slug.upper().replace("-", ""),
        name_en="Election",
        country="KZ",
        region_set=regions,
        kind="parliamentary",
        time_zone="Asia/Almaty",
    )
    PollDay.objects.create(
        election=election, date=date(2021, 1, 10), opens=time(7), closes=time(20)
    )
    station = Station.objects.create(
        election=election, region=city, commission="KZ-ALA", number="7"
    )
    stage = Stage(election, city, other, station)
    organisation = Organisation.objects.create(slug=slug, name_en="Watch")
    pair = Team.objects.create(organisation=organisation, name="Pair")
    stage.people = {
        "observer": stage.person(Role.OBSERVER, f"{slug}-observer", team=pair),
        "pair_observer": stage.person(Role.OBSERVER, f"{slug}-pair", team=pair),
        "other_observer": stage.person(Role.OBSERVER, f"{slug}-other"),
        "coordinator": stage.person(Role.COORDINATOR, f"{slug}-coordinator"),
        "editor": stage.person(Role.EDITOR, f"{slug}-editor"),
        "second_editor": stage.person(Role.EDITOR, f"{slug}-second"),
        "security": stage.person(Role.SECURITY, f"{slug}-security"),
        "partner": stage.person(Role.PARTNER, f"{slug}-partner"),
        "admin": stage.person(Role.ADMIN, f"{slug}-admin"),
    }
    return stage


def _region(regions: RegionSet, parent: Region | None, code: str, name: str, kind: str) -> Region:
    return Region.objects.create(
        region_set=regions,
        parent=parent,
        level=0 if parent is None else 1,
        kind=kind,
        code=code,
        name_en=name,
        time_zone="Asia/Almaty",
        longitude=76.9,
        latitude=43.2,
        path=f"{parent.path if parent else '/'}{code}/",
        search=name.casefold(),
    )
