import re

import jsonschema
import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from incidents import details
from incidents.categories import CATEGORIES
from incidents.cleaning import canonical_json
from incidents.details import DETAIL_SETS

pytestmark = pytest.mark.once

KINDS = {"tri", "choice", "multi", "number_rule", "text", "datetime", "links", "series"}
LANGUAGES = {"en", "ru", "kk"}
FIELDS = {f.key: f for detail_set in DETAIL_SETS.values() for f in detail_set.fields}
ONE_OF_EACH = {
    "A": "ACC01",
    "B": "OBS02",
    "C": "DET05",
    "D": "NET00",
    "E": "MED03",
    "F": "VIO01",
    "G": "CNT04",
}
RELEASED = {"status": "released_without_charge", "as_of": "2021-01-11", "source": "official"}


def problem(code, key, value):
    clean, problems = details.validate(code, {key: value})
    assert clean == {}
    assert list(problems) == [key]
    return problems[key]


def kept(code, key, value):
    clean, problems = details.validate(code, {key: value})
    assert problems == {}
    return clean.get(key)


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: field.key)
def test_every_question_is_well_formed(field):
    assert field.kind in KINDS
    assert set(field.names) == LANGUAGES
    assert all(field.names.values())
    assert bool(field.options) == (field.kind in {"tri", "choice", "multi", "links", "series"})
    assert not (field.sealed and field.public)
    assert bool(field.unit) == (field.kind == "number_rule")
    assert bool(field.limit) == (field.kind == "text")
    for option in field.options:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", option.code)
        assert option.code not in ("na", "none", "null", "nan")
        assert set(option.names) == LANGUAGES
        assert all(option.names.values())
    assert len(set(field.codes)) == len(field.codes)


@pytest.mark.parametrize(
    ("code", "first"),
    [
        ("A", "accreditation_shown refused_by ground_cited"),
        ("B", "demanded obtainable"),
        ("C", "roles taken_from authority status"),
        ("D", "blockage_kind networks operators"),
        ("E", "outlet media_roles press_accreditation accreditation_shown act force"),
        ("F", ""),
        ("G", ""),
    ],
)
def test_the_phone_asks_first_what_matters_most(code, first):
    asked = {field.key for field in DETAIL_SETS[code].fields if field.asked_first}
    assert asked == set(first.split())


def test_sets_name_the_fields_of_the_record_they_count_on():
    asked = {
        code: {record.field for record in found.record_fields if record.asked_first}
        for code, found in DETAIL_SETS.items()
    }
    assert asked["A"] == {"station"}
    assert asked["C"] == {"persons", "occurred"}
    assert asked["D"] == {"region", "occurred"}
    assert {r.field for r in details.record_fields_for("ACC01")} == {"station", "persons"}
    assert all(set(r.names) == LANGUAGES for s in DETAIL_SETS.values() for r in s.record_fields)


def test_what_may_harm_somebody_is_never_public():
    never = [
        "names",
        "birth_dates",
        "contacts",
        "consent",
        "consent_record",
        "place_held",
        "reason_given",
        "court",
        "minors",
        "medical_need",
        "released_at",
        "organisations_affected",
        "ground_words",
        "footage_exists",
        "footage_place",
        "footage_consent",
        "gender_based",
        "effect_on_observation",
        "later_admitted_at",
    ]
    assert {key for key, field in FIELDS.items() if not field.public} == set(never)
    assert {key for key, field in FIELDS.items() if field.sealed} == {
        "names", "birth_dates", "contacts", "consent_record"
    }  # fmt: skip


def test_a_category_asks_its_own_questions_and_none_without_category():
    assert {f.key for f in details.fields_for("CNT04")} >= {"official_voted", "own_count"}
    assert details.fields_for("") == details.fields_for("nonsense") == ()
    assert details.fields_for("OTH99") == ()
    assert {code: DETAIL_SETS[code].fields for code in ONE_OF_EACH} == {
        code: details.fields_for(category) for code, category in ONE_OF_EACH.items()
    }


def test_vocabularies_hold_the_words_of_their_scales():
    assert FIELDS["ground_cited"].codes == [
        "no_ground",
        "medical_test",
        "pandemic_rule",
        "organisation_charter",
        "not_on_list",
        "wrong_form",
        "no_room",
        "too_early_or_late",
        "order_from_above",
        "other",
    ]
    assert FIELDS["status"].codes == [
        "held",
        "released_without_charge",
        "released_charged",
        "charged_held",
        "administrative_sentence",
        "fined",
        "transferred",
        "whereabouts_unknown",
        "unknown",
    ]
    assert FIELDS["blockage_kind"].codes == [
        "total",
        "mobile",
        "fixed",
        "throttle",
        "service",
        "site",
        "unknown",
    ]
    assert FIELDS["force"].codes == ["no_force", "pushing", "blows", "weapon", "unknown"]
    assert FIELDS["measurements"].codes[:5] == [
        "ooni",
        "ioda",
        "cloudflare_radar",
        "netblocks",
        "ripe",
    ]


def test_an_unknown_question_names_the_nearest():
    assert "refused_by" in problem("ACC01", "refused_bi", "police")
    assert details.validate("", {"refused_by": "police"})[1]
    assert "“" in problem("ACC01", "x" * 500, "police")
    assert len(problem("ACC01", "x" * 500, "police")) < 200


def test_an_unknown_answer_names_the_nearest():
    assert "police" in problem("ACC01", "refused_by", "poliec")
    assert "medical_test" in problem("ACC01", "ground_cited", ["medical_tests"])


def test_yes_no_and_unknown_are_words_not_booleans():
    assert [kept("MED01", "later_admitted", v) for v in ("yes", "no", "unknown")] == [
        "yes", "no", "unknown"
    ]  # fmt: skip
    for wrong in (True, False, 1, "maybe", ["yes"]):
        assert problem("MED01", "later_admitted", wrong)


def test_several_answers_come_in_the_order_of_the_question():
    assert kept("ACC01", "ground_cited", ["other", "no_room", "no_room"]) == ["no_room", "other"]


def test_an_answer_that_excludes_others_stands_alone():
    assert kept("ACC01", "ground_cited", ["no_ground"]) == ["no_ground"]
    assert "no_ground" in problem("ACC01", "ground_cited", ["no_ground", "no_room"])


@pytest.mark.parametrize("empty", [None, "", [], {}, "  "])
def test_nothing_said_is_not_known(empty):
    for key, field in FIELDS.items():
        category = next(c for c in CATEGORIES if key in {f.key for f in details.fields_for(c)})
        fits = {"multi": list, "links": list, "series": list, "number_rule": dict}
        if empty is None or isinstance(empty, fits.get(field.kind, str)):
            assert details.validate(category, {key: empty}) == ({}, {})


def test_numbers_are_ranges_words_or_both():
    assert kept("VIO01", "injured", {"words": "dozens"}) == {
        "min": None, "max": None, "words": "dozens", "basis": "none_given"
    }  # fmt: skip
    assert kept("VIO01", "injured", {"min": 2, "max": 5, "basis": "counted"}) == {
        "min": 2, "max": 5, "words": "", "basis": "counted"
    }  # fmt: skip
    assert kept("VIO01", "dead", {"min": 0, "max": 0, "basis": "counted"})["max"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        5,
        "5",
        [5],
        {"min": 5, "max": 2},
        {"min": -1},
        {"max": 10_000_001},
        {"min": True},
        {"min": 2.0},
        {"min": "2"},
        {"min": 2, "basis": "guessed"},
        {"minimum": 2},
        {"words": 5},
        {"words": "x" * 201},
        {"min": 2, "basis": False},
    ],
)
def test_a_number_that_claims_too_much_is_refused(wrong):
    assert problem("VIO01", "injured", wrong)
    clean, sentence = details.validate_number(wrong)
    assert clean is None
    assert sentence


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("2021-01-10", "2021-01-10"),
        ("2021-01-10T11:05:00+06:00", "2021-01-10T11:05:00+06:00"),
        ("2021-01-10T05:05:00Z", "2021-01-10T05:05:00+00:00"),
    ],
)
def test_times_keep_the_offset_they_came_with(typed, stored):
    assert kept("CNT04", "figures_as_of", typed) == stored


@pytest.mark.parametrize(
    "wrong",
    [
        "2021-01-10T11:05",
        "yesterday",
        "2021-02-30",
        "0001-01-01",
        "9999-12-31",
        1610253900,
        "1610253900",
    ],
)
def test_times_without_place_or_sense_are_refused(wrong):
    assert "2021-01-10" in problem("CNT04", "figures_as_of", wrong)


def test_the_fate_of_the_detained_is_a_dated_series_with_its_sources():
    held = {"status": "held", "as_of": "2021-01-10T14:00:00+06:00", "source": "direct_witness"}
    told = {**RELEASED, "source_words": "Ministry of the Interior"}
    assert kept("DET06", "status", [told, held]) == [held, told]
    assert details.public_part("DET06", {"status": [told, held]}) == {"status": [held, RELEASED]}


@pytest.mark.parametrize("missing", ["status", "as_of", "source"])
def test_an_entry_of_the_series_without_date_or_source_is_refused(missing):
    entry = {key: value for key, value in RELEASED.items() if key != missing}
    assert missing in problem("DET06", "status", [entry])


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "explorer.ooni.org",
        "https://",
        "https://a:b@ooni.org/",
        "https://ooni.org/<script>",
        "http://[",
        "https://ooni.org:99999999/",
        "https://ooni.org/a b",
        "https://ooni.org/" + "x" * 500,
        5,
    ],
)
def test_measurement_links_are_plain_web_addresses(url):
    assert problem("NET00", "measurements", [{"url": url}])


def test_measurement_links_say_who_measured_and_when():
    link = {"url": "https://explorer.ooni.org/m/1", "source": "ooni", "taken_on": "2021-01-10"}
    assert kept("NET00", "measurements", [link]) == [link]


def test_text_is_cleaned_and_never_silently_cut():
    assert kept("MED03", "outlet", " RFE/RL\x00 ") == "RFE/RL"
    assert "200" in problem("MED03", "outlet", "x" * 201)


def test_public_details_hold_no_private_answer():
    said = {
        "names": "CANARY", "contacts": "CANARY", "place_held": "CANARY", "reason_given": "CANARY",
        "minors": "yes", "roles": ["activist"], "unheard_of": "CANARY",
        "status": [{**RELEASED, "source_words": "CANARY"}],
    }  # fmt: skip
    assert "CANARY" not in canonical_json(details.public_part("DET05", said))
    assert set(details.public_part("DET05", said)) == {"roles", "status"}
    assert details.public_part("", said) == details.public_part("NET00", said) == {}
    unsealed = details.unsealed_part("DET05", said)
    assert set(unsealed) == {"place_held", "reason_given", "minors", "roles", "status"}


def test_clean_answers_are_their_own_clean_answers():
    said = {"roles": ["voter", "observer"], "status": [RELEASED], "hours_held": {"min": 5}}
    clean, problems = details.validate("DET01", said)
    assert problems == {}
    assert details.validate("DET01", clean) == (clean, {})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["min", "max", "words", "basis", "url", "status", "as_of", "source", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
words = st.sampled_from(sorted({code for field in FIELDS.values() for code in field.codes}))


@given(
    st.sampled_from([*ONE_OF_EACH.values(), "", "OTH99", "nonsense"]),
    anything
    | st.dictionaries(
        st.sampled_from(sorted(FIELDS)) | st.text(), anything | words | st.lists(words)
    ),
)
def test_whatever_is_sent_is_sorted_into_answers_and_problems(category, data):
    clean, problems = details.validate(category, data)
    assert details.validate(category, clean) == (clean, {})
    assert not set(clean) & set(problems)
    assert all(isinstance(sentence, str) and sentence for sentence in problems.values())
    canonical_json(clean).encode()
    jsonschema.Draft202012Validator(details.json_schema(category)).validate(clean)
    assert set(details.public_part(category, data)) <= set(clean)


@given(anything)
def test_whatever_is_called_a_number_is_read_or_explained(value):
    clean, sentence = details.validate_number(value)
    assert sentence is None or clean is None


@pytest.mark.parametrize("category", ["ACC01", "DET01", "NET00", ""])
def test_the_schema_is_a_schema_in_the_language_of_the_reader(category):
    with translation.override("ru"):
        schema = details.json_schema(category)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]) == {field.key for field in details.fields_for(category)}
    if category == "ACC01":
        assert schema["properties"]["refused_by"]["title"] == "Кто отказал"


def test_the_schema_refuses_what_validation_refuses():
    validator = jsonschema.Draft202012Validator(details.json_schema("VIO01"))
    for wrong in ({"injured": 5}, {"injured": {"min": -1}}, {"police_present": True}, {"x": 1}):
        assert not validator.is_valid(wrong)
        assert details.validate("VIO01", wrong)[1]
