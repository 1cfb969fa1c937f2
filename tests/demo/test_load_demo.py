"""Loading the demonstration: again, after a kill, with lost passwords, never in production."""

import hashlib
import json
import stat
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.core.serializers import serialize

from incidents.demo import incidents as demo_incidents
from incidents.demo import people
from incidents.models import Incident, Publication, RawReport, Report
from observers.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


def load() -> str:
    said = StringIO()
    call_command("load_demo", stdout=said)
    return said.getvalue()


def everything() -> str:
    """A digest of every row of our own tables."""
    models = [m for app in ("elections", "observers", "incidents") for m in _models(app)]
    rows = [serialize("json", model._base_manager.order_by("pk")) for model in models]
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _models(app: str) -> list:
    return list(apps.get_app_config(app).get_models())


def test_a_second_run_changes_nothing_and_prints_no_password():
    first = load()
    before = everything()
    second = load()
    assert everything() == before
    accounts = json.loads(people.accounts_file().read_text())
    assert all(account["password"] in first for account in accounts)
    assert not any(account["password"] in second for account in accounts)
    assert str(people.accounts_file()) in second


@pytest.mark.parametrize("survived", [0, 3, 17])
def test_a_run_that_was_killed_is_completed_by_the_next(monkeypatch, survived):
    taken = []
    take = demo_incidents._take

    def killed_later(*arguments):
        if len(taken) == survived:
            raise KeyboardInterrupt
        taken.append(arguments)
        take(*arguments)

    monkeypatch.setattr(demo_incidents, "_take", killed_later)
    with pytest.raises(KeyboardInterrupt):
        load()
    monkeypatch.setattr(demo_incidents, "_take", take)
    load()
    assert Publication.objects.filter(live=True).count() == Incident.objects.count() == 7
    assert Report.objects.count() == RawReport.objects.count() == 7
    steps_taken = [(e.incident_id, e.verb) for e in _incident_events()]
    assert len(steps_taken) == len(set(steps_taken))


def _incident_events():
    return apps.get_model("incidents", "Event").objects.exclude(incident=None)


def test_accounts_that_were_noted_but_not_made_get_the_noted_password(monkeypatch, client):
    def killed(account):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(people, "_set_password", killed)
        with pytest.raises(KeyboardInterrupt):
            load()
    noted = json.loads(people.accounts_file().read_text())
    load()
    assert json.loads(people.accounts_file().read_text()) == noted
    for account in noted:
        assert User.objects.get(username=account["username"]).check_password(account["password"])


def test_a_lost_file_of_passwords_is_made_anew_with_other_passwords():
    load()
    lost = json.loads(people.accounts_file().read_text())
    people.accounts_file().unlink()
    said = load()
    found = json.loads(people.accounts_file().read_text())
    assert [a["username"] for a in found] == [a["username"] for a in lost]
    for old, new in zip(lost, found, strict=True):
        assert new["password"] != old["password"]
        assert new["password"] in said
        assert User.objects.get(username=new["username"]).check_password(new["password"])


def test_the_accounts_are_written_for_their_owner_only(data_dir):
    load()
    file = data_dir / "demo-accounts.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    accounts = json.loads(file.read_text())
    assert {tuple(account) for account in accounts} == {
        ("username", "password", "role", "organisation")
    }
    assert [account["role"] for account in accounts].count("editor") == 2
    assert {account["role"] for account in accounts} == {
        "observer",
        "coordinator",
        "editor",
        "security",
        "partner",
        "admin",
    }
    assert len({account["password"] for account in accounts}) == len(accounts) == 9
    pair = [
        User.objects.get(username=name).memberships.get() for name in ("observer1", "observer2")
    ]
    other = User.objects.get(username="observer3").memberships.get()
    assert pair[0].team == pair[1].team
    assert other.organisation != pair[0].organisation


def test_production_has_no_demonstration(settings):
    settings.ENVIRONMENT = "production"
    with pytest.raises(CommandError, match="not loaded into production"):
        load()
    assert not User.objects.exists()
