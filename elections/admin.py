"""Reference data, for the role that keeps it. A later figure is a new row, not a change."""

from typing import Any

from django.contrib import admin
from django.db.models import DateField, DateTimeField
from django.forms import ModelForm
from django.http import HttpRequest

from elections import models
from elections.regions import rebuild_tree
from elections.validating import validate_year

IN_OUR_TIME: Any = {field: {"validators": [validate_year]} for field in (DateField, DateTimeField)}


class RegionCodeInline(admin.TabularInline[models.RegionCode, models.Region]):
    model = models.RegionCode
    formfield_overrides = IN_OUR_TIME
    extra = 0


class PollDayInline(admin.TabularInline[models.PollDay, models.Election]):
    model = models.PollDay
    formfield_overrides = IN_OUR_TIME
    extra = 0
    raw_id_fields = ["region"]


class SeatBlockInline(admin.TabularInline[models.SeatBlock, models.Election]):
    model = models.SeatBlock
    formfield_overrides = IN_OUR_TIME
    extra = 0


@admin.register(models.RegionSet)
class RegionSetAdmin(admin.ModelAdmin[models.RegionSet]):
    formfield_overrides = IN_OUR_TIME
    list_display = ["slug", "name_en", "country", "valid_from", "valid_to"]


@admin.register(models.Region)
class RegionAdmin(admin.ModelAdmin[models.Region]):
    list_display = ["code", "name_en", "name_ru", "name_kk", "kind", "region_set"]
    list_filter = ["region_set", "kind"]
    search_fields = ["code", "search"]
    raw_id_fields = ["parent"]
    readonly_fields = ["level", "path"]
    inlines = [RegionCodeInline]

    def save_related(
        self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        # A new parent or code changes the paths of all regions below it.
        rebuild_tree(form.instance.region_set)


@admin.register(models.RegionSuccession)
class RegionSuccessionAdmin(admin.ModelAdmin[models.RegionSuccession]):
    list_display = ["predecessor", "successor", "share", "note"]
    list_select_related = ["predecessor", "successor"]
    raw_id_fields = ["predecessor", "successor"]


@admin.register(models.Election)
class ElectionAdmin(admin.ModelAdmin[models.Election]):
    formfield_overrides = IN_OUR_TIME
    list_display = ["slug", "name_en", "kind", "country", "is_rehearsal"]
    list_filter = ["kind", "is_rehearsal"]
    search_fields = ["slug", "name_en", "name_ru", "name_kk"]
    inlines = [PollDayInline, SeatBlockInline]


@admin.register(models.Station)
class StationAdmin(admin.ModelAdmin[models.Station]):
    list_display = ["commission", "number", "name_en", "region", "kind", "status"]
    list_filter = ["election", "kind", "status"]
    list_select_related = ["region"]
    search_fields = ["commission", "number", "search"]
    raw_id_fields = ["region", "successor"]


@admin.register(models.Contestant)
class ContestantAdmin(admin.ModelAdmin[models.Contestant]):
    list_display = ["name_en", "name_ru", "kind", "status", "election"]
    list_filter = ["election", "kind", "status"]


@admin.register(models.TurnoutFigure)
class TurnoutFigureAdmin(admin.ModelAdmin[models.TurnoutFigure]):
    formfield_overrides = IN_OUR_TIME
    list_display = ["election", "region", "percent", "qualifier", "stage", "issuer", "as_of"]
    list_filter = ["election", "stage"]
    list_select_related = ["election", "region"]
    raw_id_fields = ["region", "station"]


@admin.register(models.ResultFigure)
class ResultFigureAdmin(admin.ModelAdmin[models.ResultFigure]):
    formfield_overrides = IN_OUR_TIME
    list_display = ["contestant", "votes", "percent", "qualifier", "stage", "issuer"]
    list_filter = ["election", "stage"]
    list_select_related = ["contestant"]
    raw_id_fields = ["region", "station"]


@admin.register(models.Statement)
class StatementAdmin(admin.ModelAdmin[models.Statement]):
    formfield_overrides = IN_OUR_TIME
    list_display = ["issuer", "issuer_kind", "dated_on", "election"]
    list_filter = ["election", "issuer_kind"]
