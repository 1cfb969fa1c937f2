"""Anybody may read, from any web page, and nobody is remembered."""

import pytest

from tests.api.rows import published_row
from tests.walking import person, withdrawn

pytestmark = pytest.mark.django_db
OPEN = (
    "/",
    "/categories/",
    "/codebook/",
    "/incidents/",
    "/incidents/?format=csv",
    "/changes/",
    "/elections/",
    "/regions/",
    "/stations/",
    "/schema/",
    "/problems/",
    "/problems/stale/",
)


def body(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


@pytest.mark.parametrize("path", OPEN)
def test_a_web_page_of_another_origin_may_read(client, path):
    published_row()
    answer = client.get(f"/api/v1{path}", headers={"Origin": "https://example.org"})
    assert answer.status_code == 200, body(answer)
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer
    assert "ETag" in answer["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("path", [*OPEN, "/docs/"])
def test_no_cookie_is_set_or_honoured(client, path):
    published_row()
    anonymous = client.get(f"/api/v1{path}")
    client.force_login(person("admin"))
    client.cookies["django_language"] = "ru"
    known = client.get(f"/api/v1{path}")
    assert not anonymous.cookies
    assert not known.cookies
    assert "Cookie" not in anonymous.get("Vary", "")
    if path != "/":  # the index tells the time
        assert body(anonymous) == body(known)


def test_errors_may_be_read_by_a_web_page_too(client):
    row = withdrawn()
    for path, status in (
        (f"/incidents/{row.ref}/", 410),
        ("/incidents/X/", 404),
        ("/incidents/?x=1", 400),
    ):
        answer = client.get(f"/api/v1{path}")
        assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (status, "*")


@pytest.mark.parametrize("path", [p for p in OPEN if "?" not in p])
def test_a_browser_may_ask_first(client, path):
    headers = {"Origin": "https://example.org", "Access-Control-Request-Method": "GET"}
    answer = client.options(f"/api/v1{path}", headers=headers)
    assert answer.status_code in {200, 204}
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", ["/reports/", "/desk/incidents/", "/desk/steps/"])
def test_what_is_not_public_is_offered_to_no_other_origin(client, path):
    for answer in (client.get(f"/api/v1{path}"), client.options(f"/api/v1{path}")):
        assert "Access-Control-Allow-Origin" not in answer


def test_a_wrong_token_is_told_instead_of_read_as_nobody(client):
    answer = client.get("/api/v1/incidents/", headers={"Authorization": "Bearer dauys_x_y"})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/incidents/", "/changes/", "/codebook/", "/"])
def test_only_reading_is_offered(client, path):
    for method in ("post", "put", "patch", "delete"):
        answer = getattr(client, method)(f"/api/v1{path}")
        assert answer.status_code == 405
        assert answer["Content-Type"] == "application/problem+json"
        assert set(answer["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_the_index_leads_everywhere(client):
    published_row()
    index = client.get("/api/v1/").json()
    assert index["data_version"] == 1
    assert index["licence"] == "CC-BY-4.0"
    for address in index["links"].values():
        assert client.get(address).status_code == 200
