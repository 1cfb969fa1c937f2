"""From the first word of a public text to its withdrawal, in the hands of two editors."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents import publishing
from incidents.models import Draft, Incident, Publication
from observers.models import User
from tests import walking
from tests.incidents.test_desk_incident import fields_of, form, page, signed_in, step

pytestmark = pytest.mark.django_db


def second():
    return walking.person("editor", number=2)


def answered(incident) -> dict:
    """What an editor sends who looked at everything the checklist asks."""
    items = publishing.checklist_of(incident, draft_of(incident).content)
    return {f"answer_{item.key}": "checked" for item in items}


def draft_of(incident) -> Draft:
    return Draft.objects.get(incident=incident)


def test_a_text_goes_from_nothing_to_the_world_by_two_people():
    incident = walking.opened()
    answer = step(incident, "draft", "editor")
    assert answer.status_code == 303
    assert answer["Location"] == f"/desk/incidents/{incident.ref}/steps/write/"
    sent = form(incident, "write", "editor") | {
        "title_en": "Observers refused",
        "summary_en": "They were not let in.",
        "title_kk": "Кіргізбеді",
    }
    url = f"/desk/incidents/{incident.ref}/steps/write/"
    assert signed_in("editor").post(url, sent).status_code == 303
    assert step(incident, "submit", "editor", **answered(incident)).status_code == 303
    approving = form(incident, "approve", second())
    url = f"/desk/incidents/{incident.ref}/steps/approve/"
    assert signed_in(second()).post(url, approving).status_code == 303
    assert "Publish" in page(incident, "editor").split("button-primary")[1][:60]
    assert step(incident, "publish", "editor").status_code == 303
    public = Publication.objects.get(incident=incident)
    assert public.live
    assert public.titles == {"en": "Observers refused", "kk": "Кіргізбеді"}
    text = page(incident, "editor")
    assert "Public now: version 1." in text
    assert f'href="/incidents/{incident.ref}/"' in text


def test_the_preview_is_what_the_world_will_read():
    incident = walking.submitted()
    text = page(incident, second())
    shown = text.split('class="preview public"')[1]
    assert "Observers were refused entry" in shown
    assert "Наблюдателей не пустили" in shown
    assert "no text in this language" in shown
    assert "Observers refused at a station" not in shown.split("What we know")[0]
    assert "You confirm that exactly this text may be read by everybody." in text


def test_a_preview_of_what_is_typed_saves_nothing():
    incident = walking.drafted()
    sent = form(incident, "write", "editor") | {"title_en": "Typed just now", "preview": "yes"}
    answer = signed_in("editor").post(f"/desk/incidents/{incident.ref}/steps/write/", sent)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "It is not saved." in text
    assert text.count("Typed just now") == 2
    assert draft_of(incident).content["title"]["en"] == walking.TITLE["en"]
    untouched = form(incident, "write", "editor") | {"preview": "yes"}
    answer = signed_in("editor").post(f"/desk/incidents/{incident.ref}/steps/write/", untouched)
    assert answer.status_code == 200
    assert "Nothing is different" not in answer.content.decode()


def test_the_writer_cannot_approve_and_is_told_why():
    incident = walking.submitted()
    text = page(incident, "editor")
    assert "You wrote this text last. A second editor has to approve it." in text
    assert f"/desk/incidents/{incident.ref}/steps/approve/" not in text
    for sent in (
        {},
        {"digest": "x"},
        {"digest": "x" * 65},
        {"version": "1"},
        {"embargo_until": "?"},
    ):
        answer = step(incident, "approve", "editor", **sent)
        assert answer.status_code == 403, sent
        assert "second editor" in answer.content.decode()
    url = f"/desk/incidents/{incident.ref}/steps/approve/"
    assert signed_in("editor").get(url).status_code == 403


def test_a_step_out_of_turn_is_said_to_be_one_whatever_is_typed():
    incident = walking.drafted()
    for sent in ({}, {"digest": "x"}):
        answer = step(incident, "approve", second(), **sent)
        assert answer.status_code == 409, sent
        assert "not possible now" in answer.content.decode()


def test_an_author_of_a_linked_report_may_not_approve_whatever_is_sent():
    reporter = walking.person("observer")
    incident = walking.submitted(walking.opened(walking.filed_report(reporter)))
    twin = second()
    User.objects.filter(pk=twin.pk).update(person=reporter.person)
    answer = step(incident, "approve", twin)
    assert answer.status_code == 403
    assert "You reported this yourself." in answer.content.decode()
    assert "You reported this yourself." in page(incident, twin)


def test_a_text_that_changed_while_it_was_read_is_not_approved():
    incident = walking.submitted()
    approving = form(incident, "approve", second())
    walking.take(incident, "edit", changes={"persons_words": "dozens"})
    now = Incident.objects.get(pk=incident.pk)
    url = f"/desk/incidents/{incident.ref}/steps/approve/"
    late = signed_in(second()).post(url, approving)
    assert late.status_code == 412
    assert "Dozens" in late.content.decode() or "dozens" in late.content.decode()
    answer = signed_in(second()).post(url, approving | {"version": now.version})
    assert answer.status_code == 409
    assert "The text changed while you read it." in answer.content.decode()
    assert draft_of(incident).state == "submitted"


def test_after_a_late_approval_the_page_shows_and_binds_the_new_text():
    incident = walking.submitted()
    approving = form(incident, "approve", second())
    walking.take(incident, "edit", changes={"persons_words": "dozens"})
    url = f"/desk/incidents/{incident.ref}/steps/approve/"
    late = signed_in(second()).post(url, approving)
    again = fields_of(late)
    assert again["digest"] != approving["digest"]
    assert signed_in(second()).post(url, again).status_code == 303


def test_an_embargo_is_said_in_words_and_holds():
    incident = walking.submitted()
    approving = form(incident, "approve", second()) | {"embargo_until": "2099-01-11T09:00"}
    url = f"/desk/incidents/{incident.ref}/steps/approve/"
    assert signed_in(second()).post(url, approving).status_code == 303
    text = page(incident, "editor")
    assert "It is published by itself at 11 January 2099, 09:00 Almaty time." in text
    answer = step(incident, "publish", "editor")
    assert answer.status_code == 409
    assert "The embargo has not ended." in answer.content.decode()


def test_what_stands_in_the_way_is_said_before_anybody_tries():
    incident = walking.drafted(walking.opened(walking.filed_report(category="")), title={})
    text = page(incident, "editor")
    assert "Before it can be published" in text
    assert "Write a title and a summary in at least one language." in text
    assert "must get a proper category" in text
    assert "Write the public text" in text.split("button-primary")[1][:120]
    answer = step(incident, "submit", "editor", **answered(incident))
    assert answer.status_code == 400
    assert "Write a title and a summary" in answer.content.decode()


def test_a_change_after_the_approval_is_shown_and_stops_publication():
    incident = walking.approved()
    walking.take(incident, "edit", changes={"persons_words": "several"})
    text = page(incident, "editor")
    assert "Something public changed since the approval." in text
    answer = step(incident, "publish", "editor")
    assert answer.status_code == 409


def test_two_editors_in_two_languages_both_keep_their_text():
    incident = walking.drafted()
    mine = form(incident, "write", "editor") | {"summary_kk": "Мен жаздым."}
    walking.take(
        incident, "write", second(), content={"title": walking.TITLE | {"en": "Her title"}}
    )
    url = f"/desk/incidents/{incident.ref}/steps/write/"
    answer = signed_in("editor").post(url, mine)
    assert answer.status_code == 412
    again = fields_of(answer)
    assert again["summary_kk"] == "Мен жаздым."
    assert again["title_en"] == "Her title"
    assert signed_in("editor").post(url, again).status_code == 303
    content = draft_of(incident).content
    assert content["title"]["en"] == "Her title"
    assert content["summary"]["kk"] == "Мен жаздым."


def test_two_editors_of_one_sentence_see_both():
    incident = walking.drafted()
    mine = form(incident, "write", "editor") | {"title_en": "My title"}
    walking.take(
        incident, "write", second(), content={"title": walking.TITLE | {"en": "Her title"}}
    )
    answer = signed_in("editor").post(f"/desk/incidents/{incident.ref}/steps/write/", mine)
    text = answer.content.decode()
    table = text.split("What differs")[1].split("</table>")[0]
    assert "My title" in table
    assert "Her title" in table
    assert fields_of(answer)["title_en"] == "My title"


def test_too_long_a_text_comes_back_whole():
    incident = walking.drafted()
    long = "word " * 900
    sent = form(incident, "write", "editor") | {"summary_en": long}
    answer = signed_in("editor").post(f"/desk/incidents/{incident.ref}/steps/write/", sent)
    assert answer.status_code == 400
    assert long.strip() in answer.content.decode()


def test_the_world_may_be_told_less_exactly_never_more():
    incident = walking.drafted()
    text = signed_in("editor").get(f"/desk/incidents/{incident.ref}/steps/write/").content.decode()
    assert 'value="region"' in text
    assert 'value="station"' not in text
    sent = form(incident, "write", "editor") | {"place_precision": "country", "time": "day"}
    assert (
        signed_in("editor").post(f"/desk/incidents/{incident.ref}/steps/write/", sent).status_code
        == 303
    )
    content = draft_of(incident).content
    assert (content["place_precision"], content["time"]) == ("country", "day")


def test_one_person_withdraws_at_once_and_the_note_is_shown():
    public = walking.published()
    incident = public.incident
    text = page(incident, "security")
    assert "The text disappears at once." in text
    answer = step(incident, "withdraw", "security", kind="safety", note="Withdrawn at once.")
    assert answer.status_code == 303
    assert not Publication.objects.get(pk=public.pk).live
    text = page(incident, "editor")
    assert "Withdrawn for someone&#x27;s safety" in text
    assert "Withdrawn at once." in text


def test_withdrawing_needs_a_reason_and_keeps_the_note():
    incident = walking.published().incident
    answer = step(incident, "withdraw", "editor", note="Typed in a hurry.")
    assert answer.status_code == 400
    assert "Typed in a hurry." in answer.content.decode()
    assert Publication.objects.get(incident=incident).live


def test_a_correction_leaves_the_old_version_public_until_it_is_approved():
    incident = walking.published().incident
    answer = step(incident, "correct", "editor", what_changed="The number was added.")
    assert answer.status_code == 303
    text = page(incident, "editor")
    assert "Public now: version 1." in text
    assert "The number was added." in text
    assert Publication.objects.get(incident=incident).live


def test_restoring_takes_two():
    incident = walking.withdrawn().incident
    sent = {"reason": "It was no error."} | answered(incident)
    assert step(incident, "restore", "editor", **sent).status_code == 303
    assert "second editor has to approve" in page(incident, "editor")
    assert step(incident, "publish", "editor").status_code == 409
    assert not Publication.objects.get(incident=incident).live


def test_sending_back_tells_the_reason():
    incident = walking.submitted()
    answer = step(incident, "send_back", second(), reason="Name no station.")
    assert answer.status_code == 303
    assert "Name no station." in page(incident, "editor")


def test_a_coordinator_writes_no_public_text():
    incident = walking.drafted()
    assert step(incident, "write", title_en="x").status_code == 403
    assert step(incident, "submit").status_code == 403
    assert "Nobody outside" not in page(incident)
    assert "Observers were refused entry" in page(incident)


def test_the_texts_at_work_are_listed_by_what_they_wait_for():
    waiting = walking.submitted(walking.opened(title="Waiting"))
    walking.drafted(walking.opened(title="Begun"), title={"en": "Only begun"})
    walking.approved(
        walking.opened(title="Ready"), "2099-01-11T09:00+05:00", title={"en": "Ready at nine"}
    )
    walking.withdrawn(walking.published(walking.opened(), title={"en": "Gone again"}))
    text = signed_in(second()).get("/desk/drafts/").content.decode()
    places = [
        text.index(words)
        for words in (
            "Awaiting a second editor",
            waiting.ref,
            "Approved, not public yet",
            "Ready at nine",
            "public at 11 January 2099, 09:00 Almaty time",
            "Being written",
            "Only begun",
            "Withdrawn",
            "Gone again",
        )
    ]
    assert places == sorted(places)
    own = signed_in("editor").get("/desk/drafts/").content.decode()
    assert "yours; another editor approves" in own
    one = signed_in("editor").get("/desk/drafts/?state=draft").content.decode()
    assert "Only begun" in one
    assert "Gone again" not in one


def test_no_texts_at_work_is_said():
    text = signed_in("editor").get("/desk/drafts/").content.decode()
    assert "No public text is at work." in text


def test_ten_texts_cost_what_two_cost():
    client = signed_in("editor")

    def grow(number: int) -> None:
        for n in range(number):
            walking.submitted(walking.opened(title=f"Text {n}"))

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/desk/drafts/").status_code == 200
        return len(queries)

    grow(2)
    few = cost()
    grow(5)
    assert cost() <= few


def test_a_form_without_a_token_against_forgery_is_refused():
    incident = walking.opened()
    client = Client(enforce_csrf_checks=True)
    client.force_login(walking.person("coordinator"))
    url = f"/desk/incidents/{incident.ref}/steps/claim/"
    assert client.post(url, {"version": incident.version}).status_code == 403


def test_a_checklist_is_answered_on_a_page_and_comes_back_as_it_was_sent():
    incident = walking.drafted(summary={"en": "Aibek Omarov was there."}, title={"en": "Refused"})
    text = page(incident, "editor")
    assert "Answer the checklist and submit" in text
    url = f"/desk/incidents/{incident.ref}/steps/submit/"
    sent = form(incident, "submit", "editor")
    (answer,) = [name for name in answered(incident) if name.startswith("answer_")]
    reason = answer.replace("answer_", "reason_")
    refused = signed_in("editor").post(url, sent | {reason: "Typed already."})
    assert refused.status_code == 400
    assert fields_of(refused)[reason] == "Typed already."
    refused = signed_in("editor").post(url, sent | {answer: "kept"})
    assert refused.status_code == 400
    assert "Say why it may be published." in refused.content.decode()
    done = signed_in("editor").post(url, sent | {answer: "kept", reason: "He asked to be named."})
    assert done.status_code == 303
    approving = signed_in(second()).get(f"/desk/incidents/{incident.ref}/steps/approve/")
    told = approving.content.decode()
    assert "May name a person: “Aibek Omarov”." in told
    assert "He asked to be named." in told


def test_after_an_edit_the_old_reason_is_offered_and_has_to_be_sent_again():
    incident = walking.submitted(summary={"en": "Aibek Omarov was there."}, title={"en": "R"})
    walking.take(incident, "write", "editor", content={"title": {"en": "Refused"}})
    answer = signed_in("editor").get(f"/desk/incidents/{incident.ref}/steps/submit/")
    assert "It was answered before the text changed." in answer.content.decode()
    assert "Looked at." in answer.content.decode()
    assert step(incident, "submit", "editor").status_code == 400


def test_the_second_editor_sees_what_changes_for_the_world():
    incident = walking.published().incident
    walking.take(incident, "correct", "editor", what_changed="The wording.")
    summary = walking.SUMMARY | {"en": "Observers said they were not let into two stations."}
    walking.take(incident, "write", "editor", content={"summary": summary})
    walking.take(incident, "edit", changes={"persons_words": "dozens"})
    walking.take(incident, "submit", "editor")
    answer = signed_in(second()).get(f"/desk/incidents/{incident.ref}/steps/approve/")
    text = answer.content.decode()
    assert "What changes for whoever reads version 1 now" in text
    assert "<del>a polling station.</del>" in text
    assert "<ins>two stations.</ins>" in text
    assert "<ins>dozens</ins>" in text


def test_one_press_on_the_page_withdraws():
    incident = walking.published().incident
    text = page(incident, "security")
    assert 'name="kind" value="safety"' in text
    assert "The text disappears at once. The world then reads only" in text
    sent = {"version": Incident.objects.get(pk=incident.pk).version, "kind": "safety", "note": ""}
    url = f"/desk/incidents/{incident.ref}/steps/withdraw/"
    assert signed_in("security").post(url, sent).status_code == 303
    assert not Publication.objects.get(incident=incident).live
    assert 'name="kind" value="safety"' not in page(incident, "security")


def test_a_coarser_place_is_offered_with_what_the_world_would_read():
    report = walking.filed_report(
        station="7", occurred_start="2021-01-10T11:05+06:00", occurred_precision="exact"
    )
    incident = walking.drafted(walking.opened(report))
    text = signed_in("editor").get(f"/desk/incidents/{incident.ref}/steps/write/").content.decode()
    assert "Only one organisation is known to have been at this station." in text
    assert "Region: Almaty" in text
    assert "Only the hour: 10 January 2021, between 11:00 and" in text
    assert draft_of(incident).content["place_precision"] == "region"
