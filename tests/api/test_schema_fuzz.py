"""The short form of benchmarks/fuzz.py: what the API answers is what its description says."""

import pytest

from observers import tokens
from tests.contracts.stage import build_stage
from tests.fuzzing import play, settle

SCOPES = ["published:read", "reports:write", "desk"]


@pytest.mark.parametrize(
    ("person", "phases", "most", "at_least"),
    [
        ("coordinator", ["fuzzing"], 8, 200),
        ("anonymous", ["coverage"], 1, 300),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_no_failure_and_no_answer_that_is_not_described(person, phases, most, at_least):
    stage = build_stage("fuzz")
    values, headers = settle(stage), {}
    if person != "anonymous":
        _token, text = tokens.create(stage.people[person], name="fuzz", scopes=SCOPES)
        headers["Authorization"] = f"Bearer {text}"
    tally = play(headers=headers, values=values, most=most, seed=20210110, phases=phases)
    assert tally.failures == {}
    assert tally.errors == []
    assert tally.server_errors == 0
    assert tally.cases >= at_least
    assert len(tally.operations) >= 30
    assert tally.statuses[200] > 20
