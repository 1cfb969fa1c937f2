"""Partners read agreed columns of what is published: of their elections, within their token."""

import csv
import io
import json
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from incidents import agreed, codebook, steps
from observers import pseudonyms, tokens
from observers.models import Membership, Organisation, PartnerAccess, PartnerKey, Team
from observers.roles import Role
from tests.contracts.stage import build_stage

pytestmark = pytest.mark.django_db
URL = "/api/v1/partner/incidents/"


@pytest.fixture
def stage():
    return build_stage("partner")


def reader(stage, user=None, **limits) -> Client:
    user = user or stage.people["partner"]
    _token, text = tokens.create(user, name="t", scopes=[tokens.READS], **limits)
    return Client(headers={"Authorization": f"Bearer {text}"})


def body(response) -> str:
    assert response.status_code == 200, response.content[:500]
    whole = b"".join(response.streaming_content) if response.streaming else response.content
    return whole.decode()


def rows(client, query=""):
    return json.loads(body(client.get(f"{URL}{query}")))["results"]


def link(stage, incident, **payload):
    report = stage.file(**payload)
    by = stage.people["coordinator"]
    steps.take_on_report(report, "link", by=by, channel="page", incident=incident.ref)
    return report


def second_organisation(stage):
    """Two observers of another organisation, and their team."""
    other = Organisation.objects.create(slug="second", name_en="Second")
    team = Team.objects.create(organisation=other, name="Pair two")
    people = [stage.person(Role.OBSERVER, team=team) for _number in range(2)]
    return team, people


def test_the_agreed_columns_stand_after_the_public_ones(stage):
    incident = stage.open(stage.file(source="direct_witness"))
    _team, (third, _fourth) = second_organisation(stage)
    link(stage, incident, by=third, source="media")
    link(stage, incident, by=stage.people["pair_observer"], source="second_hand")
    published = stage.publish(incident)
    (row,) = rows(reader(stage))
    assert list(row) == [column.name for column in agreed.ALL]
    (public,) = Client().get("/api/v1/incidents/").json()["results"]
    assert {name: row[name] for name in public} == public
    assert row["ref"] == published.ref
    assert row["reports"] == 3
    # Two of one team are one source, the nearest kind of the two.
    assert row["sources_by_kind"] == {"direct_witness": 1, "media": 1}
    assert row["sources"] == sum(row["sources_by_kind"].values())
    assert row["grounds"] == ["several_sources", "several_organisations"]
    assert len(row["organisations"]) == len(row["teams"]) == 2
    assert row["desk_status"] == "open"
    assert row["desk_outcome"] is None


def test_the_first_report_is_told_to_the_hour(stage):
    with time_machine.travel("2021-01-10T05:47:31Z", tick=False):
        incident = stage.open()
        stage.publish(incident)
        (row,) = rows(reader(stage))
    assert row["first_reported_at"] == "2021-01-10T05:00:00+00:00"


def test_what_only_security_may_read_counts_nowhere(stage):
    incident = stage.open()
    before_linking = stage.publish(incident)
    assert before_linking.live
    (before,) = rows(reader(stage))
    report = stage.file(audience="security_only", by=stage.people["other_observer"])
    steps.take_on_report(
        report, "link", by=stage.people["security"], channel="page", incident=incident.ref
    )
    (after,) = rows(reader(stage))
    assert after == before


def test_a_team_of_one_has_no_name(stage):
    """Its pseudonym would be a person's, through all incidents."""
    team = Team.objects.create(organisation=Organisation.objects.get(), name="Alone")
    alone = stage.person(Role.OBSERVER, team=team)
    stage.publish(stage.open(stage.file(by=alone)))
    (row,) = rows(reader(stage))
    assert row["teams"] == []
    assert len(row["organisations"]) == 1
    stage.person(Role.OBSERVER, team=team)
    (row,) = rows(reader(stage))
    assert len(row["teams"]) == 1


def test_a_report_without_a_team_names_nobody(stage):
    stage.publish(stage.open(stage.file(by=stage.people["other_observer"])))
    (row,) = rows(reader(stage))
    assert row["teams"] == row["organisations"] == []
    assert row["sources_by_kind"] == {"unknown": 1}


def test_pseudonyms_differ_between_partners_and_stay_for_each(stage):
    stage.publish()
    stage.publish()
    first, second = rows(reader(stage))
    assert first["teams"] == second["teams"]
    other = stage.person(Role.PARTNER)
    theirs, _theirs = rows(reader(stage, other))
    assert set(theirs["teams"]).isdisjoint(first["teams"])
    assert set(theirs["organisations"]).isdisjoint(first["organisations"])
    assert rows(reader(stage))[0] == first
    team = Team.objects.get()
    assert str(team.pk) not in json.dumps(first)
    assert not {"organisations", "teams"} & set(codebook.BY_NAME)


def test_colleagues_of_one_organisation_read_the_same_names(stage):
    ngo = Organisation.objects.create(slug="ngo", name_en="NGO")
    stage.publish()
    told = [
        rows(reader(stage, stage.person(Role.PARTNER, organisation=ngo)))[0]["teams"]
        for _person in range(2)
    ]
    assert told[0] == told[1]
    assert PartnerKey.objects.count() == 1


def test_a_pseudonym_rests_on_the_key_alone(stage):
    membership = Membership.objects.get(user=stage.people["partner"])
    one = uuid.uuid4()
    name = pseudonyms.given_to(membership)
    assert name("team", one) == pseudonyms.given_to(membership)("team", one)
    assert name("team", one).partition("-")[2] != name("org", one).partition("-")[2]
    PartnerKey.objects.update(key=bytes(32))
    assert pseudonyms.given_to(membership)("team", one) != name("team", one)


def test_only_live_publications_of_ones_own_elections(stage):
    kept = stage.publish()
    stage.withdraw(stage.publish())
    stage.open()
    foreign = build_stage("foreign")
    elsewhere = foreign.publish()
    client = reader(stage)
    assert [row["ref"] for row in rows(client)] == [kept.ref]
    assert client.get(f"{URL}{elsewhere.ref}/").status_code == 404
    assert rows(reader(foreign))[0]["ref"] == elsewhere.ref
    # Asked for by name it is refused: no rows would read as “nothing happened there”.
    refused = client.get(f"{URL}?election=foreign")
    assert refused.status_code == 403
    assert "foreign" in refused.json()["detail"]


def test_a_withdrawn_one_is_gone_at_once(stage):
    published = stage.publish()
    client = reader(stage)
    assert client.get(f"{URL}{published.ref}/").status_code == 200
    stage.withdraw(published, "safety")
    assert client.get(f"{URL}{published.ref}/").status_code == 404
    assert rows(client) == []


def test_a_rehearsal_is_nowhere(stage):
    stage.publish()
    stage.election.is_rehearsal = True
    stage.election.save()
    assert rows(reader(stage)) == []


def test_a_token_narrows_to_regions_with_what_lies_below(stage):
    here = stage.publish(stage.open(stage.file(region="KZ-ALA")))
    there = stage.publish(stage.open(stage.file(region="KZ-YUZ")))
    country = stage.city.parent

    def read(region):
        return {row["ref"] for row in rows(reader(stage, regions=[region]))}

    assert read(stage.city) == {here.ref}
    assert read(stage.other_region) == {there.ref}
    assert read(country) == {here.ref, there.ref}
    client = reader(stage, regions=[stage.city])
    assert client.get(f"{URL}{there.ref}/").status_code == 404
    # It narrows what is agreed; what is public stays so.
    assert len(client.get("/api/v1/incidents/").json()["results"]) == 2


def test_a_token_narrows_to_elections(stage):
    stage.publish()
    foreign = build_stage("foreign")
    assert reader(stage, elections=[foreign.election]).get(URL).status_code == 403
    assert len(rows(reader(stage, elections=[stage.election, foreign.election]))) == 1


def test_a_membership_with_regions_narrows_too(stage):
    here = stage.publish(stage.open(stage.file(region="KZ-ALA")))
    stage.publish(stage.open(stage.file(region="KZ-YUZ")))
    limited = stage.person(Role.PARTNER, regions=[stage.city])
    assert [row["ref"] for row in rows(reader(stage, limited))] == [here.ref]


def test_what_ends_ends_with_the_next_request(stage):
    first = stage.publish()
    stage.publish()
    client = reader(stage)
    page = client.get(f"{URL}?limit=1").json()
    assert page["next"]
    token = stage.people["partner"].tokens.get()
    tokens.revoke(token)
    # In the middle of a walk.
    assert client.get(page["next"]).status_code == 401
    client = reader(stage)
    membership = Membership.objects.get(user=stage.people["partner"])
    membership.ends = timezone.now() - timedelta(seconds=1)
    membership.save()
    assert client.get(URL).status_code == 403
    assert client.get(f"{URL}{first.ref}/").status_code == 403


def test_a_session_is_no_token(stage):
    client = Client()
    client.force_login(stage.people["partner"])
    assert client.get(URL).status_code == 403
    assert not PartnerAccess.objects.exists()


@pytest.mark.parametrize("query", ["", "?format=csv", "?format=ndjson", "?count=true"])
def test_no_cache_keeps_it_and_no_other_page_reads_it(stage, query):
    stage.publish()
    client = reader(stage)
    for path in (f"{URL}{query}", f"{URL}{stage.publish().ref}/", "/api/v1/partner/columns/"):
        answer = client.get(path, headers={"Origin": "https://elsewhere.example"})
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "no-store"
        assert "ETag" not in answer
        assert "Access-Control-Allow-Origin" not in answer
        assert not answer.cookies


def test_every_format_holds_the_same(stage):
    for region in ("KZ-ALA", "KZ-YUZ"):
        stage.publish(stage.open(stage.file(region=region, source="victim")))
    client = reader(stage)
    told = rows(client)
    lines = body(client.get(f"{URL}?format=ndjson")).splitlines()
    assert [json.loads(line) for line in lines] == told
    table = list(csv.DictReader(io.StringIO(body(client.get(f"{URL}?format=csv")))))
    assert list(table[0]) == [column.name for column in agreed.ALL]
    for row, cells in zip(told, table, strict=True):
        assert cells["ref"] == row["ref"]
        assert cells["teams"] == ";".join(row["teams"])
        assert json.loads(cells["sources_by_kind"]) == row["sources_by_kind"]
        assert cells["reports"] == str(row["reports"])
        assert cells["desk_outcome"] == ""


def test_columns_labels_and_pages(stage):
    for _number in range(3):
        stage.publish()
    client = reader(stage)
    row = rows(client, "?fields=ref,desk_status,grounds&labels=ru&limit=1")[0]
    assert list(row) == ["ref", "grounds", "grounds_label", "desk_status", "desk_status_label"]
    cells = body(client.get(f"{URL}?format=csv&fields=ref,desk_status&labels=ru&bom=true"))
    assert cells.startswith("\ufeffref,desk_status,desk_status_label\r\n")
    walked, url = [], f"{URL}?limit=2&count=true"
    while url:
        page = client.get(url).json()
        assert page["meta"]["count"] == 3
        walked += [row["ref"] for row in page["results"]]
        url = page["next"]
    assert len(set(walked)) == 3
    assert client.get(f"{URL}?limit=1&format=csv").content.count(b"\r\n") == 2


@pytest.mark.parametrize(
    "query",
    [
        "fields=nothing", "format=geojson", "format=xlsx", "limit=1001", "cursor=x", "count=maybe",
        "severity=9", "regin=KZ-ALA", "election=nowhere", "bom=true", "count=true&format=csv",
        "q=%00", "q=%ED%A0%80", "labels=de", "token=x", "near=1,2", f"q={'x' * 2000}",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_and_not_logged(stage, query):
    answer = reader(stage).get(f"{URL}?{query}")
    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("application/problem+json")
    assert not PartnerAccess.objects.exists()


@pytest.mark.parametrize("ref", ["x", "%00", "KZ2021-00000", "é", "x" * 2000])
def test_an_odd_reference_finds_nothing(stage, ref):
    assert reader(stage).get(f"{URL}{ref}/").status_code in (400, 404)


def test_each_answer_is_in_the_log_before_it_leaves(stage):
    published = stage.publish()
    client = reader(stage, elections=[stage.election])
    client.get(f"{URL}?region=KZ-ALA&limit=1")
    client.get(f"{URL}{published.ref}/")
    answer = client.get(f"{URL}?format=csv&q=refused")
    token = stage.people["partner"].tokens.get()
    # Before the first byte of the file was read.
    logged = list(PartnerAccess.objects.order_by("at"))
    body(answer)
    assert [(one.format, one.rows, one.filters) for one in logged] == [
        ("json", 1, {"region": ["KZ-ALA"]}),
        ("json", 1, {"ref": published.ref}),
        ("csv", 1, {"q": ["refused"]}),
    ]
    for one in logged:
        assert (one.user, one.token, one.prefix) == (token.user, token, token.prefix)
        assert one.resource == "partner/incidents"
        assert one.data_version > 0
    client.get("/api/v1/partner/columns/")
    assert PartnerAccess.objects.count() == 3


def test_the_log_is_kept_as_it_was_written(stage):
    stage.publish()
    rows(reader(stage))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        PartnerAccess.objects.update(rows=0)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        PartnerAccess.objects.all().delete()


def test_who_reads_the_log(stage):
    stage.publish()
    rows(reader(stage))
    rows(reader(stage, other := stage.person(Role.PARTNER)))
    seen = PartnerAccess.objects.visible_to
    assert seen(stage.people["partner"]).count() == seen(other).count() == 1
    assert seen(stage.people["admin"]).count() == 2
    assert not seen(stage.people["coordinator"]).exists()


def test_an_administrator_looks_and_changes_nothing(stage):
    stage.publish()
    rows(reader(stage))
    client = Client()
    client.force_login(stage.people["admin"])
    one = PartnerAccess.objects.get()
    path = f"/admin/observers/partneraccess/{one.pk}/change/"
    shown = client.get(path)
    assert shown.status_code == 200
    assert one.prefix in shown.content.decode()
    assert client.post(path, {"rows": 0}).status_code == 403
    assert client.post("/admin/observers/partneraccess/add/", {}).status_code == 403
    assert client.get("/admin/observers/partneraccess/").status_code == 200


def test_the_columns_say_what_is_agreed_and_how_far(stage):
    told = reader(stage, regions=[stage.city]).get("/api/v1/partner/columns/").json()
    assert [row["name"] for row in told["columns"]] == [one.name for one in agreed.AGREED]
    for row in told["columns"]:
        assert row["description_ru"]
        assert row["description_kk"]
    assert told["agreed"]["elections"] == [{"election": "partner", "regions": None}]
    assert told["agreed"]["token_regions"] == ["KZ-ALA"]


def test_an_agreed_column_has_no_public_name():
    public = {column.name for column in codebook.COLUMNS}
    assert public.isdisjoint(column.name for column in agreed.AGREED)
    assert set(agreed.BY_NAME) == public | {column.name for column in agreed.AGREED}


@pytest.mark.parametrize("file", ["api.md", "decisions/0020-partners.md"])
def test_every_agreed_column_is_written_down(file):
    told = (settings.BASE_DIR / "docs" / file).read_text("utf-8")
    assert [one.name for one in agreed.AGREED if f"`{one.name}`" not in told] == []
