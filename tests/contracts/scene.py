"""A desk in the middle of a bad night: something in every state, everything beside it.

All of it is made by the product's own verbs. `all_hands` reads and does everything but approve
their own words; texts are written by others.
"""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from elections.models import Election
from incidents import checking_in, publishing
from incidents.models import Evidence, Incident, Publication, Report
from incidents.workflow import locks, safety
from observers.models import Device, User
from observers.roles import Role
from tests import walking
from tests.factories import ElectionFactory, MembershipFactory, member
from tests.incidents.test_desk_conversation import answered, asked, late, noted, referred
from tests.incidents.test_desk_whole_incident import response, with_outlines

LONG = "They keep the door shut, and the list is not shown to anybody. " * 30


@dataclass
class Scene:
    all_hands: User
    observer: User
    whole: Incident
    published: Publication
    withdrawn: Publication
    rehearsed: Incident
    reports: list[Report] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)


def all_hands(election: Election) -> User:
    user = member(Role.COORDINATOR, election, user__username="all-hands")
    for role in (Role.EDITOR, Role.SECURITY):
        MembershipFactory(user=user, election=election, role=role)
    return user


def observer(number: int) -> User:
    return walking.person("observer", number=number)


def waiting_reports() -> list[Report]:
    sealed = walking.filed_report(text="Her name is known.", audience="security_only")
    twice = [walking.filed_report(text="The same words.") for _number in range(2)]
    strange = walking.filed_report(
        text="Left early.",
        category="XXX99",
        station="№ 00999",
        occurred_start="yesterday",
        details={"x": "y"},
    )
    danger = walking.filed_report(text="They hold us in a bus.", danger="observer")
    follows = walking.filed_report(
        text="We are out.", follow_up_of=str(danger.pk), follow_up_kind="outcome"
    )
    dismissed, locked = walking.filed_report(), walking.filed_report()
    walking.step_on(dismissed, "dismiss", reason="A test.")
    walking.step_on(locked, "quarantine", reason="It looks forged.")
    return [sealed, *twice, strange, danger, follows, dismissed, locked]


def whole_incident() -> Incident:
    """Everything that can stand on an incident's page."""
    first = walking.filed_report(by=observer(2), text=LONG, category="DET03", persons_min=15)
    incident = walking.opened(first, title="Fifteen people held in the yard of a school")
    second = walking.filed_report(
        by=observer(3), text="Қырық адам ұсталды.", language="kk", category="DET03", persons_min=40
    )
    walking.step_on(second, "link", incident=incident.ref)
    third = walking.filed_report(by=observer(2), text="Еще держат.", category="DET03")
    walking.step_on(third, "link", incident=incident.ref)
    judged = {"report": third.ref, "independent": True, "reason": "She stood elsewhere."}
    walking.take(incident, "judge_source", **judged)
    status = [{"status": "held", "as_of": "2021-01-10T12:00:00+06:00", "source": "official"}]
    walking.take(
        incident,
        "edit",
        changes={"details": {"status": status}, "persons_min": 15},
        by="coordinator",
    )
    response(incident, "Police", status="released", number="9")
    response(incident, "Ministry", position="denies", status="held")
    noted(incident, "Called back at noon.")
    struck = noted(incident, "The bus was white.")
    walking.take(incident, "strike_note", note=str(struck.pk), reason="Another bus.")
    late(referred(incident))
    done = referred(incident, body="commission")
    walking.take(incident, "complete_referral", referral=str(done.pk), outcome="Received.")
    answered(asked(first))
    asked(second, "Балалар бар ма?")
    Evidence.objects.create(
        report=first,
        sha256="a" * 64,
        size=2048,
        media_type="image/jpeg",
        name_as_given="yard.jpg",
        original="originals/1",
    )
    other = walking.opened(title="A bus without number plates")
    walking.take(incident, "relate", to=other.ref, kind="follows", note="The same bus.")
    same = walking.opened(walking.filed_report(by=observer(4), category="DET03"))
    walking.take(same, "merge", into=incident.ref, reason="The same yard.")
    walking.take(incident, "corroborate", grounds="Two teams.")
    walking.published(incident)
    walking.take(incident, "correct", "editor", what_changed="The number.")
    walking.take(incident, "claim")
    return incident


def shaken() -> Publication:
    """Public, and one of the two it rests on is in quarantine now."""
    report = walking.filed_report(by=observer(5))
    incident = walking.opened(report)
    second = walking.filed_report(by=observer(6))
    walking.step_on(second, "link", incident=incident.ref)
    public = walking.published(incident)
    walking.step_on(second, "quarantine", reason="It looks forged.")
    return public


def in_every_state() -> list[Incident]:
    parked, closed, refuted = (walking.opened() for _number in range(3))
    walking.take(parked, "park", reason="Nobody answers.")
    walking.take(closed, "close", outcome="confirmed", reason="Done.")
    walking.take(refuted, "refute", grounds="The station does not exist.")
    hour = (timezone.now() + timedelta(hours=3)).isoformat()
    return [
        parked,
        closed,
        refuted,
        walking.drafted(),
        walking.submitted(),
        walking.approved(embargo_until=hour),
        walking.approved(),
    ]


def rehearsed(user: User) -> Incident:
    drill = ElectionFactory(
        name_en="Drill",
        slug="drill",
        is_rehearsal=True,
        region_set=walking.the_election().region_set,
    )
    MembershipFactory(user=user, election=drill, role=Role.COORDINATOR)
    return walking.opened(walking.filed_report(election=drill, text="Played."))


def in_the_field(election: Election, desk: User) -> None:
    """One calls for help, one is silent, one is there; phones of every kind."""
    station, now = election.stations.first(), timezone.now()
    for number, (kind, ago) in enumerate((("sos", 5), ("well", 300), ("well", 10)), start=5):
        who = observer(number)
        for said, minutes in (("arrived", ago + 1), (kind, ago)):
            checking_in.check_in(
                id=uuid.uuid4(),
                by=who,
                election=election,
                kind=said,
                at=now - timedelta(minutes=minutes),
                sha256="0" * 64,
                channel="page",
                station=station if number == 5 else None,
                station_as_typed="Мектеп №5",
            )
        Device.objects.create(user=who, election=election, label=f"phone {number}")
        Device.objects.create(user=who, election=election, kind="browser", last_seen_at=now)
    closed = safety.open_case(observer(7), election, by=desk)
    safety.close_case(closed, by=desk, outcome="Reached by telephone, all is well.")
    locks.lock_person(observer(8), by=desk)
    locks.lock_device(Device.objects.filter(user=observer(5)).first(), by=desk)


def build() -> Scene:
    election = walking.the_election()
    user = all_hands(election)
    with_outlines()
    observer(8)
    in_the_field(election, user)
    reports = waiting_reports()
    whole = whole_incident()
    public = shaken()
    incidents = [whole, public.incident, *in_every_state()]
    gone = walking.withdrawn(kind="safety", note="Somebody could be recognised.")
    walking.refused_arrival(b'{"text": "\x00 cut')
    merged = Incident.objects.get(status="merged")
    publishing.note_lost_access()
    return Scene(
        all_hands=user,
        observer=observer(2),
        whole=whole,
        published=public,
        withdrawn=gone,
        rehearsed=rehearsed(user),
        reports=[*reports, whole.reports.earliest("received_at")],
        incidents=[*incidents, gone.incident, merged],
    )
