import pytest
from django.urls import reverse

from observers import tokens
from observers.models import Membership
from observers.roles import Role
from tests.factories import PASSWORD, RegionFactory, TeamFactory, UserFactory, member

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]
WATCH = """addEventListener('securitypolicyviolation', event =>
    console.error('policy:', event.violatedDirective, event.blockedURI, event.sourceFile))"""


def test_the_admin_works_under_the_policy_of_the_site(live_server, chromium):
    chief = member(Role.ADMIN)
    tokens.create(UserFactory(), name="a token", scopes=["desk"])
    RegionFactory()
    TeamFactory()
    membership = Membership.objects.get()
    page = chromium.new_page(locale="en")
    page.add_init_script(WATCH)
    errors = []
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))

    page.goto(live_server.url + reverse("admin:index"))
    page.get_by_label("Username").fill(chief.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/")
    for address in (
        reverse("admin:observers_user_changelist"),
        reverse("admin:observers_user_add"),
        reverse("admin:observers_user_change", args=[chief.pk]),
        reverse("admin:observers_apitoken_changelist"),
        reverse("admin:elections_election_add"),
        reverse("admin:observers_membership_change", args=[membership.pk]),
    ):
        page.goto(live_server.url + address)
        page.wait_for_load_state("networkidle")
    # The search for an account draws itself with script and asks the server.
    page.locator(".field-user .select2-selection").click()
    page.locator(".select2-results__option", has_text=chief.username).wait_for()
    page.close()
    assert errors == []
