"""What the world reads, who decides it, and how it is taken back."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone, translation

from incidents import publishing, steps
from incidents.errors import Invalid, NotAllowed, Stale, WrongState
from incidents.models import Change, Draft, Event, Incident, Publication, ReportLink
from observers.models import User
from observers.roles import Role
from tests.contracts.stage import TEXT, build_stage


@pytest.fixture
def stage(db):
    return build_stage("pub")


def submitted(stage, incident=None, **content):
    incident = incident or stage.open()
    stage.take(incident, "draft", "editor", content=TEXT | content)
    stage.take(incident, "submit", "editor")
    return Incident.objects.get(pk=incident.pk)


# --- Four eyes -------------------------------------------------------------------------------


def test_who_wrote_it_last_may_not_approve_it(stage):
    incident = submitted(stage)
    with pytest.raises(NotAllowed, match="wrote"):
        stage.take(incident, "approve", "editor")
    assert "approve" not in {
        s.name for s in publishing.allowed(incident, by=stage.people["editor"])
    }


def test_who_wrote_it_under_another_account_may_not_approve_it(stage):
    double = stage.person(Role.EDITOR, "double")
    User.objects.filter(pk=double.pk).update(person=stage.people["editor"].person)
    double.refresh_from_db()
    with pytest.raises(NotAllowed):
        stage.take(submitted(stage), "approve", double)


def test_an_author_of_a_linked_report_may_not_approve_it(stage):
    reporter = stage.people["observer"]
    User.objects.filter(pk=stage.people["second_editor"].pk).update(person=reporter.person)
    stage.people["second_editor"].refresh_from_db()
    with pytest.raises(NotAllowed, match="reported"):
        stage.take(submitted(stage), "approve", "second_editor")


def test_an_approval_is_void_after_an_edit(stage):
    incident = submitted(stage)
    stage.take(incident, "approve", "second_editor")
    stage.take(incident, "write", "editor", content={"summary": {"en": "Changed."}})
    draft = Draft.objects.get(incident=incident)
    assert (draft.state, draft.approved_digest, draft.approved_by) == ("draft", "", None)


def test_saving_the_same_text_voids_nothing_and_makes_nobody_its_editor(stage):
    incident = submitted(stage)
    stage.take(incident, "approve", "second_editor")
    lines, before = Event.objects.count(), Incident.objects.get(pk=incident.pk)
    taken = stage.take(incident, "write", "second_editor", content=TEXT)
    draft = Draft.objects.get(incident=incident)
    assert (draft.state, draft.last_editor) == ("approved", stage.people["editor"])
    assert draft.approved_digest
    assert (taken.version, Event.objects.count()) == (before.version, lines)
    assert Incident.objects.get(pk=incident.pk).changed_at == before.changed_at


@pytest.mark.parametrize("content", [["title"], "title", 7])
def test_a_text_that_is_no_object_is_refused(stage, content):
    with pytest.raises(Invalid):
        stage.take(submitted(stage), "write", "editor", content=content)


def test_whose_text_it_is_comes_before_which_version_it_is(stage):
    incident = submitted(stage)
    with pytest.raises(NotAllowed):
        stage.take(incident, "approve", "editor", version=0, digest="0" * 64)


def test_an_approval_is_void_when_a_public_fact_changed_under_it(stage):
    incident = submitted(stage)
    stage.take(incident, "approve", "second_editor")
    stage.take(incident, "edit", "coordinator", changes={"persons_words": "dozens"})
    with pytest.raises(WrongState, match="changed since"):
        stage.take(incident, "publish", "second_editor")
    assert not Publication.objects.exists()


def test_approval_of_another_text_than_the_one_read_is_refused(stage):
    with pytest.raises(WrongState, match="changed while you read"):
        stage.take(submitted(stage), "approve", "second_editor", digest="0" * 64)


# --- The floor -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({"verification": "refuted"}, "refuted"),
        ({"verification": "disputed"}, "both sides"),
        ({"severity": 4}, "Severity 4"),
        ({"category": "OTH99"}, "Other"),
        ({"place_precision": "unknown"}, "place"),
    ],
)
def test_what_may_never_be_published_is_not_even_submitted(stage, columns, word):
    incident = stage.open()
    Incident.objects.filter(pk=incident.pk).update(**columns)
    incident.refresh_from_db()
    stage.take(incident, "draft", "editor", content=TEXT)
    with pytest.raises(Invalid) as refusal:
        stage.take(incident, "submit", "editor")
    assert any(word in str(line) for line in refusal.value.errors["content"])


def test_an_empty_text_is_not_published(stage):
    incident = stage.open()
    stage.take(incident, "draft", "editor")
    with pytest.raises(Invalid, match="correction"):
        stage.take(incident, "submit", "editor")


def test_a_disputed_incident_is_published_with_both_sides(stage):
    incident = stage.open()
    stage.take(incident, "dispute", "coordinator", grounds="The ministry denies it.")
    publication = stage.publish(incident, both_sides=True)
    assert publication.verification == "disputed"


# --- What the world reads --------------------------------------------------------------------


def test_a_publication_holds_what_was_approved_and_nothing_of_the_report(stage):
    report = stage.file(
        text="SECRET narrative", station="7", latitude=43.25, longitude=76.95, told_by="SECRET man"
    )
    publication = stage.publish(stage.open(report, title="SECRET working title"))
    document = json.loads(publication.document)
    assert "SECRET" not in publication.document + publication.search
    assert document["title"] == TEXT["title"]
    assert document["regions"] == ["KZ-ALA"]
    # A station where one observer stood names the observer: the region stands for it.
    assert (document["station"], document["place_precision"]) == (None, "region")
    assert (document["longitude"], document["latitude"]) == (76.9, 43.2)
    assert document["persons_min"] is None


def test_a_station_is_named_when_an_editor_chooses_so(stage):
    incident = stage.open(stage.file(station="7"))
    document = json.loads(stage.publish(incident, place_precision="station").document)
    assert document["station"] == "KZ-ALA:7"


def test_a_finer_place_than_the_desk_knows_is_refused(stage):
    incident = stage.open()
    with pytest.raises(Invalid):
        stage.take(incident, "draft", "editor", content=TEXT | {"place_precision": "station"})


def test_time_can_be_published_coarser(stage):
    report = stage.file(
        occurred_start="2021-01-10T11:05+06:00",
        occurred_end="2021-01-10T11:05+06:00",
        occurred_precision="exact",
    )
    document = json.loads(stage.publish(stage.open(report), time="hour").document)
    assert document["occurred_start"] == "2021-01-10T11:00:00+06:00"
    assert document["occurred_end"] == "2021-01-10T11:59:59+06:00"
    assert document["occurred_precision"] == "hour"


def test_a_correction_keeps_the_old_version_public_until_the_new_one_is_approved(stage):
    publication = stage.publish()
    incident = publication.incident
    stage.take(incident, "correct", "editor", what_changed="The place.")
    stage.take(incident, "write", "editor", content={"title": {"en": "Corrected"}})
    publication.refresh_from_db()
    assert (publication.version, publication.titles) == (1, TEXT["title"])
    stage.take(incident, "submit", "editor")
    stage.take(incident, "approve", "second_editor")
    stage.take(incident, "publish", "editor")
    publication.refresh_from_db()
    assert (publication.version, publication.titles) == (2, {"en": "Corrected"})
    assert [v.what_changed for v in publication.versions.all()] == ["", "The place."]
    assert publication.published_at < publication.updated_at


def test_an_embargo_holds_and_ends_by_itself(stage):
    incident = submitted(stage)
    later = timezone.now() + timedelta(hours=1)
    stage.take(incident, "approve", "second_editor", embargo_until=later.isoformat())
    with pytest.raises(WrongState, match="embargo"):
        stage.take(incident, "publish", "editor")
    assert publishing.publish_due() == 0
    Draft.objects.update(embargo_until=timezone.now() - timedelta(seconds=1))
    assert publishing.publish_due() == 1
    assert publishing.publish_due() == 0
    assert Publication.objects.get().live
    assert Event.objects.filter(verb="publish").get().actor is None


# --- Taking back -----------------------------------------------------------------------------


@pytest.mark.parametrize("person", ["editor", "second_editor", "security"])
def test_one_person_alone_withdraws_and_the_text_is_gone(stage, person):
    publication = stage.publish()
    stage.take(publication.incident, "withdraw", person, kind="safety", note="A person asked.")
    publication.refresh_from_db()
    assert not publication.live
    assert (publication.document, publication.titles, publication.search) == ("", {}, "")
    assert publication.region_rows.count() == publication.category_rows.count() == 0
    assert publication.public_note == "A person asked."
    assert list(Change.objects.values_list("op", "reason")) == [
        ("upsert", ""),
        ("retract", "safety"),
    ]
    assert not Publication.objects.visible_to(stage.people["editor"]).exists()


def test_a_text_in_correction_can_still_be_withdrawn(stage):
    publication = stage.publish()
    stage.take(publication.incident, "correct", "editor", what_changed="The place.")
    stage.take(publication.incident, "withdraw", "security", kind="safety")
    publication.refresh_from_db()
    assert not publication.live


def test_restoring_takes_two(stage):
    publication = stage.withdraw(stage.publish())
    incident = publication.incident
    stage.take(incident, "restore", "second_editor", reason="It was true.")
    with pytest.raises(NotAllowed):
        stage.take(incident, "approve", "second_editor")
    stage.take(incident, "approve", "editor")
    stage.take(incident, "publish", "editor")
    publication.refresh_from_db()
    assert publication.live
    assert publication.version == 2
    assert publication.withdrawn_at is None


@pytest.mark.parametrize("asked_in", ["en", "ru", "kk"])
def test_a_restoration_is_told_in_the_language_of_the_reader(stage, client, asked_in):
    publication = stage.withdraw(stage.publish())
    with translation.override(asked_in):
        stage.take(publication.incident, "restore", "second_editor", reason="It was true.")
        stage.take(publication.incident, "approve", "editor")
        stage.take(publication.incident, "publish", "editor")
    assert [v.what_changed for v in publication.versions.all()] == ["", ""]
    address = f"/incidents/{publication.ref}/"
    for language, sentence in {
        "en": "Restored after a withdrawal.",
        "ru": "Восстановлено после отзыва.",
        "kk": "Қайтарып алынғаннан кейін қалпына келтірілді.",
    }.items():
        page = client.get(address, headers={"accept-language": language}).content.decode()
        assert page.count(sentence) == 1
    listed = client.get(f"/api/v1{address}versions/", headers={"accept-language": "ru"}).json()
    assert [row["what_changed"] for row in listed["results"]] == [
        "",
        "Restored after a withdrawal.",
    ]


def test_the_second_editor_sees_that_it_is_a_restoration(stage, client):
    publication = stage.withdraw(stage.publish())
    stage.take(publication.incident, "restore", "second_editor", reason="It was true.")
    client.force_login(stage.people["editor"])
    for address in ("/desk/drafts/", f"/desk/incidents/{publication.ref}/"):
        assert "Restored after a withdrawal." in client.get(address).content.decode()


@pytest.mark.parametrize("said", ["\0", " \n "])
def test_a_correction_says_what_it_corrects(stage, said):
    with pytest.raises(Invalid):
        stage.take(stage.publish().incident, "correct", "editor", what_changed=said)


def test_a_merged_incident_leaves_a_pointer_to_the_survivor(stage):
    survivor, loser = stage.open(), stage.open(stage.file(by=stage.people["other_observer"]))
    publication = stage.publish(loser)
    stage.take(loser, "merge", "coordinator", into=survivor.ref, reason="Same event.")
    publication.refresh_from_db()
    assert (publication.live, publication.merged_into_ref) == (False, survivor.ref)
    assert Change.objects.last().reason == "merged"
    assert ReportLink.objects.filter(incident=survivor).count() == 2


def test_two_mergers_of_each_other_end_with_one_survivor(stage):
    one, two = stage.open(), stage.open(stage.file())
    stage.take(one, "merge", "coordinator", into=two.ref, reason="Same.")
    with pytest.raises(WrongState):
        stage.take(two, "merge", "coordinator", into=one.ref, reason="Same.")


def test_a_stale_save_names_what_differs(stage):
    incident = stage.open()
    seen = incident.version
    stage.take(incident, "edit", "coordinator", changes={"title": "Hers", "persons_min": 3})
    with pytest.raises(Stale) as refusal:
        stage.take(incident, "edit", "coordinator", changes={"title": "His"}, version=seen)
    assert {"field": "title", "yours": "His", "theirs": "Hers"} in refusal.value.fields
    assert Incident.objects.get(pk=incident.pk).title == "Hers"


def test_a_sealed_report_linked_in_between_makes_nobodys_save_stale(stage):
    """A refusal would tell that somebody reported in confidence."""
    incident = stage.open()
    seen = incident.version
    sealed = stage.file(audience="security_only")
    steps.take_on_report(
        sealed, "link", by=stage.people["security"], channel="page", incident=incident.ref
    )
    saved = stage.take(incident, "edit", "coordinator", changes={"title": "His"}, version=seen)
    assert saved.title == "His"


def test_a_version_must_be_said(stage):
    with pytest.raises(Invalid, match="correction"):
        stage.take(stage.open(), "claim", "coordinator", version=None)
