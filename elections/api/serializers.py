"""What the API says about elections, regions and stations. Null is "not known", never zero.

Names and other texts in several languages hold only the languages in which they are known.
"""

from typing import Any, ClassVar, TypeVar

from django.db.models import Model
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from elections.models import (
    Contestant,
    Election,
    PollDay,
    Region,
    RegionCode,
    ResultFigure,
    SeatBlock,
    Statement,
    Station,
    TurnoutFigure,
)

M = TypeVar("M", bound=Model)


class Told(serializers.ModelSerializer[M]):
    """Only read: every field is in every answer, but those of `sometimes`."""

    sometimes: ClassVar[frozenset[str]] = frozenset()

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for name in fields.keys() - self.sometimes:
            fields[name].read_only = True
            # They are for input, and differ between databases, so the schema would, too.
            fields[name].validators = []
            if isinstance(fields[name], serializers.IntegerField):
                fields[name].min_value = fields[name].max_value = None
        return fields


class LanguagesField(serializers.DictField):
    """{"en": …, "ru": …, "kk": …}"""

    child = serializers.CharField()


class CodeField(serializers.SlugRelatedField):  # type: ignore[type-arg]
    """Another record, by its public name."""

    def __init__(self, slug_field: str = "code", **kwargs: Any) -> None:
        super().__init__(slug_field=slug_field, read_only=True, **kwargs)


class PollDaySerializer(Told[PollDay]):
    """Hours are local; a region given means that there they differ."""

    region = CodeField(allow_null=True)

    class Meta:
        model = PollDay
        fields = ["date", "opens", "closes", "region"]


class SeatBlockSerializer(Told[SeatBlock]):
    names = LanguagesField()

    class Meta:
        model = SeatBlock
        fields = ["names", "seats", "method", "elected_on"]


class ContestantSerializer(Told[Contestant]):
    names = LanguagesField()
    notes = LanguagesField()

    class Meta:
        model = Contestant
        fields = ["names", "kind", "status", "notes"]


class TurnoutSerializer(Told[TurnoutFigure]):
    """Neither region nor station means the whole election."""

    region = CodeField(allow_null=True)
    station = CodeField(allow_null=True)
    percent = serializers.FloatField(allow_null=True)
    remarks = LanguagesField()

    class Meta:
        model = TurnoutFigure
        fields = [
            "region",
            "station",
            "stage",
            "issuer",
            "as_of",
            "announced_on",
            "registered",
            "voted",
            "percent",
            "qualifier",
            "remarks",
            "source",
        ]


class ResultSerializer(Told[ResultFigure]):
    """Neither region nor station means the whole election."""

    contestant = LanguagesField(source="contestant.names")
    region = CodeField(allow_null=True)
    station = CodeField(allow_null=True)
    percent = serializers.FloatField(allow_null=True)

    class Meta:
        model = ResultFigure
        fields = [
            "contestant",
            "region",
            "station",
            "stage",
            "issuer",
            "as_of",
            "announced_on",
            "votes",
            "percent",
            "qualifier",
            "source",
        ]


class StatementSerializer(Told[Statement]):
    class Meta:
        model = Statement
        fields = ["issuer", "issuer_kind", "quote", "language", "dated_on", "source"]


class ElectionSerializer(Told[Election]):
    names = LanguagesField()
    chamber = LanguagesField(source="chambers")
    poll_days = PollDaySerializer(many=True)
    region_set = CodeField("slug")

    class Meta:
        model = Election
        fields = [
            "slug",
            "names",
            "country",
            "kind",
            "chamber",
            "poll_days",
            "time_zone",
            "region_set",
            "is_rehearsal",
            "licence",
        ]


class ElectionDetailSerializer(ElectionSerializer):
    """Figures of single stations are with the station."""

    system = LanguagesField(source="systems")
    threshold_percent = serializers.FloatField(allow_null=True)
    seat_blocks = SeatBlockSerializer(many=True)
    contestants = ContestantSerializer(many=True)
    turnout = TurnoutSerializer(many=True, source="turnout_figures")
    results = ResultSerializer(many=True, source="result_figures")
    statements = StatementSerializer(many=True)

    class Meta(ElectionSerializer.Meta):
        fields = [
            *ElectionSerializer.Meta.fields,
            "system",
            "threshold_percent",
            "seats_total",
            "seats_in_vote",
            "called_on",
            "seat_blocks",
            "contestants",
            "turnout",
            "results",
            "statements",
            "source",
        ]


class RegionCodeSerializer(Told[RegionCode]):
    class Meta:
        model = RegionCode
        fields = ["scheme", "code", "valid_from", "valid_to"]


class RegionSerializer(Told[Region]):
    """Longitude and latitude are where its name stands on a map."""

    region_set = CodeField("slug")
    parent = CodeField(allow_null=True)  # type: ignore[assignment]  # DRF takes fields out of the class
    names = LanguagesField()
    aliases = serializers.ListField(child=serializers.CharField())
    codes = RegionCodeSerializer(many=True)

    class Meta:
        model = Region
        fields = [
            "code",
            "region_set",
            "parent",
            "level",
            "kind",
            "names",
            "aliases",
            "codes",
            "time_zone",
            "longitude",
            "latitude",
        ]


@extend_schema_field({"type": "object", "description": "GeoJSON geometry (RFC 7946)"})
class GeometryField(serializers.JSONField):
    pass


class RegionShapeSerializer(RegionSerializer):
    """The boundary is there when it was asked for with `geometry`."""

    sometimes = frozenset({"boundary"})
    boundary = GeometryField(required=False, allow_null=True)

    class Meta(RegionSerializer.Meta):
        fields = [*RegionSerializer.Meta.fields, "boundary"]


class NeighbourSerializer(serializers.Serializer[Any]):
    """The region of another set that came before or after; share is that of the predecessor."""

    region_set = serializers.CharField()
    code = serializers.CharField()
    names = LanguagesField()
    share = serializers.FloatField(allow_null=True)
    note = serializers.CharField()


class RegionDetailSerializer(RegionShapeSerializer):
    children = serializers.SerializerMethodField()
    predecessors = serializers.SerializerMethodField()
    successors = serializers.SerializerMethodField()

    class Meta(RegionShapeSerializer.Meta):
        fields = [*RegionShapeSerializer.Meta.fields, "children", "predecessors", "successors"]

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_children(self, region: Region) -> list[str]:
        return sorted(child.code for child in region.children.all())

    @extend_schema_field(NeighbourSerializer(many=True))
    def get_predecessors(self, region: Region) -> list[dict[str, Any]]:
        origins = region.origins.select_related("predecessor__region_set")
        return [_neighbour(one.predecessor, one.share, one.note) for one in origins]

    @extend_schema_field(NeighbourSerializer(many=True))
    def get_successors(self, region: Region) -> list[dict[str, Any]]:
        successions = region.successions.select_related("successor__region_set")
        return [_neighbour(one.successor, one.share, one.note) for one in successions]


def _neighbour(region: Region, share: Any, note: str) -> dict[str, Any]:
    return {
        "region_set": region.region_set.slug,
        "code": region.code,
        "names": region.names,
        "share": None if share is None else float(share),
        "note": note,
    }


class StationSerializer(Told[Station]):
    election = CodeField("slug")
    region = CodeField()
    names = LanguagesField()
    groupings = serializers.DictField()
    successor = CodeField(allow_null=True)

    class Meta:
        model = Station
        fields = [
            "code",
            "election",
            "commission",
            "number",
            "region",
            "names",
            "kind",
            "status",
            "successor",
            "address",
            "venue",
            "country",
            "longitude",
            "latitude",
            "coordinates_quality",
            "registered_voters",
            "groupings",
        ]


class StationDetailSerializer(StationSerializer):
    turnout = TurnoutSerializer(many=True, source="turnoutfigures")
    results = ResultSerializer(many=True, source="resultfigures")

    class Meta(StationSerializer.Meta):
        fields = [*StationSerializer.Meta.fields, "turnout", "results"]
