"""Canaries: what an observer wrote, or who he is, does not come out of the log."""

import logging
from io import StringIO

import pytest

from config.logs import Redact

pytestmark = pytest.mark.once

CANARIES = {
    "token": "dauys_ab12cd34_" + "Zz9" * 14 + "Z",
    "token cut short": "dauys_ab12cd34",
    "uuid": "3f2b8c1e-0d3a-4b7e-9c55-1a2b3c4d5e6f",
    "uuid without dashes": "3f2b8c1e0d3a4b7e9c551a2b3c4d5e6f",
    "e-mail": "aigerim.k@example.org",
    "e-mail in an address": "aigerim.k%40example.org",
    "latitude": "43.238949",
    "negative longitude": "-76.889709",
    "phone": "+7 701 555 12 34",
}


@pytest.fixture
def log():
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(Redact())
    handler.setFormatter(logging.Formatter("{levelname} {name} {message}", style="{"))
    logger = logging.Logger("canary")
    logger.addHandler(handler)
    logger.written = stream.getvalue
    return logger


@pytest.mark.parametrize("canary", CANARIES.values(), ids=CANARIES.keys())
def test_identities_and_places_are_struck_out(log, canary):
    log.error("before %s after", canary)
    already_formatted = f"in the text: {canary}."
    log.error(already_formatted)
    log.error("%(x)s", {"x": f"/desk/{canary}/"})
    assert canary not in log.written()
    assert "before [" in log.written()


def test_query_strings_are_struck_out(log):
    log.warning("Not Found: %s", "/incidents/?q=detained+at+school&region=KZ-ALA")
    assert log.written() == "WARNING canary Not Found: /incidents/?[query]\n"


def test_an_authorization_header_is_struck_out(log):
    log.error("headers: Authorization: Bearer abc.def-ghi")
    assert "abc.def" not in log.written()


def test_an_exception_leaves_its_type_and_place_and_not_its_words(log):
    def interpret(text):
        try:
            int(text)
        except ValueError as error:
            raise RuntimeError(f"cannot read {text}") from error

    try:
        interpret("they beat the teacher")
    except RuntimeError as error:
        log.exception("Failed: %s", error)
        log.error(error)
    written = log.written()
    assert "they beat" not in written
    assert "cannot read" not in written
    assert "builtins.RuntimeError" in written
    assert "builtins.ValueError" in written
    assert "observers/test_logs.py" in written
    assert " interpret" in written
    assert "/work/" not in written


def test_a_record_cannot_forge_a_second_line(log):
    log.error("name: %s", "x\nERROR root forged")
    assert log.written().count("\n") == 1


def test_a_record_that_does_not_fit_its_arguments_is_not_printed(log):
    log.error("%d items", "secret words")
    assert log.written() == "ERROR canary [unreadable record of canary]\n"


def test_long_text_is_cut(log):
    log.error("x" * 100_000)
    assert len(log.written()) < 2100


def test_plain_sentences_stay_as_they_are(log):
    log.error("Is it 5 %% of 120? Yes: loaded %d stations in 2 s", 17)
    assert "Is it 5 % of 120? Yes: loaded 17 stations in 2 s" in log.written()


def test_the_console_of_the_product_is_redacted(settings):
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["redact"]
    for logger in settings.LOGGING["loggers"].values():
        assert logger["handlers"] == ["console"]
    assert settings.LOGGING["root"]["handlers"] == ["console"]
