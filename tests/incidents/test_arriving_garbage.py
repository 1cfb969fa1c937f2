"""Any envelope that a known phone signed gets its receipt; any other gets a designed refusal."""

import json
import uuid

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents import arriving
from incidents.errors import Refused
from incidents.interpreting import FIELDS
from incidents.models import RawReport
from tests.contracts.stage import build_stage
from tests.phones import Phone, put, receipt_of

pytestmark = pytest.mark.django_db
EXAMPLES = 30
INTAKE = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def phone(db):
    return Phone(build_stage("garbage"))


TEXT = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=40),
    st.sampled_from(
        [
            "",
            "\x00",
            "a\x00",
            "�",
            "x�",
            "é",
            "é",
            "1970-01-01T00:00:00Z",
            "7",
            "KZ-ALA",
            "2026-11-24T25:61",
            "9999-12-31T23:59:59Z",
            "1969-12-31T23:59:59-23:59",
            "team",
            "sos",
            "arrived",
            "left",
            "security_only",
            "2026-11-24T10:00:00+16:00",
            str(uuid.uuid4()),
            "я" * 3000,
        ]
    ),
)
NUMBER = st.one_of(
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, -1, 1e308, -1e308, 5e-324, 90.0, 2**53 - 1]),
)
VALUE = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)
SAID_BY_KIND = {
    "report": [*FIELDS, "id", "election"],
    "answer": ["report", "question", "text", "captured_clock"],
    "check_in": [
        "kind",
        "station",
        "region",
        "latitude",
        "longitude",
        "accuracy_m",
        "captured_clock",
        "clock_known_offset_s",
        "id",
    ],
    "evidence": ["report", "sha256", "size", "type", "name", "content_key", "chunk_size"],
}
# Of the right type, so that what lies behind the first look is reached, too.
RIGHT = {
    "category": st.sampled_from(["ACC01", "INT01", "nothing"]) | TEXT,
    "kind": st.sampled_from(["arrived", "well", "left", "sos"]) | TEXT,
    "evidence": st.lists(VALUE, max_size=4),
    "details": st.dictionaries(TEXT, VALUE, max_size=4),
    "occurred_ago_min": st.integers(-(2**53) + 1, 2**53 - 1),
    "persons_min": st.integers(-(2**53) + 1, 2**53 - 1),
    "persons_max": st.integers(-(2**53) + 1, 2**53 - 1),
    "clock_known_offset_s": NUMBER,
    "latitude": NUMBER,
    "longitude": NUMBER,
    "accuracy_m": NUMBER,
}


def inside_of(kind):
    fields = SAID_BY_KIND[kind]
    right = st.fixed_dictionaries({}, optional={f: RIGHT.get(f, TEXT) for f in fields})
    wrong = st.fixed_dictionaries({}, optional=dict.fromkeys(fields, VALUE))
    more = st.dictionaries(TEXT, VALUE, max_size=2)
    return st.builds(lambda one, two: {**one, **two}, right | wrong, st.just({}) | more)


@pytest.mark.parametrize("kind", SAID_BY_KIND)
def test_whatever_a_phone_seals_gets_a_receipt_and_is_settled(client, phone, kind):
    @INTAKE
    @given(inside=inside_of(kind))
    def receipted(inside):
        raw = phone.seal(inside, kind=kind)
        receipt_of(put(client, raw), raw)
        kept = RawReport.objects.get(report_id=json.loads(raw)["id"])
        # One that is tried anew with every round of the clock holds up the others.
        assert kept.outcome != RawReport.Outcome.ARRIVED

    receipted()


def test_whatever_calls_itself_an_envelope_is_refused_with_a_problem(phone):
    sound = json.loads(phone.seal())

    @INTAKE
    @given(
        changed=st.dictionaries(st.sampled_from(list(sound)), VALUE, min_size=1, max_size=3),
    )
    def refused(changed):
        said = sound | changed
        raw = json.dumps(said).encode()
        if said == sound:
            return
        with pytest.raises(Refused) as refusal:
            arriving.arrive(raw, item=uuid.UUID(sound["id"]))
        assert refusal.value.status in (400, 403)

    refused()


@pytest.mark.parametrize("member", ["sealed", "key", "signature"])
def test_half_a_character_in_an_envelope_is_a_refusal(phone, member):
    raw = json.dumps(json.loads(phone.seal()) | {member: "\ud800"}).encode()
    assert put(Client(raise_request_exception=False), raw).status_code in (400, 403)
    assert not RawReport.objects.exists()
