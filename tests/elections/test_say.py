from datetime import UTC, datetime

import pytest
from django.template import Context, Template
from django.utils import translation

pytestmark = pytest.mark.once

MOMENT = datetime(2021, 1, 10, 5, 5, tzinfo=UTC)


def render(text, **context):
    return Template(text).render(Context(context))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "10 January 2021, 11:05"),
        ("ru", "10 января 2021 г., 11:05"),
        ("kk", "2021 жылғы 10 қаңтар, 11:05"),
    ],
)
def test_a_time_is_said_in_the_zone_and_the_language(language, said):
    with translation.override(language):
        assert render('{{ t|local:"Asia/Almaty" }}', t=MOMENT) == said


def test_the_zone_counts_as_it_was_on_that_day():
    assert render('{{ t|local:"Asia/Aqtobe" }}', t=MOMENT).endswith("10:05")
    assert render('{{ t|local:"Asia/Almaty" }}', t=MOMENT.replace(year=2025)).endswith("10:05")


def test_no_time_says_nothing_by_itself():
    assert render('{{ t|local:"Asia/Almaty" }}', t=None) == ""


@pytest.mark.parametrize("unknown", [None, ""])
def test_what_is_not_known_is_said_in_words(unknown):
    assert render("{{ v|or_unknown }}", v=unknown) == "not known"


def test_zero_is_a_value():
    assert render("{{ v|or_unknown }}", v=0) == "0"
