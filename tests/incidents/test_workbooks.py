"""Spreadsheets: what Excel reads is what was meant, and the same rows are the same bytes."""

import datetime as dt
import io
import time

import openpyxl
import pytest

from incidents import workbooks

pytestmark = pytest.mark.once

# Spreadsheets know no zones.
clock = dt.datetime
ALMATY = dt.timezone(dt.timedelta(hours=6))


def sheets(rows, **more) -> dict[str, list[list]]:
    book = openpyxl.load_workbook(io.BytesIO(written(rows, **more)))
    return {page.title: [[(c.value, c.data_type) for c in row] for row in page] for page in book}


def written(rows, header=("what",), **more) -> bytes:
    file = io.BytesIO()
    workbooks.write(file, header, rows, **more)
    return file.getvalue()


def cell(value, **more) -> tuple:
    [_header, [(read, kind)]] = sheets([[value]], **more)["incidents"]
    return read, kind


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("007", ("007", "s")),  # a code keeps its zeros
        ("=1+1", ("=1+1", "s")),  # a text, never a formula
        ("@SUM(A1)", ("@SUM(A1)", "s")),
        ("https://dauys.example/", ("https://dauys.example/", "s")),
        ("Әлия, Ұлттық қор 😀", ("Әлия, Ұлттық қор 😀", "s")),
        ("two\nlines", ("two\nlines", "s")),
        (12, (12, "n")),
        (76.889709, (76.889709, "n")),
        (0, (0, "n")),
        (True, (True, "b")),
        (2**63, ("9223372036854775808", "s")),  # a number would be rounded
        (float("nan"), ("nan", "s")),
        (float("inf"), ("inf", "s")),
        (dt.date(2021, 1, 10), (clock(2021, 1, 10), "d")),
        (dt.datetime(2021, 1, 10, 9, 30, tzinfo=ALMATY), (clock(2021, 1, 10, 3, 30), "d")),
        (dt.date(1850, 1, 1), ("1850-01-01", "s")),  # older than spreadsheets know
        ("a\ud800b", ("a?b", "s")),
        ("a\uffffb", ("a\ufffdb", "s")),
    ],
    ids=repr,
)
def test_a_value_is_read_as_it_was_meant(value, read):
    assert cell(value) == read


@pytest.mark.parametrize("value", ["\x00", "\x1f", "a\x00b"])
def test_control_characters_do_not_break_the_file(value):
    assert cell(value)[1] == "s"


@pytest.mark.parametrize("value", [None, ""])
def test_what_is_not_known_is_an_empty_cell(value):
    rows = [[value, 1]]
    [_header, row] = sheets(rows, header=("a", "b"))["incidents"]
    assert row[0][0] is None


@pytest.mark.parametrize("letter", ["x", "Ж", "😀"])
def test_a_text_longer_than_a_cell_is_cut_and_says_so(letter):
    read, _kind = cell(letter * 40_000)
    assert read.endswith(" […]")
    assert len(read.encode("utf-16-le")) // 2 <= 32_767
    assert set(read[:-4]) == {letter}
    whole = letter * (32_767 // len(letter.encode("utf-16-le")) * 2)
    assert cell(whole)[0] == whole


def test_the_same_rows_are_the_same_bytes_whenever_they_are_written():
    rows = [["a", 1, dt.datetime(2021, 1, 10, tzinfo=dt.UTC)], ["b", None, None]]
    first = written(rows, about=[["What it is"]])
    time.sleep(1.1)
    assert written(rows, about=[["What it is"]]) == first


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(monkeypatch):
    monkeypatch.setattr(workbooks, "MOST_ROWS", 3)
    read = sheets(([number] for number in range(7)), about=[["about it"]])
    values = {title: [row[0][0] for row in rows] for title, rows in read.items()}
    assert values == {
        "incidents": ["what", 0, 1, 2],
        "incidents 2": ["what", 3, 4, 5],
        "incidents 3": ["what", 6],
        "about": ["about it"],
    }
    assert list(sheets([[1], [2], [3]])) == ["incidents", "about"]


def test_no_rows_are_a_table_with_its_header():
    assert sheets([])["incidents"] == [[("what", "s")]]
