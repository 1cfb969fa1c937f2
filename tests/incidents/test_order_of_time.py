"""Publications are ordered by a time that is never empty."""

import pytest

from elections.models import PollDay
from tests.walking import filed_report, opened, published

pytestmark = pytest.mark.django_db


def moment(publication) -> str:
    return publication.occurred_sort.isoformat()


def test_an_event_that_only_ended_is_ordered_by_its_end():
    before = filed_report(occurred_end="2021-01-09T23:59:59+06:00", occurred_precision="run_up")
    assert moment(published(opened(before))) == "2021-01-09T17:59:59+00:00"


def test_an_event_without_any_time_stands_at_the_opening_of_the_polls():
    assert moment(published()) == "2021-01-10T01:00:00+00:00"


def test_a_poll_day_without_opening_hours_counts_from_midnight():
    incident = opened()
    PollDay.objects.update(opens=None)
    assert moment(published(incident)) == "2021-01-09T18:00:00+00:00"
