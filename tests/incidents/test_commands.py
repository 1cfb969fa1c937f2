from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from incidents import guards
from incidents.models import Event, Publication
from tests.walking import approved, opened

pytestmark = pytest.mark.django_db


def said(command: str) -> str:
    out = StringIO()
    call_command(command, stdout=out)
    return out.getvalue().strip()


def test_tick_publishes_what_an_embargo_no_longer_holds_and_tells_how_many():
    approved(opened(), embargo_until="2021-01-11T09:00:00+06:00")
    approved(opened(), embargo_until="2099-01-11T09:00:00+06:00")
    assert said("tick").startswith("published: 1,")
    assert said("tick").startswith("published: 0,")
    assert Publication.objects.filter(live=True).count() == 1


def test_verify_history_counts_the_lines_of_a_whole_chain():
    opened()
    assert said("verify_history") == f"History is whole: {Event.objects.count()} lines."


def test_verify_history_names_the_first_line_that_somebody_changed():
    opened()
    guards.remove(connection)
    Event.objects.filter(seq=2).update(reason="nothing happened")
    guards.install(connection)
    with pytest.raises(CommandError, match="History is broken at line 2: was changed after"):
        said("verify_history")
