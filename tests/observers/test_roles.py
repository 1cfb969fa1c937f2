from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from observers import roles
from observers.models import ApiToken, Device, Membership, Organisation, Team, User
from observers.roles import Role
from tests.factories import (
    ElectionFactory,
    MembershipFactory,
    OrganisationFactory,
    RegionFactory,
    RegionSetFactory,
    TeamFactory,
    UserFactory,
    member,
)

pytestmark = pytest.mark.django_db


def test_superuser_and_staff_open_nothing():
    user = UserFactory(is_superuser=True, is_staff=True)
    election = ElectionFactory()
    assert roles.roles(user, election) == frozenset()
    assert not any(roles.has_role(user, role) for role in Role)
    assert not user.has_perm("observers.change_user")
    assert not user.has_perms(["elections.view_election"])
    assert not user.has_module_perms("observers")
    assert not user.get_all_permissions() or not user.has_perm("incidents.view_report")


def test_the_admin_role_keeps_accounts_and_reference_data_and_nothing_else():
    user = member(Role.ADMIN)
    assert user.has_perm("observers.change_user")
    assert user.has_perm("elections.add_region")
    assert not user.has_perm("incidents.view_report")
    assert not user.has_module_perms("incidents")


def test_a_role_counts_in_its_election_only():
    here, elsewhere = ElectionFactory(), ElectionFactory()
    user = member(Role.EDITOR, here)
    assert roles.roles(user, here) == {Role.EDITOR}
    assert roles.roles(user, elsewhere) == frozenset()
    assert roles.has_role(user, Role.EDITOR)
    assert not roles.has_role(user, Role.EDITOR, elsewhere)


@pytest.mark.parametrize(
    ("starts", "ends", "counts"),
    [
        (None, None, True),
        (-1, None, True),
        (None, 1, True),
        (-1, 1, True),
        (1, None, False),
        (None, -1, False),
        (-2, -1, False),
        (1, 2, False),
    ],
)
def test_a_membership_counts_from_its_start_to_its_end(starts, ends, counts):
    def moment(hours):
        return None if hours is None else timezone.now() + timedelta(hours=hours)

    election = ElectionFactory()
    user = member(Role.COORDINATOR, election, starts=moment(starts), ends=moment(ends))
    assert roles.has_role(user, Role.COORDINATOR, election) is counts


def test_the_end_itself_is_outside():
    now = timezone.now()
    user = member(Role.EDITOR, starts=now - timedelta(hours=1), ends=now)
    assert not roles.memberships(user, at=now).exists()
    assert roles.memberships(user, at=now - timedelta(hours=1)).exists()


def test_anonymous_and_inactive_people_have_no_roles():
    closed = member(Role.ADMIN)
    closed.is_active = False
    closed.save()
    for person in (AnonymousUser(), closed):
        assert not roles.memberships(person).exists()
        assert not roles.has_role(person, Role.ADMIN)


def test_a_role_limited_to_regions_covers_them_and_what_lies_below():
    country = RegionFactory(code="KZ", kind="country")
    almaty = RegionFactory(code="KZ-ALA", parent=country)
    bostandyk = RegionFactory(code="KZ-ALA-B", parent=almaty)
    almaty_region = RegionFactory(code="KZ-ALM", parent=country)
    other_day = RegionFactory(
        code="KZ-ALA", region_set=RegionSetFactory(slug="KZ-2022", name_en="Later")
    )
    election = ElectionFactory()
    user = member(Role.COORDINATOR, election, regions=[almaty])

    def covered(region):
        return roles.has_role(user, Role.COORDINATOR, election, region=region)

    assert [covered(r) for r in (almaty, bostandyk)] == [True, True]
    assert [covered(r) for r in (country, almaty_region, other_day)] == [False] * 3
    whole = member(Role.COORDINATOR, election)
    assert roles.has_role(whole, Role.COORDINATOR, election, region=almaty_region)


def test_teams_are_those_of_active_memberships():
    election = ElectionFactory()
    team, former = TeamFactory(), TeamFactory()
    user = member(Role.OBSERVER, election, team=team)
    member(Role.OBSERVER, election, user=user, team=former, ends=timezone.now())
    assert list(roles.teams(user, election)) == [team]


def test_nobody_is_seen_without_signing_in():
    MembershipFactory(team=TeamFactory(), organisation=OrganisationFactory())
    for model in (User, Organisation, Team, Membership, Device, ApiToken):
        assert not model.objects.visible_to(AnonymousUser()).exists()


def test_everybody_sees_himself_and_no_stranger():
    me = member(Role.OBSERVER)
    member(Role.OBSERVER)
    assert list(User.objects.visible_to(me)) == [me]
    assert [m.user for m in Membership.objects.visible_to(me)] == [me]


def test_an_admin_sees_all_accounts_and_organisations():
    admin, other = member(Role.ADMIN), member(Role.OBSERVER, team=TeamFactory())
    assert set(User.objects.visible_to(admin)) == {admin, other}
    for model in (Organisation, Team, Membership):
        assert model.objects.visible_to(admin).count() == model.objects.count()


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.SECURITY])
def test_coordinators_and_security_see_the_people_of_their_election(role):
    election = ElectionFactory()
    me = member(role, election)
    team = TeamFactory()
    near = member(Role.OBSERVER, election, team=team, organisation=team.organisation)
    far = member(Role.OBSERVER, team=TeamFactory())
    seen = User.objects.visible_to(me)
    assert set(seen) == {me, near}
    assert far not in seen
    assert list(Team.objects.visible_to(me)) == [team]
    assert list(Organisation.objects.visible_to(me)) == [team.organisation]


def test_the_leader_of_one_team_sees_that_team():
    election, team = ElectionFactory(), TeamFactory()
    leader = member(Role.COORDINATOR, election, team=team)
    own = member(Role.OBSERVER, election, team=team)
    member(Role.OBSERVER, election, team=TeamFactory())
    assert set(User.objects.visible_to(leader)) == {leader, own}


def test_editors_and_observers_see_no_other_people():
    election = ElectionFactory()
    editor, observer = member(Role.EDITOR, election), member(Role.OBSERVER, election)
    for person in (editor, observer):
        assert list(User.objects.visible_to(person)) == [person]


def test_a_name_is_taken_in_any_case():
    UserFactory(username="Anna")
    with pytest.raises(ValidationError, match="taken"):
        User(username="anna", password="x").full_clean()
    with pytest.raises(IntegrityError):
        UserFactory(username="ANNA")


def test_an_end_before_the_start_is_refused():
    now = timezone.now()
    with pytest.raises(IntegrityError):
        MembershipFactory(starts=now, ends=now - timedelta(hours=1))


def test_only_an_administrator_stands_above_the_elections():
    admin = Membership.objects.create(user=UserFactory(), role=Role.ADMIN).user
    assert roles.has_role(admin, Role.ADMIN)
    assert roles.roles(admin, ElectionFactory()) == {Role.ADMIN}
    assert admin.has_perm("elections.add_election")
    with pytest.raises(IntegrityError):
        Membership.objects.create(user=UserFactory(), role=Role.EDITOR)


def test_a_team_of_another_organisation_is_refused():
    membership = Membership(
        user=UserFactory(),
        election=ElectionFactory(),
        role=Role.OBSERVER,
        organisation=OrganisationFactory(),
        team=TeamFactory(),
    )
    with pytest.raises(ValidationError, match="another organisation"):
        membership.full_clean()
