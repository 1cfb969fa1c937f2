import hashlib
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import RequestFactory
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from observers import tokens
from observers.authentication import TokenAuthentication
from observers.models import ApiToken
from observers.tokens import Scope
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def made():
    return tokens.create(UserFactory(), name="for a test", scopes=[Scope.PUBLISHED_READ])


def test_a_token_is_found_by_its_text_and_kept_as_a_digest(made):
    token, text = made
    assert tokens.find(text) == token
    prefix, secret = text.removeprefix("dauys_").split("_")
    stored = ApiToken.objects.values().get()
    assert stored["prefix"] == prefix
    assert stored["secret_hash"] == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in str(stored)
    assert timedelta(days=89) < token.expires_at - timezone.now() <= timedelta(days=90)


def test_a_wrong_text_finds_nothing(made):
    _token, text = made
    wrong = [text[:-1] + ("a" if text[-1] != "a" else "b"), text + "a", text[:-1], text.upper()]
    other_prefix = text.replace(text[6:14], "00000000")
    for attempt in [*wrong, other_prefix, "", "dauys_", "dauys__", "x" * 100_000, "dauys_\0_é"]:
        assert tokens.find(attempt) is None


def test_an_expired_token_finds_nothing(made):
    token, text = made
    with time_machine.travel(token.expires_at, tick=False):
        assert tokens.find(text) is None
    with time_machine.travel(token.expires_at - timedelta(seconds=1), tick=False):
        assert tokens.find(text) == token


def test_a_revoked_token_finds_nothing_at_once(made):
    token, text = made
    tokens.revoke(token)
    first = token.revoked_at
    assert first is not None
    assert tokens.find(text) is None
    tokens.revoke(token)
    assert token.revoked_at == first


def test_the_token_of_a_closed_account_finds_nothing(made):
    token, text = made
    token.user.is_active = False
    token.user.save()
    assert tokens.find(text) is None


def test_use_is_noted_at_most_once_a_minute(made, django_assert_num_queries):
    token, text = made
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        tokens.find(text)
    with time_machine.travel(start + timedelta(seconds=59), tick=False):
        with django_assert_num_queries(1):
            tokens.find(text)
        token.refresh_from_db()
        assert token.last_used_at == start
    with time_machine.travel(start + timedelta(seconds=60), tick=False):
        tokens.find(text)
        token.refresh_from_db()
        assert token.last_used_at == start + timedelta(seconds=60)


def test_scopes_are_a_closed_list():
    user = UserFactory()
    token, _text = tokens.create(user, name="two", scopes=["desk", "reports:write", "desk"])
    assert token.scopes == ["desk", "reports:write"]
    assert token.has_scope(Scope.DESK)
    assert not token.has_scope(Scope.PUBLISHED_READ)
    for scopes in (["admin"], [], [""]):
        with pytest.raises(ValueError, match=r".+"):
            tokens.create(user, name="bad", scopes=scopes)


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_token_lives_neither_backwards_nor_for_ever(days):
    with pytest.raises(ValueError, match="lives"):
        tokens.create(UserFactory(), name="x", scopes=["desk"], expires_in=timedelta(days=days))


def authenticate(**headers):
    request = RequestFactory().get("/api/v1/", **headers)
    return TokenAuthentication().authenticate(Request(request))


def test_the_header_signs_in(made):
    token, text = made
    assert authenticate(HTTP_AUTHORIZATION=f"Bearer {text}") == (token.user, token)
    assert authenticate(HTTP_AUTHORIZATION=f"bearer  {text} ") == (token.user, token)


def test_other_schemes_and_no_header_are_left_to_others():
    assert authenticate() is None
    assert authenticate(HTTP_AUTHORIZATION="Basic YTpi") is None


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Bearer é", "Bearer a b", "Bearer dauys_"])
def test_a_bearer_that_is_no_token_is_refused(value):
    with pytest.raises(AuthenticationFailed):
        authenticate(HTTP_AUTHORIZATION=value)


def test_a_token_in_the_address_is_no_token(made):
    _token, text = made
    request = RequestFactory().get(f"/api/v1/?token={text}&access_token={text}")
    assert TokenAuthentication().authenticate(Request(request)) is None


def run(*arguments):
    out = StringIO()
    call_command("create_token", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_the_token_and_nothing_else():
    user = UserFactory(username="ngo")
    printed = run("NGO", "--scope", "published:read", "--scope", "desk", "--days", "7")
    assert printed.count("\n") == 1
    token = tokens.find(printed.strip())
    assert token.user == user
    assert token.scopes == ["desk", "published:read"]
    assert token.expires_at <= timezone.now() + timedelta(days=7)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody", "--scope", "desk"], "no active account"),
        (["closed", "--scope", "desk"], "no active account"),
        (["ngo", "--scope", "everything"], "published:read, reports:write, desk"),
        (["ngo"], "published:read, reports:write, desk"),
        (["ngo", "--scope", "desk", "--days", "0"], "from 1 to 366"),
        (["ngo", "--scope", "desk", "--days", "367"], "from 1 to 366"),
    ],
)
def test_the_command_says_what_is_wrong(arguments, said):
    UserFactory(username="ngo")
    UserFactory(username="closed", is_active=False)
    with pytest.raises(CommandError, match=said):
        run(*arguments)
    assert not ApiToken.objects.exists()
