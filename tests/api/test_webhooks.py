"""Webhooks by API and by page: the same verbs, a secret shown once, nothing of other people's."""

import json
import uuid

import pytest
from django.test import Client

from incidents import webhooks
from incidents.models import Delivery, Subscription
from observers import tokens
from tests.contracts.stage import build_stage
from tests.receivers import receiver

pytestmark = pytest.mark.django_db
HOOKS = "/api/v1/webhooks/"
PAGE = "/account/webhooks/"
GOOD = "https://partner.example/hook"


@pytest.fixture
def stage():
    return build_stage("keeping")


@pytest.fixture
def api(stage):
    text = tokens.create(stage.people["partner"], name="t", scopes=["webhooks"])[1]
    return Client(headers={"Authorization": f"Bearer {text}"})


@pytest.fixture
def browser(stage):
    client = Client()
    client.force_login(stage.people["partner"])
    return client


def send(client, path, status, method="post", **body):
    answer = getattr(client, method)(HOOKS + path, body, content_type="application/json")
    assert answer.status_code == status, answer.content
    assert answer["Cache-Control"] == "no-store"
    return answer.json()


def test_a_webhook_from_first_to_last(stage, api, settings):
    settings.WEBHOOKS_MAY_CALL_HERE = True
    stage.publish()
    with receiver() as hook:
        made = send(
            api, "", 201, url=hook.url, name="Ours", election="keeping", categories=["ACC"]
        )
        assert made["secret"].startswith("whsec_")
        assert (made["since"], made["election"], made["categories"]) == (1, "keeping", ["ACC"])
        one = f"{made['id']}/"
        seen = api.get(HOOKS + one).json()
        assert seen == {name: value for name, value in made.items() if name != "secret"}
        assert api.get(HOOKS).json()["results"] == [seen]
        stage.publish()
        test = send(api, f"{one}test/", 202)
        assert (test["seq"], test["waiting"]) == (None, True)
        assert webhooks.tell() == 2
        log = api.get(f"{HOOKS}{one}deliveries/").json()["results"]
        assert {(row["seq"], row["last_status"], row["attempts"]) for row in log} == {
            (None, 200, 1),
            (2, 200, 1),
        }
        assert {row["id"] for row in log} == set(hook.ids)
        sent = next(row["id"] for row in log if row["seq"])
        again = send(api, f"{one}deliveries/{sent}/redeliver/", 202)
        assert (again["waiting"], again["id"]) == (True, sent)
        send(api, f"{one}deliveries/{test['id']}/redeliver/", 409)
        assert webhooks.tell() == 1
        assert hook.ids.count(sent) == 2
    assert send(api, f"{one}pause/", 200)["paused_why"] == "owner"
    assert send(api, f"{one}resume/", 200)["paused_at"] is None
    rotated = send(api, f"{one}rotate/", 200)
    assert rotated["secret"] != made["secret"]
    assert rotated["previous_secret_until"]
    assert send(api, one, 200, "delete") == {"id": made["id"], "deleted": True}
    assert api.get(HOOKS + one).status_code == 404
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {}, [], None, 7, "x", {"url": 7}, {"url": None}, {"url": [GOOD]}, {"url": ""},
        {"url": GOOD, "secret": "mine"}, {"url": GOOD, "nmae": "x"}, {"url": "http://a.example/"},
        {"url": "https://127.0.0.1/"}, {"url": "https://[::1]/"}, {"url": "\0"},
        {"url": GOOD + "x" * 500}, {"url": GOOD, "name": "x" * 101}, {"url": GOOD, "name": 7},
        {"url": GOOD, "election": "nowhere"}, {"url": GOOD, "election": 7},
        {"url": GOOD, "election": "\0"}, {"url": GOOD, "election": "x" * 61},
        {"url": GOOD, "categories": "DET"}, {"url": GOOD, "categories": ["XXX"]},
        {"url": GOOD, "categories": [7]}, {"url": GOOD, "categories": ["DET"] * 101},
        {"url": GOOD, "categories": {"a": 1}}, {"url": GOOD, "categories": [None]},
    ],
)  # fmt: skip
def test_what_cannot_be_a_webhook_is_refused_and_named(stage, api, body):
    answer = api.post(HOOKS, json.dumps(body), content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"]
    assert Subscription.objects.count() == 0


@pytest.mark.parametrize("raw", [b'{"url": "\\ud800"}', b"\xff", b"{", b'{"url":"a","url":"b"}'])
def test_what_is_no_json_is_refused(api, raw):
    assert api.post(HOOKS, raw, content_type="application/json").status_code == 400


def test_a_verb_takes_nothing_but_its_name(stage, api):
    for verb in ("rotate", "pause", "resume", "test"):
        send(api, f"{stage.webhook.pk}/{verb}/", 400, secret="mine")
        answer = api.post(f"{HOOKS}{stage.webhook.pk}/{verb}/?now=1")
        assert answer.status_code == 400
        bare = api.generic("POST", f"{HOOKS}{stage.webhook.pk}/{verb}/")  # as curl -X POST does
        assert bare.status_code in (200, 202)


def test_a_delivery_is_found_under_its_own_webhook_only(stage, api):
    mine = stage.webhook
    other, _secret = webhooks.subscribe(by=stage.people["partner"], url=GOOD)
    stage.publish()
    assert webhooks.fill() == 2
    row = Delivery.objects.get(subscription=mine)
    send(api, f"{other.pk}/deliveries/{row.pk}/redeliver/", 404)
    send(api, f"{other.pk}/deliveries/{uuid.uuid4()}/redeliver/", 404)


def test_the_twenty_first_is_refused(stage, api, browser):
    for _ in range(webhooks.MOST):
        send(api, "", 201, url=GOOD)
    assert "20" in send(api, "", 409, url=GOOD)["detail"]
    answer = browser.post(PAGE, {"url": GOOD})
    assert answer.status_code == 400
    assert "20" in answer.content.decode()


def test_a_session_without_its_csrf_token_makes_none(stage):
    client = Client(enforce_csrf_checks=True)
    client.force_login(stage.people["partner"])
    for path in (HOOKS, PAGE, f"{PAGE}{stage.webhook.pk}/delete/"):
        answer = client.post(path, {"url": GOOD}, content_type="application/json")
        assert answer.status_code == 403, path
    assert Subscription.objects.count() == 1


def test_the_pages_do_the_same(stage, browser, settings):
    settings.WEBHOOKS_MAY_CALL_HERE = True
    assert "You have no webhook yet" in browser.get(PAGE).content.decode()
    with receiver() as hook:
        said = {"url": hook.url, "name": "Ours", "election": "keeping", "categories": ["ACC"]}
        shown = browser.post(PAGE, said)
        made = Subscription.objects.get()
        assert (made.categories, made.election) == (["ACC"], stage.election)
        assert shown["Cache-Control"] == "no-store"
        assert "whsec_" in shown.content.decode()
        one = f"{PAGE}{made.pk}/"
        assert "whsec_" not in browser.get(one).content.decode()
        publication = stage.publish()
        hook.answers[:] = [200, 503]
        assert browser.post(f"{one}test/")["Location"] == one
        webhooks.tell()
        page = browser.get(one).content.decode()
        assert publication.ref in page
        assert "(503)" in page
        assert "The receiver takes no messages." in page
        assert "Fails" in browser.get(PAGE).content.decode()
        browser.post(f"{one}resume/")
        webhooks.tell()
        row = Delivery.objects.get(change__isnull=False)
        assert not row.waiting
        assert browser.post(f"{one}deliveries/{row.pk}/").status_code == 303
        webhooks.tell()
        assert hook.ids.count(str(row.pk)) == 3
    test = Delivery.objects.get(change=None)
    answer = browser.post(f"{one}deliveries/{test.pk}/", follow=True)
    assert "A test is not sent again" in answer.content.decode()
    browser.post(f"{one}pause/")
    assert "Paused by its owner" in browser.get(PAGE).content.decode()
    assert "whsec_" in browser.post(f"{one}rotate/").content.decode()
    assert browser.post(f"{one}nonsense/").status_code == 404
    browser.post(f"{one}delete/")
    assert browser.get(one).status_code == 404


@pytest.mark.parametrize(
    "said",
    [
        {}, {"url": ""}, {"url": "x"}, {"url": "http://a.example/"}, {"url": "https://10.0.0.1/"},
        {"url": "\0"}, {"url": GOOD + "x" * 600}, {"url": GOOD, "name": "x" * 101},
        {"url": GOOD, "name": "\0"}, {"url": GOOD, "election": "nowhere"},
        {"url": GOOD, "categories": ["XXX"]}, {"url": GOOD, "categories": ["\0"]},
    ],
)  # fmt: skip
def test_a_form_that_is_wrong_says_where(stage, browser, said):
    answer = browser.post(PAGE, said)
    assert answer.status_code == 400
    assert "has-error" in answer.content.decode()
    assert Subscription.objects.count() == 0


def test_the_log_is_walked_page_by_page(stage, browser, monkeypatch):
    from incidents.views import webhooks as page

    monkeypatch.setattr(page, "ROWS", 2)
    hook = stage.webhook
    for _ in range(5):
        Delivery.objects.create(subscription=hook, waiting=False)
    path, rows = f"{PAGE}{hook.pk}/", 0
    while path:
        answer = browser.get(path)
        rows += len(answer.context["deliveries"])
        path = answer.context["next_url"]
    assert rows == 5
    assert browser.get(f"{PAGE}{hook.pk}/?cursor=nonsense").status_code == 302


def test_in_each_language_of_the_house(stage, browser):
    for language in ("ru", "kk"):
        browser.post("/language/", {"language": language})
        assert browser.get(PAGE).status_code == 200
        assert browser.get(f"{PAGE}{stage.webhook.pk}/").status_code == 200
