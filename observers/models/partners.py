"""Of partners: the key of their pseudonyms, and the log of what was read in their name."""

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from observers.models.people import ApiToken, Organisation
from observers.querysets import PartnerAccessQuerySet

KEY_BYTES = 32


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


class PartnerKey(models.Model):
    """Secret of one partner's pseudonyms: an organisation, or a person who reads for none.

    Random, and not made from the secret of the installation, which may be changed; a pseudonym
    may not. Shown to nobody, the partner included: whoever has it can try out every team.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.OneToOneField(
        Organisation, null=True, on_delete=models.PROTECT, related_name="+"
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    key = models.BinaryField(default=new_key)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="partner_key_of_one",
                condition=Q(organisation=None, user__isnull=False)
                | Q(organisation__isnull=False, user=None),
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class PartnerAccess(models.Model):
    """One answer to a partner: who asked for what, and how many rows it had; not the rows.

    Written before the first byte leaves; a trigger keeps it as it was written.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="partner_accesses",
        verbose_name=_("account"),
    )
    token = models.ForeignKey(
        ApiToken, on_delete=models.PROTECT, related_name="accesses", verbose_name=_("API token")
    )
    prefix = models.CharField(_("prefix"), max_length=8)
    resource = models.CharField(_("resource"), max_length=60)
    format = models.CharField(_("format"), max_length=8)
    filters = models.JSONField(_("filters"), default=dict)
    rows = models.PositiveIntegerField(_("rows"))
    data_version = models.PositiveBigIntegerField(_("data version"))

    objects = PartnerAccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("partner access")
        verbose_name_plural = _("partner accesses")
        ordering = ["-at", "id"]
        indexes = [models.Index(fields=["user", "-at", "id"], name="partner_access_own")]

    def __str__(self) -> str:
        return f"{self.prefix} {self.resource}"
