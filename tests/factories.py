"""Small makers of rows. Append your own; a test names only what it is about."""

import datetime as dt

import factory
from factory.django import DjangoModelFactory

PASSWORD = "four plain words here"


# --- elections ----------------------------------------------------------------------------
class RegionSetFactory(DjangoModelFactory):
    class Meta:
        model = "elections.RegionSet"
        django_get_or_create = ["slug"]

    slug = "KZ-2018"
    country = "KZ"
    valid_from = dt.date(2018, 6, 19)
    name_en = "Kazakhstan, 2018 to 2022"


class RegionFactory(DjangoModelFactory):
    class Meta:
        model = "elections.Region"

    region_set = factory.SubFactory(RegionSetFactory)
    kind = "region"
    code = factory.Sequence(lambda n: f"KZ-{n:03}")
    name_en = factory.LazyAttribute(lambda region: f"Region {region.code}")
    time_zone = "Asia/Almaty"


class ElectionFactory(DjangoModelFactory):
    class Meta:
        model = "elections.Election"

    slug = factory.Sequence(lambda n: f"kz-election-{n}")
    ref_prefix = factory.Sequence(lambda n: f"KZ{n}")
    country = "KZ"
    region_set = factory.SubFactory(RegionSetFactory)
    kind = "parliamentary"
    name_en = factory.LazyAttribute(lambda election: f"Election {election.slug}")
    time_zone = "Asia/Almaty"


class StationFactory(DjangoModelFactory):
    """In a region of the election's own set."""

    class Meta:
        model = "elections.Station"

    election = factory.SubFactory(ElectionFactory)
    region = factory.SubFactory(
        RegionFactory, region_set=factory.SelfAttribute("..election.region_set")
    )
    commission = factory.LazyAttribute(lambda station: station.region.code)
    number = factory.Sequence(str)


# --- observers ----------------------------------------------------------------------------
class UserFactory(DjangoModelFactory):
    class Meta:
        model = "observers.User"
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person-{n}")
    password = factory.django.Password(PASSWORD)


class OrganisationFactory(DjangoModelFactory):
    class Meta:
        model = "observers.Organisation"

    slug = factory.Sequence(lambda n: f"organisation-{n}")
    name_en = factory.LazyAttribute(lambda organisation: organisation.slug.capitalize())


class TeamFactory(DjangoModelFactory):
    class Meta:
        model = "observers.Team"

    organisation = factory.SubFactory(OrganisationFactory)
    name = factory.Sequence(lambda n: f"Team {n}")


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = "observers.Membership"
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory)
    election = factory.SubFactory(ElectionFactory)
    role = "observer"

    @factory.post_generation
    def regions(self, create, extracted, **kwargs):
        if create and extracted:
            self.regions.set(extracted)


def member(role, election=None, *, user=None, **membership):
    """An account with this role: `member("coordinator", election, regions=[almaty])`."""
    kwargs = {"role": role, **membership}
    if election is not None:
        kwargs["election"] = election
    if user is not None:
        kwargs["user"] = user
    return MembershipFactory(**kwargs).user
