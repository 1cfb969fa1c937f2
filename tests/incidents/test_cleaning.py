import json
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.cleaning import (
    REASONS,
    Unreadable,
    canonical_json,
    clean_json,
    clean_text,
    digest,
    parse_json,
)
from incidents.errors import Refused, TooLarge
from incidents.refs import REF, new_ref, normalise_ref

pytestmark = pytest.mark.once

MEGABYTE = 2**20
any_text = st.text(st.characters(codec=None))  # lone surrogates too
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)


def reason(raw, **limits):
    with pytest.raises(Unreadable) as refusal:
        parse_json(raw, **{"max_bytes": MEGABYTE, **limits})
    assert refusal.value.status == 400
    return refusal.value.reason


def seconds(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "not_json"),
        (b"{'a': 1}", "not_json"),
        (b'{"a": 1', "not_json"),
        (b'"' + b'\\"' * 50_000, "not_json"),
        (b"]]]]", "not_json"),
        ('{"a": "é"}'.encode("latin-1"), "not_utf8"),
        (b'{"a": "\xed\xa0\x80"}', "not_utf8"),
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        ('{"é": 1, "e\u0301": 2}'.encode(), "duplicate_key"),
        (b'{"x": {"a": 1, "\\u0061": 2}}', "duplicate_key"),
        (b"[NaN]", "not_a_number"),
        (b"[-Infinity]", "not_a_number"),
        (b"[9007199254740992]", "number_too_large"),
        (b"[-9007199254740992]", "number_too_large"),
        (b"[1e999]", "number_too_large"),
        (b"1" * 500_000, "number_too_large"),
        (b"[" * 100_000, "too_deep"),
        (b'{"a":' * 21 + b"1" + b"}" * 21, "too_deep"),
        (b"[" + b"0," * 2000 + b"0]", "too_many_values"),
        (b"[" + b"[]," * 1999 + b"[]]", "too_many_values"),
    ],
)
def test_what_cannot_be_read_says_why(raw, expected):
    assert reason(raw) == expected
    assert str(REASONS[expected]).endswith(".")


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000,
        b'"' + b'\\"' * 400_000,
        b'"' * 800_000,
        b"[" + b"[]," * 300_000 + b"[]]",
        b"9" * 900_000,
    ],
)
def test_hostile_json_is_answered_at_once(raw):
    assert seconds(lambda: reason(raw)) < 1


def test_brackets_inside_text_are_not_nesting():
    text = "[{" * 500 + '\\"'
    raw = json.dumps({"text": text, "deep": [[[1]]]}).encode()
    assert parse_json(raw, max_bytes=MEGABYTE) == {"text": text, "deep": [[[1]]]}


def test_the_deepest_and_the_widest_that_may_come_do_come():
    assert parse_json(b"[" * 20 + b"]" * 20, max_bytes=MEGABYTE)
    assert len(parse_json(b"[" + b"0," * 1998 + b"0]", max_bytes=MEGABYTE)) == 1999
    assert parse_json(b"[9007199254740991, -9007199254740991, 1.5]", max_bytes=MEGABYTE)


def test_too_many_bytes_are_refused_before_they_are_read():
    with pytest.raises(TooLarge) as refusal:
        parse_json(b"x" * 1001, max_bytes=1000)
    assert refusal.value.status == 413


def test_a_byte_order_mark_is_no_reason_to_refuse():
    assert parse_json(b'\xef\xbb\xbf{"a": 1}', max_bytes=100) == {"a": 1}


def test_nul_and_lone_surrogates_are_read_and_then_reported():
    value = parse_json(b'{"a": "x\\u0000\\ud800y", "b": "\x00"}', max_bytes=100)
    assert clean_json(value) == ({"a": "xy", "b": ""}, True)


@given(st.binary(max_size=200) | json_values.map(lambda v: json.dumps(v).encode()))
def test_parsing_raises_only_what_it_says(raw):
    try:
        value = parse_json(raw, max_bytes=150)
    except (Unreadable, TooLarge):
        return
    clean, _changed = clean_json(value)
    canonical_json(clean).encode()
    canonical_json(value).encode()


@given(json_values)
def test_cleaned_json_is_clean_and_can_be_stored(value):
    clean, _changed = clean_json(value)
    assert clean_json(clean) == (clean, False)
    stored = json.dumps(clean, ensure_ascii=False, allow_nan=False).encode()
    assert b"\\u0000" not in stored


@pytest.mark.parametrize("value", [object(), b"x", {1: "a"}, {"a": {2}}])
def test_what_is_not_json_is_a_mistake_of_ours(value):
    with pytest.raises(TypeError):
        clean_json(value)


def test_cleaning_does_not_recurse_without_end():
    value = []
    for _ in range(5000):
        value = [value]
    with pytest.raises(Unreadable):
        clean_json(value)


@pytest.mark.parametrize(
    ("typed", "text", "changed"),
    [
        ("  Участок 27 \n", "Участок 27", False),
        ("one\r\ntwo\u2028three", "one\ntwo\nthree", False),
        ("Қазақстан", "Қазақстан", False),
        ("и\u0306", "й", False),
        ("tab\tstays", "tab\tstays", False),
        ("a\x00b", "ab", True),
        ("a\ud800b", "ab", True),
        ("gnp.\u202eexe", "gnp.exe", True),
        ("\ufeffa", "a", True),
        ("a\x1b[31mb", "a[31mb", True),
        ("x" * 11, "x" * 10, True),
        ("x" + " " * 100 + "y", "x", True),
        ("", "", False),
    ],
)
def test_text_is_cleaned_and_losses_are_told(typed, text, changed):
    assert clean_text(typed, limit=10 if "x" in typed else 100) == (text, changed)


def test_family_emoji_and_non_joiners_survive():
    assert clean_text("👩‍👩‍👧 می‌خواهم", limit=50) == ("👩‍👩‍👧 می‌خواهم", False)


def test_ten_megabytes_and_towers_of_marks_are_cut_at_once():
    assert seconds(lambda: clean_text("аб\x00" * 3_500_000, limit=20_000)) < 1
    assert seconds(lambda: clean_text("a" + "\u0301\u0316" * 2_000_000, limit=20_000)) < 1
    assert seconds(lambda: digest({"a": "a" + "\u0301\u0316" * 60_000})) < 1


@pytest.mark.parametrize("value", [None, 5, b"x", ["x"]])
def test_only_text_is_text(value):
    with pytest.raises(TypeError):
        clean_text(value, limit=10)


@given(any_text, st.integers(0, 40))
def test_clean_text_is_short_normal_and_encodable(typed, limit):
    text, changed = clean_text(typed, limit=limit)
    assert len(text) <= limit
    assert text == text.strip()
    assert unicodedata.is_normalized("NFC", text)
    assert "\x00" not in text.encode().decode()
    assert clean_text(text, limit=limit) == (text, False)
    if not changed:
        plain = unicodedata.normalize("NFC", "".join(typed.split()))
        assert "".join(text.split()) == "".join(plain.split())


def test_equal_values_have_one_canonical_text():
    assert canonical_json({"b": [1, "й"], "a": None}) == '{"a":null,"b":[1,"й"]}'
    assert digest({"b": 1, "a": "и\u0306"}) == digest({"a": "й", "b": 1})
    assert len(digest([])) == 64


def test_canonical_text_keeps_what_utf8_cannot():
    assert canonical_json(["\ud800"]) == '["\\ud800"]'
    assert digest(["\ud800"]) != digest(["\\ud800"])


@pytest.mark.parametrize("value", [[float("nan")], {"é": 1, "e\u0301": 2}])
def test_what_has_no_canonical_text_is_refused(value):
    with pytest.raises(ValueError):
        canonical_json(value)


def test_references_are_random_and_readable():
    refs = {new_ref("KZ2021") for _ in range(200)}
    assert len(refs) > 195
    assert all(REF.fullmatch(ref) and not set("ILOU") & set(ref[7:]) for ref in refs)


@pytest.mark.parametrize(
    "typed", ["KZ2021-7F3K0", "kz2021-7f3ko", " KZ2021 – 7F3KO ", "KZ2021-7FЗKО", "kz2021‑7f3kо"]
)
def test_references_are_found_as_they_are_said(typed):
    assert normalise_ref(typed) == "KZ2021-7F3K0"


def test_a_prefix_keeps_its_letters():
    assert normalise_ref("il2021-lio11") == "IL2021-11011"


@given(any_text)
def test_any_text_may_be_looked_up_as_a_reference(typed):
    assert isinstance(normalise_ref(typed), str)


def test_refusals_know_their_status_and_say_what_to_do():
    for kind in Refused.__subclasses__():
        if kind.__name__ in ("Invalid", "Unreadable"):
            continue
        refusal = kind()
        # 503 and 507 are no defects: no key to sign with, no room for files, and a time to return.
        assert 400 <= refusal.status < 500 or (
            refusal.status in (503, 507) and refusal.retry_after
        )
        assert str(refusal).endswith(".")
