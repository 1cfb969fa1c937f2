"""Accounts, organisations and roles. Passwords and tokens can be replaced, never read."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from elections.admin import IN_OUR_TIME
from observers import tokens
from observers.models import (
    ApiToken,
    Device,
    Membership,
    Organisation,
    PartnerAccess,
    Team,
    User,
)


class MembershipForm(forms.ModelForm[Membership]):
    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        election = values.get("election")
        strange = [
            region
            for region in values.get("regions") or []
            if election and region.region_set_id != election.region_set_id
        ]
        if strange:
            names = ", ".join(region.name for region in strange)
            self.add_error(
                "regions",
                _("Not a region of this election: %(names)s. Choose regions of its day.")
                % {"names": names},
            )
        return values


class MembershipInline(admin.TabularInline[Membership, User]):
    model = Membership
    formfield_overrides = IN_OUR_TIME
    form = MembershipForm
    extra = 0
    fields = ["election", "role", "organisation", "team", "regions", "starts", "ends"]
    autocomplete_fields = ["regions"]


@admin.register(User)
class AccountAdmin(UserAdmin[User]):
    """No flags, groups or permissions are offered: they would open nothing."""

    add_form = AdminUserCreationForm[User]
    fieldsets = (
        (None, {"fields": ["username", "password", "language", "is_active", "person"]}),
        (_("When"), {"fields": ["date_joined", "last_login"]}),
    )
    add_fieldsets = (
        (None, {"fields": ["username", "language", "usable_password", "password1", "password2"]}),
    )
    readonly_fields = ["date_joined", "last_login"]
    filter_horizontal = ()
    list_display = ["username", "language", "is_active", "last_login"]
    list_filter = ["is_active", "memberships__role", "memberships__election"]
    search_fields = ["username"]
    ordering = ["username"]
    inlines = [MembershipInline]

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Closed, not deleted: what an account did must keep its author."""
        return False

    def get_inline_instances(self, request: HttpRequest, obj: User | None = None) -> list[Any]:
        return super().get_inline_instances(request, obj) if obj else []


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin[Organisation]):
    list_display = ["slug", "name_en", "name_ru", "name_kk"]
    search_fields = ["slug", "name_en", "name_ru", "name_kk"]
    prepopulated_fields = {"slug": ["name_en"]}


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin[Team]):
    list_display = ["name", "organisation"]
    list_filter = ["organisation"]
    list_select_related = ["organisation"]
    search_fields = ["name"]


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin[Membership]):
    formfield_overrides = IN_OUR_TIME
    form = MembershipForm
    list_display = ["user", "role", "election", "organisation", "team", "starts", "ends"]
    list_filter = ["election", "role", "organisation"]
    list_select_related = ["user", "election", "organisation", "team"]
    search_fields = ["user__username"]
    autocomplete_fields = ["user", "team", "regions"]


@admin.register(Device)
class DeviceAdmin(admin.ModelAdmin[Device]):
    list_display = ["label", "user", "enrolled_at", "revoked_at"]
    list_select_related = ["user"]
    search_fields = ["label", "user__username"]
    fields = readonly_fields = ("user", "label", "enrolled_at", "revoked_at")
    actions = ["revoke"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Device | None = None) -> bool:
        return False

    @admin.action(description=_("Revoke the chosen devices"))
    def revoke(self, request: HttpRequest, chosen: QuerySet[Device]) -> None:
        count = chosen.filter(revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(request, _("Revoked: %(count)d.") % {"count": count})


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin[ApiToken]):
    """Made by people themselves or by `manage.py create_token`, and shown once, there."""

    list_display = ["name", "user", "prefix", "scopes", "expires_at", "last_used_at", "revoked_at"]
    list_select_related = ["user"]
    search_fields = ["name", "prefix", "user__username"]
    fields = readonly_fields = (
        "name",
        "user",
        "prefix",
        "scopes",
        "elections",
        "regions",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
    )
    actions = ["revoke"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    @admin.action(description=_("Revoke the chosen tokens"))
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiToken]) -> None:
        for token in chosen:
            tokens.revoke(token)
        self.message_user(request, _("Revoked: %(count)d.") % {"count": len(chosen)})


@admin.register(PartnerAccess)
class PartnerAccessAdmin(admin.ModelAdmin[PartnerAccess]):
    """A window and nothing more: the log is written by reading."""

    list_display = ["at", "user", "prefix", "resource", "format", "rows", "data_version"]
    list_select_related = ["user"]
    list_filter = ["resource", "format"]
    search_fields = ["prefix", "user__username"]
    fields = ("at", "user", "prefix", "resource", "format", "filters", "rows", "data_version")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: PartnerAccess | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: PartnerAccess | None = None
    ) -> bool:
        return False
