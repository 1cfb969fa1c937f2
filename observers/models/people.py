"""Who observes: people, the organisations and teams they belong to, what they may do and where."""

import uuid
from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from elections.models import Election, Region, Station
from elections.naming import Named
from observers.querysets import (
    ApiTokenQuerySet,
    MembershipQuerySet,
    OrganisationQuerySet,
    TeamQuerySet,
    UserQuerySet,
)
from observers.roles import Role, has_role


class Language(models.TextChoices):
    ENGLISH = "en", "English"
    RUSSIAN = "ru", "Русский"
    KAZAKH = "kk", "Қазақша"


class Users(UserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    use_in_migrations = False


class User(AbstractUser):
    """An account. No public page ever names one.

    `person` is shared by all accounts of one human, so that "four eyes" counts people.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.UUIDField(
        _("person"),
        default=uuid.uuid4,
        db_index=True,
        help_text=_("Give all accounts of one human the same value: two eyes are not four."),
    )
    language = models.CharField(
        _("language"), max_length=2, choices=Language.choices, default=Language.ENGLISH
    )
    # The desk's lock; see observers.revoking. `locked_at` stays when it is opened again: what
    # was signed in before that moment is over for ever. `locked_by` says that it is locked now.
    locked_at = models.DateTimeField(_("locked"), null=True, blank=True, editable=False)
    locked_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="+", null=True, blank=True, editable=False
    )

    # The token this request came with, when it came with one: what it is limited to narrows
    # every right of the person. Set by `observers.authentication`, asked by `observers.roles`.
    asked_with: "ApiToken | None" = None

    objects: ClassVar[Users] = Users()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            # Sign-in ignores case; "anna" beside "Anna" would be an ambiguous name.
            models.UniqueConstraint(
                Lower("username"),
                name="user_username_any_case",
                violation_error_message=_("This username is taken. Choose another one."),
            )
        ]

    # A session lives as long as the hash it was begun with: one column ends all sessions of a
    # person at once, however many there are of others.
    def get_session_auth_hash(self) -> str:
        return self._since_the_lock(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        return map(self._since_the_lock, super().get_session_auth_fallback_hash())

    def _since_the_lock(self, digest: str) -> str:
        return f"{digest}.{self.locked_at.timestamp()}" if self.locked_at else digest

    # Django's permissions are asked by the admin site only, and there the role decides: flags
    # and permission tables open nothing, and nothing opens what happened.
    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.has_module_perms(perm.partition(".")[0])

    def has_perms(self, perm_list: Any, obj: Any = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return app_label in {"elections", "observers"} and self._administers

    @cached_property
    def _administers(self) -> bool:
        return has_role(self, Role.ADMIN)


class Organisation(Named):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(_("short name"), max_length=60, unique=True)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["slug"]


class Team(models.Model):
    """Observers who go together: what they report is one source, not two."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="teams",
        verbose_name=_("organisation"),
    )
    name = models.CharField(_("name"), max_length=100)

    objects = TeamQuerySet.as_manager()

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["organisation", "name"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name"], name="team_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One role of one person in one election; without regions it covers the whole of it.

    Only an administrator may have no election: somebody has to make the first one.
    """

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("account")
    )
    election = models.ForeignKey(
        Election,
        on_delete=models.PROTECT,
        related_name="memberships",
        null=True,
        blank=True,
        verbose_name=_("election"),
        help_text=_("Empty for an administrator of all elections, and for nobody else."),
    )
    role = models.CharField(_("role"), max_length=12, choices=Role.choices)
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="memberships",
        null=True,
        blank=True,
        verbose_name=_("organisation"),
    )
    team = models.ForeignKey(
        Team,
        on_delete=models.PROTECT,
        related_name="memberships",
        null=True,
        blank=True,
        verbose_name=_("team"),
    )
    regions = models.ManyToManyField(
        Region,
        blank=True,
        related_name="memberships",
        verbose_name=_("regions"),
        help_text=_("Leave empty for the whole election."),
    )
    stations = models.ManyToManyField(
        Station,
        blank=True,
        related_name="memberships",
        verbose_name=_("polling stations"),
        help_text=_("Where this person is sent: their phone shows these first."),
    )
    starts = models.DateTimeField(_("starts"), null=True, blank=True)
    ends = models.DateTimeField(_("ends"), null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["election", "role", "pk"]
        indexes = [models.Index(fields=["user", "role"], name="membership_user_role")]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts=None) | Q(ends=None) | Q(ends__gt=F("starts")),
                name="membership_ends_after_start",
                violation_error_message=_("The end must come after the start."),
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="membership_role_known"
            ),
            models.CheckConstraint(
                condition=Q(election__isnull=False) | Q(role=Role.ADMIN),
                name="membership_names_its_election",
                violation_error_message=_("Choose the election this role is for."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"

    def clean(self) -> None:
        if self.team is None:
            return
        if self.organisation_id and self.organisation_id != self.team.organisation_id:
            raise ValidationError(
                {"team": _("This team belongs to another organisation. Choose one of its teams.")}
            )


class ApiToken(models.Model):
    """Made and found by `observers.tokens` only. The secret itself is kept nowhere."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="tokens", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("prefix"), max_length=8, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    # That there is a limit is kept apart from what it is: a token whose last election was deleted
    # opens nothing, and one without limits costs no question.
    by_election = models.BooleanField(default=False, editable=False)
    by_region = models.BooleanField(default=False, editable=False)
    elections = models.ManyToManyField(
        Election,
        blank=True,
        related_name="+",
        verbose_name=_("elections"),
        help_text=_("Leave empty for all elections of this person."),
    )
    regions = models.ManyToManyField(
        Region,
        blank=True,
        related_name="+",
        verbose_name=_("regions"),
        help_text=_("With what lies below them. Leave empty for all."),
    )

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    def has_scope(self, scope: str) -> bool:
        return scope in self.scopes

    @cached_property
    def only_elections(self) -> frozenset[int] | None:
        """None: not limited."""
        if not self.by_election:
            return None
        return frozenset(self.elections.order_by().values_list("pk", flat=True))

    @cached_property
    def only_regions(self) -> frozenset[int] | None:
        """Those named, whose subtrees it reads. None: not limited."""
        if not self.by_region:
            return None
        return frozenset(self.regions.order_by().values_list("pk", flat=True))
