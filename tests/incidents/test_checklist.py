"""What the checklist finds, what it leaves alone, and that no text goes on without answers."""

import pytest

from elections.folding import fold_words
from incidents import checklist, publishing, steps, traces
from incidents.checklist import Around
from incidents.errors import Invalid, WrongState
from incidents.models import Draft, Event, Incident
from tests.contracts.stage import TEXT, answers, build_stage

KNOWN = frozenset(fold_words("Almaty Алматы Нұр-Сұлтан Nur Otan Turkestan"))


def found(text: str, **given) -> list[tuple[str, str]]:
    return list(traces.find(text, known=KNOWN, **given))


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("Police took Aibek Omarov away.", "name", "Aibek Omarov"),
        ("Aibek Omarov was taken away.", "name", "Aibek Omarov"),
        ("In Almaty Aibek Omarov was held.", "name", "Aibek Omarov"),
        ("Полиция увезла Айбека Омарова.", "name", "Айбека Омарова"),
        ("Бақылаушы Әсем Нұрланқызын ұстады.", "name", "Әсем Нұрланқызын"),
        ("Қазыбек Жеңісұлы қамауда.", "name", "Қазыбек Жеңісұлы"),
        ("Задержан Омаров А. Б.", "name", "Омаров А. Б."),
        ("Задержан А. Омаров.", "name", "А. Омаров"),
        ("Задержали Петровича дома.", "name", "Петровича"),
        ("Её отпустили; Ивановна дома.", "name", "Ивановна"),
        ("Говорит Омар ұлы Ермек.", "name", "Омар ұлы"),
        ("ОМАРОВ Айбек задержан.", "name", "ОМАРОВ Айбек"),
        ("Call +7 701 123 45 67 now.", "phone", "+7 701 123 45 67"),
        ("Call 8 (727) 234-56-78.", "phone", "8 (727) 234-56-78"),
        ("Тел. 27-15-33.", "phone", "27-15-33"),
        ("Write to a.b@example.kz.", "email", "a.b@example.kz"),
        ("Он пишет как @aibek_o.", "handle", "@aibek_o"),
        ("See t.me/aibek1.", "handle", "t.me/aibek1"),
        ("ИИН 900101300123 указан.", "id_number", "900101300123"),
        ("A car 123 ABC 02 came.", "plate", "123 ABC 02"),
        ("Машина А 123 ВСD.", "plate", "А 123 ВСD"),
        ("Живёт в кв. 12.", "address", "кв. 12"),
        ("по ул. Абая, 15", "address", "ул. Абая, 15"),
        ("Абай көшесі, 12", "address", "көшесі, 12"),
        ("12-үй жанында", "address", "12-үй"),
        ("At 11:05 they left.", "exact_time", "11:05"),
        ("В 11.05 ушли.", "exact_time", "В 11.05"),
        ("участок № 35", "station_in_text", "участок № 35"),
        ("at station 7", "station_in_text", "station 7"),
        ("a child was there", "children", "child"),
        ("школьников привели", "children", "школьников"),
        ("балалар болды", "children", "балалар"),
    ],
)
def test_it_asks_about(text, kind, words):
    assert (kind, words) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "Observers were not let into a polling station.",
        "Central Election Commission of the Republic of Kazakhstan answered on Sunday.",
        "Наблюдателей не пустили на участок в Алматы.",
        "Нұр-Сұлтан қаласында бақылаушыларды кіргізбеді.",
        "Between 11:00 and 14:00, on 10.01.2021, in 2021-01-10.",
        "11 of 232 stations; 1 000 000 voters; 12.5 %.",
        "Балама ұсыныс болды.",  # begins like the Kazakh word for a child
        "Ұлы мереке",  # means great, and is half of a patronymic
        "В 10.01.2021",
        "",
    ],
)
def test_it_leaves_alone(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("typed", "text", "hit"),
    [
        ("айбек омаров", "Вчера видели Омарова.", "Омарова"),
        ("Асель", "Асели нет дома.", "Асели"),
        ("сосед", "соседи вышли", None),  # no capital: an ordinary word
        ("aibek.omarov", "People saw Omarov there.", "Omarov"),
        ("observer-1", "Observers came.", None),
    ],
)
def test_a_typed_name_is_found_in_any_case(typed, text, hit):
    names = [words for kind, words in found(text, names=[typed]) if kind == "name"]
    assert names == ([hit] if hit else [])


def test_a_long_run_of_a_reports_words_is_a_quote():
    report = "They told us, loudly, to leave the room at once and closed the door."
    text = "It was said: they told us loudly to leave the room at once. Then silence."
    assert list(traces.quotes(text, [report])) == ["they told us loudly to leave the room at once"]
    assert list(traces.quotes("They told us to leave.", [report])) == []
    assert list(traces.quotes("", [report, ""])) == []


def test_a_text_full_of_finds_is_still_a_form_one_can_answer():
    text = " ".join(f"Aibek{chr(97 + n % 26)}{chr(97 + n // 26)} Omarov," for n in range(300))
    public = {"title": {}, "summary": {"en": text}, "station": None, "regions": []}
    public |= {"occurred_precision": "day", "place_precision": "region"}
    items = checklist.generate(public, Around(languages={"en": "English"}))
    assert len(items) <= checklist.ALONE * len(checklist.QUESTIONS)
    assert len({item.key for item in items}) == len(items)


# --- In the product ----------------------------------------------------------------------------


@pytest.fixture
def stage(db):
    return build_stage("list")


def items_of(incident) -> dict[str, str]:
    draft = Draft.objects.get(incident=incident)
    found_ = publishing.checklist_of(Incident.objects.get(pk=incident.pk), draft.content)
    return {item.kind: item.words for item in found_}


def begun(stage, incident=None, **content):
    incident = incident or stage.open()
    stage.take(incident, "draft", "editor", content=content or {"title": {"en": "A"}})
    return incident


ONE = {"title": {"en": "Aibek Omarov"}, "summary": {"en": "He was refused."}}


def test_nothing_is_submitted_before_everything_is_answered(stage):
    incident = begun(stage, **ONE)
    with pytest.raises(Invalid) as refusal:
        stage.take(incident, "submit", "editor", checklist={})
    assert refusal.value.errors["checklist"] == ["May name a person: “Aibek Omarov”."]
    (key,) = answers(incident)
    stage.take(incident, "submit", "editor", checklist={key: {"answer": "not_applicable"}})
    draft = Draft.objects.get(incident=incident)
    assert draft.checklist[key]["by"] == stage.people["editor"].username
    submitted = Event.objects.get(incident=incident, verb="submit")
    assert submitted.after["checklist"][key]["answer"] == "not_applicable"


@pytest.mark.parametrize(
    "given",
    [
        [],
        "all",
        {"name-en-0000000000": {"answer": "kept", "reason": "x"}},
        {"KEY": {"answer": "perhaps"}},
        {"KEY": {"answer": "kept"}},
        {"KEY": {"answer": "kept", "reason": " \u0000 "}},
        {"KEY": {"answer": "kept", "reason": 5}},
        {"KEY": {"answer": ["kept"], "reason": "x"}},
        {"KEY": {"answer": "kept", "reason": "x", "digest": "y"}},
        {"KEY": None},
        {"KEY": "kept"},
    ],
)
def test_what_is_no_answer_is_refused_and_changes_nothing(stage, given):
    incident = begun(stage, **ONE)
    (key,) = answers(incident)
    if isinstance(given, dict):
        given = {key if name == "KEY" else name: value for name, value in given.items()}
    with pytest.raises(Invalid):
        stage.take(incident, "submit", "editor", checklist=given)
    assert Draft.objects.get(incident=incident).checklist == {}


def test_an_edit_voids_the_answers_of_that_language_and_no_others(stage):
    incident = begun(
        stage,
        title={"en": "Aibek Omarov", "ru": "Айбек Омаров"},
        summary={"en": "Refused.", "ru": "Отказ."},
    )
    stage.take(incident, "submit", "editor")
    stage.take(incident, "write", "editor", content={"summary": {"en": "New.", "ru": "Отказ."}})
    draft = Draft.objects.get(incident=incident)
    items = publishing.checklist_of(Incident.objects.get(pk=incident.pk), draft.content)
    left = {(i.kind, i.language) for i in publishing.open_items(items, draft.checklist)}
    assert left == {("name", "en"), ("translation", "")}


def test_answers_may_come_with_the_text(stage):
    incident = begun(stage, **ONE)
    stage.take(incident, "write", "editor", content=ONE, checklist=answers(incident))
    stage.take(incident, "submit", "editor", checklist={})


def test_something_new_after_the_answers_stops_the_approval(stage):
    incident = begun(stage, **ONE)
    stage.take(incident, "submit", "editor")
    stage.people["observer"].is_active = False
    stage.people["observer"].save()
    assert items_of(incident)["locked_source"] == incident.reports.get().ref
    with pytest.raises(WrongState, match="asks something new"):
        stage.take(incident, "approve", "second_editor")


def test_one_organisation_at_a_named_station_is_asked_about(stage):
    exact = {"occurred_start": "2021-01-10T11:05+06:00", "occurred_precision": "exact"}
    incident = begun(
        stage,
        stage.open(stage.file(station="7", **exact)),
        **TEXT | {"place_precision": "station"},
    )
    assert items_of(incident)["source_at_station"] == "KZ-ALA:7"
    assert "11:05" in items_of(incident)["time_at_source"]
    stage.take(incident, "write", "editor", content={"time": "hour"})
    assert "time_at_source" not in items_of(incident)
    # The other half of the pair is of the same organisation; somebody else is not.
    for who in ("pair_observer", "other_observer"):
        assert "source_at_station" in items_of(incident)
        more = stage.file(by=stage.people[who], station="7")
        coordinator = {"by": stage.people["coordinator"], "channel": "page"}
        steps.take_on_report(more, "link", incident=incident.ref, **coordinator)
    assert "source_at_station" not in items_of(incident)


def test_a_station_in_the_words_is_asked_about_too(stage):
    incident = begun(stage, title={"en": "Refused"}, summary={"en": "At station 7."})
    assert items_of(incident)["station_in_text"] == "station 7"


def test_names_that_were_sealed_are_found_and_not_explained(stage):
    report = stage.file(
        category="DET05", details={"names": "оспан"}, told_by="Zhanar", text="Taken away."
    )
    incident = begun(
        stage,
        stage.open(report, category="DET05"),
        title={"en": "Detained", "ru": "Увезли (Оспана)"},
        summary={"en": "As Zhanar told us.", "ru": "Увезли."},
    )
    draft = Draft.objects.get(incident=incident)
    names = {
        item.question
        for item in publishing.checklist_of(incident, draft.content)
        if item.kind == "name"
    }
    assert names == {"May name a person: “Оспана”.", "May name a person: “Zhanar”."}


def test_a_report_for_security_alone_raises_no_question(stage):
    """Else an editor could try out who told security what."""
    incident = begun(
        stage,
        title={"en": "Refused"},
        summary={"en": "Zhanar said we were told to leave the room at once by them."},
    )
    before = items_of(incident)
    sealed = stage.file(
        audience="security_only",
        told_by="Zhanar",
        text="We were told to leave the room at once by them.",
    )
    steps.take_on_report(
        sealed,
        "link",
        by=stage.people["security"],
        incident=incident.ref,
        channel="page",
    )
    assert items_of(incident) == before
