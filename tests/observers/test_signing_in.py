import time

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.urls import NoReverseMatch, reverse

from observers.roles import Role
from tests.factories import PASSWORD, ElectionFactory, UserFactory, member

pytestmark = pytest.mark.django_db
MISMATCH = "This username and password do not match."


def sign_in(client, username, password=PASSWORD, **data):
    return client.post(reverse("account_login"), {"login": username, "password": password, **data})


@pytest.mark.parametrize(
    ("role", "door"),
    [
        (Role.OBSERVER, "/report/"),
        (Role.COORDINATOR, "/desk/"),
        (Role.EDITOR, "/desk/"),
        (Role.SECURITY, "/desk/"),
        (Role.ADMIN, "/admin/"),
        (Role.PARTNER, "/account/tokens/"),
    ],
)
def test_everybody_lands_where_his_work_begins(client, role, door):
    user = member(role)
    response = sign_in(client, user.username)
    assert (response.status_code, response["Location"]) == (302, door)
    assert client.get(reverse("home"))["Location"] == door


def test_the_desk_comes_before_the_phone(client):
    election = ElectionFactory()
    user = member(Role.OBSERVER, election)
    member(Role.COORDINATOR, election, user=user)
    assert sign_in(client, user.username)["Location"] == "/desk/"


def test_an_account_without_a_role_reads_what_is_public(client):
    assert sign_in(client, UserFactory().username)["Location"] == "/"


def test_the_name_is_known_in_any_case(client):
    UserFactory(username="Anna")
    assert sign_in(client, "aNNA").status_code == 302


def test_next_leads_on_inside_the_site_only(client):
    user = member(Role.OBSERVER)
    inside = sign_in(client, user.username, next="/report/mine/")
    assert inside["Location"] == "/report/mine/"
    client.logout()
    outside = sign_in(client, user.username, next="https://elsewhere.example/")
    assert outside["Location"] == "/report/"


def test_unknown_names_and_wrong_passwords_get_the_same_answer(client):
    UserFactory(username="known")
    pages = []
    for name in ("known", "unknown"):
        response = sign_in(client, name, "not the password")
        assert response.status_code == 200
        pages.append(response.content.decode().replace(f'value="{name}"', 'value=""'))
    assert MISMATCH in pages[0]
    strip = [line for line in pages[0].splitlines() if "csrfmiddlewaretoken" not in line]
    assert strip == [line for line in pages[1].splitlines() if "csrfmiddlewaretoken" not in line]


@override_settings(PASSWORD_HASHERS=["observers.passwords.Argon2Hasher"])
def test_an_unknown_name_costs_as_much_time_as_a_wrong_password(client):
    UserFactory(username="known", password=PASSWORD)
    user = get_user_model().objects.get()
    assert user.password.startswith("argon2$argon2id$v=19$m=47104,t=2,p=1$")
    spent = {"known": [], "unknown": []}
    for _round in range(3):
        for name, times in spent.items():
            start = time.perf_counter()
            sign_in(client, name, "not the password")
            times.append(time.perf_counter() - start)
    # Generous: a missing dummy hash would make it a tenth.
    assert min(spent["unknown"]) > 0.4 * min(spent["known"])


@override_settings(PASSWORD_HASHERS=["observers.passwords.Argon2Hasher"])
def test_the_hash_has_the_cost_it_should():
    encoded = make_password(PASSWORD)
    assert encoded.startswith("argon2$argon2id$v=19$m=47104,t=2,p=1$")


def test_a_sixth_guess_at_one_account_is_not_even_tried(client):
    user = UserFactory()
    for _guess in range(5):
        sign_in(client, user.username, "a guess")
    response = sign_in(client, user.username)
    assert response.status_code == 200
    assert "Wait five minutes" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_one_address_has_ten_wrong_guesses_a_minute_and_thirty_attempts(client):
    user = UserFactory()
    pages = [sign_in(client, f"name-{guess}", "a guess") for guess in range(10)]
    assert all(MISMATCH in page.content.decode() for page in pages)
    assert "Wait five minutes" in sign_in(client, user.username).content.decode()
    for _attempt in range(19):
        assert sign_in(client, user.username).status_code == 200
    refused = sign_in(client, user.username)
    assert refused.status_code == 429
    assert refused["Retry-After"] == "60"
    assert "Too many attempts" in refused.content.decode()
    assert client.get(reverse("account_login")).status_code == 200


def test_a_closed_account_cannot_sign_in_and_its_session_ends(client):
    user = member(Role.EDITOR)
    sign_in(client, user.username)
    assert client.get(reverse("home"))["Location"] == "/desk/"
    user.is_active = False
    user.save()
    assert client.get(reverse("home"))["Location"].startswith("/account/login/")
    again = sign_in(client, user.username)
    assert again["Location"] == reverse("account_inactive")
    assert "This account is closed" in client.get(again["Location"]).content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "signup/",
        "email/",
        "confirm-email/",
        "confirm-email/abc/",
        "password/reset/",
        "password/set/",
        "reauthenticate/",
        "login/code/confirm/",
        "3rdparty/",
    ],
)
def test_accounts_come_from_the_administrator_only(client, path):
    for signed_in in (False, True):
        if signed_in:
            client.force_login(UserFactory())
        assert client.get(f"/account/{path}").status_code == 404
        assert client.post(f"/account/{path}").status_code == 404


def test_no_route_for_signing_up_exists():
    for name in ("account_signup", "account_email", "account_reset_password"):
        with pytest.raises(NoReverseMatch):
            reverse(name)


def test_a_new_password_ends_all_sessions(client, django_user_model):
    from django.test import Client

    user = member(Role.OBSERVER)
    elsewhere = Client()
    for browser in (client, elsewhere):
        sign_in(browser, user.username)
    page = client.get(reverse("account_change_password"))
    assert "New password again" in page.content.decode()
    new = "five plain words right here"
    answer = client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
        follow=True,
    )
    assert "signed out everywhere" in answer.content.decode()
    for browser in (client, elsewhere):
        assert browser.get(reverse("home"))["Location"].startswith("/account/login/")
    assert sign_in(client, user.username, new)["Location"] == "/report/"


@pytest.mark.parametrize("password", ["short", "password1234"])
def test_a_weak_password_is_refused(client, password):
    user = UserFactory()
    client.force_login(user)
    answer = client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": password, "password2": password},
    )
    assert answer.status_code == 200
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_who_has_no_password_has_none_to_change(client):
    user = UserFactory()
    user.set_unusable_password()
    user.save()
    client.force_login(user)
    assert client.get(reverse("account_change_password")).status_code == 404


def test_signing_out_takes_a_click_and_ends_the_session(client):
    user = UserFactory()
    client.force_login(user)
    assert user.username in client.get(reverse("account_logout")).content.decode()
    assert "_auth_user_id" in client.session
    assert client.post(reverse("account_logout"))["Location"] == "/"
    assert "_auth_user_id" not in client.session


def test_the_session_changes_its_name_at_sign_in(client):
    client.get(reverse("account_login"))
    client.cookies["sessionid"] = "chosenbyanattacker00000000000000"
    user = UserFactory()
    sign_in(client, user.username)
    assert client.cookies["sessionid"].value != "chosenbyanattacker00000000000000"


def test_the_first_administrator_comes_from_the_command_line(client, capsys):
    call_command("create_account", "chief", role="admin")
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert sign_in(client, "chief", printed.strip())["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("Known", {"role": "admin"}, "taken|already exists"),
        ("a b", {"role": "admin"}, "valid username"),
        ("new", {"role": "king"}, "Valid roles: observer"),
        ("new", {"role": "admin", "election": "xx"}, "Known: kz"),
        ("new", {"role": "editor"}, "Known: kz"),
    ],
)
def test_the_command_that_makes_accounts_says_what_is_wrong(name, options, said):
    UserFactory(username="known")
    ElectionFactory(slug="kz")
    with pytest.raises(CommandError, match=said):
        call_command("create_account", name, **options)
    assert get_user_model().objects.count() == 1
