"""Phones whose clock is wrong, one case a line, and the hour the report is filed under."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from incidents import intake, timing
from incidents.models import RawReport, Report
from observers.models import Device
from tests.walking import person, region, the_election

# By our clock: the phone was handed out, a report written at eleven, sent five minutes later.
ENROLLED = datetime(2021, 1, 9, 9, tzinfo=UTC)
TRUE = datetime(2021, 1, 10, 11, tzinfo=UTC)
RECEIVED = TRUE + timedelta(minutes=5)
H, M, D = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
IN_1970 = datetime(1970, 1, 1, 0, 14, tzinfo=UTC)
IN_2020 = datetime(2020, 1, 1, tzinfo=UTC)
IN_2035 = datetime(2035, 6, 1, tzinfo=UTC)
KNOWN = {"known_offset_s": 0.0}


def case(name, captured, sent=None, *, at=TRUE, quality="measured", received=RECEIVED, **more):
    phone = timing.Phone(
        **{"captured": captured, "sent": sent, "enrolled": ENROLLED, **more},
    )
    return pytest.param(phone, received, at, quality, id=name)


def between(first, last):
    return {"before": first, "after": last}


CASES = [
    case("right", TRUE, RECEIVED),
    case("right, sent at once", RECEIVED, RECEIVED, at=RECEIVED),
    case("half a minute behind", TRUE - M / 2, RECEIVED - M / 2),
    case("seven hours behind", TRUE - 7 * H, RECEIVED - 7 * H),
    case("seven hours ahead", TRUE + 7 * H, RECEIVED + 7 * H),
    case("a day ahead", TRUE + D, RECEIVED + D),
    case("reset to 1970 before it was written", IN_1970, IN_1970 + 5 * M),
    case("reset to 2020 before it was written", IN_2020, IN_2020 + 5 * M),
    case("set to 2035 before it was written", IN_2035, IN_2035 + 5 * M),
    case("reset to 1970 after it was written", TRUE, IN_1970, quality="earlier", **KNOWN),
    case("set to 2035 after it was written", TRUE, IN_2035, quality="earlier", **KNOWN),
    case(
        "seven hours behind, then reset to 1970",
        TRUE - 7 * H,
        IN_1970,
        quality="earlier",
        known_offset_s=7 * 3600,
    ),
    case(
        "in 1970, then the network set it, and it was measured in 1970",
        IN_1970,
        RECEIVED,
        quality="earlier",
        known_offset_s=(TRUE - IN_1970).total_seconds(),
    ),
    case(
        "in 1970, then the network set it; measured before the reset",
        IN_1970,
        RECEIVED,
        at=RECEIVED,
        quality="receipt",
        **KNOWN,
    ),
    case(
        "in 1970, then the network set it, between two others",
        IN_1970,
        RECEIVED,
        quality="order",
        **between(TRUE - 20 * M, TRUE + 20 * M),
        received=TRUE + H,
    ),
    case(
        "in 1970, and only a later one is known",
        IN_1970,
        RECEIVED,
        at=TRUE,
        quality="order",
        after=TRUE,
    ),
    case(
        "in 1970, and only an earlier one is known",
        IN_1970,
        RECEIVED,
        at=RECEIVED,
        quality="receipt",
        before=TRUE - H,
    ),
    case("in 1970, never compared", IN_1970, at=RECEIVED, quality="receipt"),
    case("right, never compared", TRUE, quality=""),
    case("seven hours behind, never compared", TRUE - 7 * H, at=TRUE - 7 * H, quality=""),
    case("seven hours ahead, never compared", TRUE + 7 * H, at=RECEIVED, quality="receipt"),
    case("compared before, not when sent", TRUE - H, quality="earlier", known_offset_s=3600),
    case("a day late", TRUE, RECEIVED + D, received=RECEIVED + D),
    case(
        "a week late, seven hours behind",
        TRUE - 7 * H,
        RECEIVED + 7 * D - 7 * H,
        received=RECEIVED + 7 * D,
    ),
    case("before it was handed out", ENROLLED - H, RECEIVED, at=RECEIVED, quality="receipt"),
    case("just as it was handed out", ENROLLED - M, RECEIVED, at=ENROLLED - M),
    case(
        "ninety days old, of nobody knows whose phone",
        TRUE - 90 * D,
        RECEIVED,
        at=RECEIVED,
        quality="receipt",
        enrolled=None,
    ),
    case("fifty days old", TRUE - 50 * D, RECEIVED, at=TRUE - 50 * D, enrolled=None),
    case("two minutes in the future", RECEIVED + 2 * M, RECEIVED, at=RECEIVED),
    case("ten minutes in the future", RECEIVED + 10 * M, RECEIVED, at=RECEIVED, quality="receipt"),
    case("out of order, and true to it", TRUE, RECEIVED, **between(TRUE - H, TRUE + M)),
    case(
        "corrected before the one before it",
        TRUE - 3 * H,
        RECEIVED,
        at=TRUE,
        quality="order",
        **between(TRUE - M, TRUE + M),
    ),
    case(
        "only what was known earlier keeps the order",
        TRUE - 7 * H,
        RECEIVED,
        quality="earlier",
        known_offset_s=7 * 3600,
        **between(TRUE - M, TRUE + M),
    ),
    case(
        "the others contradict each other",
        IN_1970,
        RECEIVED,
        at=TRUE - H,
        quality="order",
        **between(TRUE, TRUE - H),
    ),
    case("a known error of a million years", TRUE, quality="", known_offset_s=1e300),
    case(
        "a known error of nine thousand years",
        TRUE,
        at=RECEIVED,
        quality="receipt",
        known_offset_s=9000 * 365 * 86400.0,
    ),
]


@pytest.mark.parametrize(("phone", "received", "at", "quality"), CASES)
def test_the_hour_a_report_was_written(phone, received, at, quality):
    found = timing.written(phone, received=received)
    assert (found.at, found.quality) == (at, quality)
    assert found.at <= received


def test_now_and_an_hour_ago_count_from_the_corrected_time():
    report = timing.written(timing.Phone(IN_1970, IN_1970 + 5 * M), received=RECEIVED)
    now, ago = timing.occurred(0, report), timing.occurred(60, report)
    assert (now.start, now.end, now.precision) == (TRUE, None, "exact")
    assert (ago.start, ago.precision) == (TRUE - H, "half_hour")
    assert timing.occurred(300, report).precision == "hour"
    assert timing.occurred(1500, report).precision == "part_of_day"
    assert timing.occurred(-1, report) is None
    assert timing.occurred(10**15, report) is None


def test_what_is_only_placed_between_others_happened_between_them():
    phone = timing.Phone(IN_1970, RECEIVED, before=TRUE - H, after=TRUE)
    found = timing.occurred(30, timing.written(phone, received=RECEIVED))
    assert (found.start, found.end) == (TRUE - 90 * M, TRUE - 30 * M)
    assert found.precision == "range"
    alone = timing.occurred(0, timing.written(timing.Phone(IN_1970), received=RECEIVED))
    assert (alone.start, alone.end) == (None, RECEIVED)


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("1970-01-01T16:55", "2021-01-10T16:55"),  # Almaty is six hours ahead: it is 17:00
        ("1970-01-01T00:10", "2021-01-10T00:10"),
        ("1970-01-01T23:50", "2021-01-09T23:50"),  # not tonight: the evening before
        ("1969-12-31T09:00", "2021-01-09T09:00"),  # "yesterday" of that phone
        ("2021-01-10T16:55", None),  # the person knew the date
    ],
)
def test_the_hour_typed_on_a_phone_with_a_wrong_date_stays(typed, right):
    from incidents.interpreting import EARLIEST_CLOCK, read_time

    zone = "Asia/Almaty"
    report = timing.written(timing.Phone(IN_1970, IN_1970 + 5 * M), received=RECEIVED)
    moment = read_time(typed, zone, EARLIEST_CLOCK)
    found = timing.on_the_right_day(moment, captured=IN_1970, report=report, zone=zone)
    assert found == (read_time(right, zone) if right else None)


# --- Filed ----------------------------------------------------------------------------------


def sealed(device, seq, sent, **said):
    """As the door for envelopes files it."""
    kept = RawReport(
        report_id=uuid.uuid4(),
        author=device.user,
        device=device,
        channel="app",
        device_seq=seq,
        sent_clock=sent,
    )
    said = {"category": "ACC01", "text": "x", **said}
    return intake.file_opened(kept, said, election=the_election(), quarantined=False).report


@pytest.fixture
def device(db):
    the_election()
    return Device.objects.create(
        user=person("observer"), label="phone", enrolled_at=timezone.now() - D
    )


def test_a_phone_in_1970_files_into_the_right_hour_and_the_desk_reads_why(device):
    now = timezone.now()
    report = sealed(
        device, 1, IN_1970 + 5 * M, captured_clock=IN_1970.isoformat(), occurred_ago_min=10
    )
    report = Report.objects.get(pk=report.pk)
    assert report.clock_quality == "measured"
    assert abs(report.captured_at - (now - 5 * M)) < M
    assert abs(report.occurred_start - (now - 15 * M)) < M
    client = Client()
    client.force_login(person("coordinator"))
    page = client.get(f"/desk/reports/{report.pk}/").content.decode()
    assert "phone clock, corrected when it was sent" in page
    assert "1 January 1970, 06:14" in page  # Almaty's, as the observer saw it
    assert "years" in page


def test_the_phone_s_own_count_places_what_its_clock_cannot(device):
    now = timezone.now()
    sealed(device, 1, now, captured_clock=(now - 60 * M).isoformat())
    sealed(device, 3, now, captured_clock=(now - 40 * M).isoformat())
    report = sealed(device, 2, now, captured_clock=IN_1970.isoformat(), occurred_ago_min=0)
    assert report.clock_quality == "order"
    assert abs(report.captured_at - (now - 50 * M)) < M
    assert abs(report.occurred_start - (now - 60 * M)) < M
    assert abs(report.occurred_end - (now - 40 * M)) < M


def test_the_typed_hour_is_kept_on_the_right_day_and_marked(device):
    now = timezone.now()
    report = sealed(
        device,
        1,
        IN_1970 + 5 * M,
        captured_clock=IN_1970.isoformat(),
        occurred_start="1970-01-01T06:10",
    )
    assert report.unresolved == {"occurred_start": "1970-01-01T06:10"}
    assert now - D <= report.occurred_start <= now + 5 * M
    assert report.occurred_start.hour in (0, 6)  # 06:10 in Almaty, whatever it is stored in


def test_a_plain_report_may_say_ago_without_any_clock(db):
    said = {"text": "x", "region": region("KZ-ALA").code, "occurred_ago_min": 30}
    report = intake.file_report(
        by=person("observer"), report_id=uuid.uuid4(), raw=json.dumps(said).encode(), channel="api"
    ).report
    assert report.captured_at is None
    assert abs(report.occurred_start - (timezone.now() - 30 * M)) < M
    odd = said | {"occurred_ago_min": 2**50}
    report = intake.file_report(
        by=person("observer"), report_id=uuid.uuid4(), raw=json.dumps(odd).encode(), channel="api"
    ).report
    assert report.unresolved == {"occurred_ago_min": 2**50}
