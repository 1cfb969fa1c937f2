"""Whatever stands in an address, the answer is rows or a problem, never a failure."""

from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.filters import (
    CountedFilter,
    DeskIncidentFilter,
    DeskReportFilter,
    PublicationFilter,
)
from tests.api.rows import body_of, published_row
from tests.walking import opened, person

pytestmark = pytest.mark.django_db
COUNTING = ["by", "by", "grain", "time", "level", "format", "labels", "bom"]
PAGING = ["limit", "cursor", "count", "format", "fields", "labels", "bom", "hxl", "since"]
SOME = (
    "region region,category election,group severity hour day week occurred published "
    "KZ-ALA KZ,KZ-ALA DET ACC01 2021-01-10 2021-01-10T10:00:00+06:00 0001-01-01T00:00:00+14:00 "
    "9999-12-31T23:59:59-12:00 0 1 4 5 -1 1e3 true false 1,2,3,4 76.9,43.2 180,90 -180,-90 "
    "179,-90,-179,90 nan,inf 500000 99999999999999999999 csv geojson ndjson xlsx json en ru "
    "me none open received draft -published ref,title kz-2021-mazhilis KZ-ALA:7 : %s '' \" \\ ; --"
)
WORDS = st.sampled_from(SOME.split())
VALUES = WORDS | st.text(max_size=30) | st.integers().map(str) | st.floats().map(str)
FEW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def queries(filterset, more=PAGING):
    names = st.sampled_from([*filterset.base_filters, *more]) | st.text(max_size=10)
    return st.lists(st.tuples(names, VALUES), max_size=4)


def ask(client, path: str, query) -> None:
    text = urlencode(query, errors="replace")
    answer = client.get(f"/api/v1{path}?{text}")
    assert answer.status_code in {200, 400}, (text, body_of(answer)[:500])
    if answer.status_code == 400:
        assert answer["Content-Type"] == "application/problem+json"
    else:
        body_of(answer)


@FEW
@given(query=queries(PublicationFilter))
def test_published_incidents(client, query):
    if not hasattr(client, "row"):
        client.row = published_row()
    ask(client, "/incidents/", query)
    ask(client, "/changes/", query)


@FEW
@given(query=queries(CountedFilter, COUNTING))
def test_statistics(client, query):
    if not hasattr(client, "row"):
        client.row = published_row()
    ask(client, "/stats/", query)


@FEW
@given(query=queries(DeskIncidentFilter))
def test_incidents_on_the_desk(client, query):
    if not hasattr(client, "incident"):
        client.incident = opened()
        client.force_login(person("coordinator"))
    ask(client, "/desk/incidents/", query)


@FEW
@given(query=queries(DeskReportFilter))
def test_reports_on_the_desk(client, query):
    if not hasattr(client, "incident"):
        client.incident = opened()
        client.force_login(person("coordinator"))
    ask(client, "/desk/reports/", query)
    ask(client, "/reports/", query)
