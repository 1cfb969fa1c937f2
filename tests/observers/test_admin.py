import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from elections.models import RegionSet
from observers import tokens
from observers.models import ApiToken, Device, Membership, Organisation, User
from observers.roles import Role
from tests.factories import (
    PASSWORD,
    ElectionFactory,
    OrganisationFactory,
    RegionFactory,
    RegionSetFactory,
    UserFactory,
    member,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief(client):
    user = member(Role.ADMIN)
    client.force_login(user)
    return user


def every_model_page():
    return [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")
        for model in admin.site._registry
        for page in ("changelist", "add")
    ]


def test_the_admin_knows_accounts_and_reference_data_only():
    assert {model._meta.app_label for model in admin.site._registry} == {"elections", "observers"}


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN])
def test_other_roles_are_refused_even_as_superusers(client, role):
    user = member(role)
    user.is_superuser = user.is_staff = True
    user.save()
    client.force_login(user)
    for page in [reverse("admin:index"), *every_model_page()]:
        answer = client.get(page, follow=True)
        assert answer.status_code == 403, page
        assert "Your role does not allow this" in answer.content.decode()


def test_strangers_go_to_the_sign_in_page(client):
    for page in [reverse("admin:index"), *every_model_page()]:
        answer = client.get(page, follow=True)
        assert answer.redirect_chain[-1][0].startswith("/account/login/?next=/admin/"), page
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/account/login/?next=/admin/"


def test_a_closed_account_is_out(client, chief):
    chief.is_active = False
    chief.save()
    assert client.get(reverse("admin:index")).status_code == 302


def test_an_admin_opens_every_page(client, chief):
    assert not chief.is_superuser
    assert not chief.is_staff
    assert client.get(reverse("admin:index")).status_code == 200
    for page in every_model_page():
        read_only = any(f"/{one}/add/" in page for one in ("device", "apitoken", "partneraccess"))
        assert client.get(page).status_code == (403 if read_only else 200), page


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1899-12-31"])
def test_days_no_clock_can_show_are_refused(client, chief, day):
    regions = {"slug": "odd", "name_en": "Odd", "country": "KZ", "valid_from": day}
    answer = client.post(reverse("admin:elections_regionset_add"), regions)
    assert "Give a year from 1900 to 2100." in answer.content.decode()
    role = {"role": "admin", "user": str(chief.pk), "ends_0": day, "ends_1": "12:00"}
    answer = client.post(reverse("admin:observers_membership_add"), role)
    assert answer.status_code in (200, 400)
    assert not RegionSet.objects.filter(slug="odd").exists()
    assert not Membership.objects.filter(ends__isnull=False).exists()


def test_a_number_no_column_holds_is_an_unreadable_request(client, chief):
    good = {"role": "observer", "user": str(chief.pk), "election": str(ElectionFactory().pk)}
    for bad in ({"regions": str(2**70)}, {"user": "x"}, {"user": str(2**70)}, {"election": "x"}):
        answer = client.post(reverse("admin:observers_membership_add"), good | bad)
        assert answer.status_code in (200, 400), bad
    assert Membership.objects.count() == 1
    for query in (f"id__in={2**70}", f"election__id__exact={2**70}", f"p={2**70}", "id__in=x"):
        answer = client.get(reverse("admin:observers_membership_changelist") + "?" + query)
        assert answer.status_code in (200, 302, 400), query


def test_an_admin_edits_an_organisation_and_it_is_noted(client, chief):
    organisation = OrganisationFactory(name_en="Old name")
    page = reverse("admin:observers_organisation_change", args=[organisation.pk])
    answer = client.post(
        page, {"name_en": "New name", "name_ru": "", "name_kk": "", "slug": organisation.slug}
    )
    assert answer.status_code == 302
    assert Organisation.objects.get().name_en == "New name"
    assert LogEntry.objects.get().user == chief


def test_the_sign_in_and_password_pages_are_the_products_own(client, chief):
    assert client.get(reverse("admin:login"))["Location"] == reverse("admin:index")
    assert client.get(reverse("admin:password_change"))["Location"] == "/account/password/"
    assert client.post(reverse("admin:logout"))["Location"] == "/account/logout/"
    assert "_auth_user_id" not in client.session


def test_an_account_is_made_closed_and_given_a_new_password(client, chief):
    add = {
        "username": "new",
        "language": "kk",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    assert client.post(reverse("admin:observers_user_add"), add).status_code == 302
    made = User.objects.get(username="new")
    assert made.language == "kk"
    password_page = reverse("admin:auth_user_password_change", args=[made.pk])
    new = "five other words right here"
    set_new = {"usable_password": "true", "password1": new, "password2": new}
    assert client.post(password_page, set_new).status_code == 302
    made.refresh_from_db()
    assert made.check_password(new)
    change = {
        "username": "new",
        "language": "kk",
        "person": str(made.person),
        "is_superuser": "on",
        "is_staff": "on",
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
    }
    page = reverse("admin:observers_user_change", args=[made.pk])
    assert client.post(page, change).status_code == 302
    made.refresh_from_db()
    assert not made.is_active
    assert not made.is_superuser
    assert not made.is_staff


def test_flags_and_permissions_are_not_offered(client, chief):
    page = reverse("admin:observers_user_change", args=[chief.pk])
    form = client.get(page).context["adminform"].form
    assert set(form.fields) == {"username", "password", "language", "is_active", "person"}
    assert client.post(reverse("admin:observers_user_delete", args=[chief.pk])).status_code == 403


def test_a_membership_takes_regions_of_its_own_election_only(client, chief):
    election = ElectionFactory()
    own = RegionFactory(region_set=election.region_set)
    strange = RegionFactory(region_set=RegionSetFactory(slug="KZ-2022", name_en="Later"))
    user = UserFactory()
    data = {"user": user.pk, "election": election.pk, "role": "coordinator"}
    page = reverse("admin:observers_membership_add")
    refused = client.post(page, data | {"regions": [strange.pk]})
    assert "Not a region of this election" in refused.content.decode()
    assert client.post(page, data | {"regions": [own.pk]}).status_code == 302
    assert list(Membership.objects.get(user=user).regions.all()) == [own]


def test_tokens_are_seen_without_their_secret_and_revoked(client, chief):
    token, text = tokens.create(UserFactory(), name="for an NGO", scopes=["desk"])
    listing = reverse("admin:observers_apitoken_changelist")
    detail = reverse("admin:observers_apitoken_change", args=[token.pk])
    for page in (listing, detail):
        shown = client.get(page).content.decode()
        assert token.prefix in shown
        assert token.secret_hash not in shown
        assert text not in shown
    assert client.post(detail, {"name": "changed", "scopes": "[]"}).status_code in (200, 302)
    token.refresh_from_db()
    assert (token.name, token.scopes) == ("for an NGO", ["desk"])
    client.post(listing, {"action": "revoke", "_selected_action": [token.pk]})
    assert tokens.find(text) is None
    assert ApiToken.objects.get().revoked_at


def test_devices_are_revoked_not_deleted(client, chief):
    device = Device.objects.create(user=UserFactory(), label="phone")
    listing = reverse("admin:observers_device_changelist")
    client.post(listing, {"action": "revoke", "_selected_action": [device.pk]})
    device.refresh_from_db()
    assert device.revoked_at
    delete = reverse("admin:observers_device_delete", args=[device.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
