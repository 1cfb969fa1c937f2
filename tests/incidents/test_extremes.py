"""The largest and strangest report there may be is shown whole."""

import pytest
from django.test import Client

from tests import walking

pytestmark = pytest.mark.django_db

ODD = "مرحبا بالعالم שלום 👩‍👩‍👧‍👦🏳️‍🌈 Қазақстан "


def test_a_report_of_sixteen_thousand_characters_in_any_script_is_shown_whole():
    text = (ODD * 1000)[:15_990] + "THE END 🙈"
    report = walking.filed_report(text=text)
    incident = walking.opened(report, title=f"{ODD}at a station")
    waiting = walking.filed_report(text=text)
    client = Client()
    client.force_login(walking.person("coordinator"))
    for path in (f"/desk/reports/{report.pk}/", f"/desk/incidents/{incident.ref}/"):
        answer = client.get(path)
        assert answer.status_code == 200
        page = answer.content.decode()
        # A long text is folded: its beginning and its rest stand apart.
        assert page.count("👩‍👩‍👧‍👦🏳️‍🌈") >= text.count("👩‍👩‍👧‍👦🏳️‍🌈")
        assert "THE END 🙈" in page
        assert 'dir="auto"' in page
    queue = client.get("/desk/")
    assert queue.status_code == 200
    assert waiting.ref in queue.content.decode()
    assert 'dir="auto"' in queue.content.decode()
