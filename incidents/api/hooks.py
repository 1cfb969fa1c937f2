"""How webhooks look in the API, and what makes one. A secret is in two answers only."""

from typing import Any

from rest_framework import serializers

from incidents.api.own import StrictText
from incidents.api.serializers import StrictSerializer
from incidents.models import Delivery, Subscription
from incidents.posting import LONGEST_URL
from incidents.webhooks import LONGEST_NAME, MOST_CATEGORIES


class SubscriptionSerializer(serializers.ModelSerializer[Subscription]):
    election = serializers.SlugRelatedField[Any]("slug", read_only=True, allow_null=True)
    since = serializers.IntegerField(
        source="seen_seq",
        read_only=True,
        help_text="Number of the feed up to which changes were looked at for it.",
    )
    previous_secret_until = serializers.DateTimeField(source="previous_until", read_only=True)
    waiting = serializers.IntegerField(read_only=True, help_text="Messages not yet taken.")

    class Meta:
        model = Subscription
        fields = [
            "id",
            "name",
            "url",
            "election",
            "categories",
            "created_at",
            "since",
            "waiting",
            "failing_since",
            "paused_at",
            "paused_why",
            "previous_secret_until",
        ]
        read_only_fields = fields


class NewSubscriptionSerializer(SubscriptionSerializer):
    secret = serializers.CharField(read_only=True, help_text="Shown this once. Keep it safe.")

    class Meta(SubscriptionSerializer.Meta):
        fields = [*SubscriptionSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    id = serializers.UUIDField(read_only=True, help_text="The `webhook-id` of each attempt.")
    seq = serializers.IntegerField(
        source="change_id", read_only=True, help_text="Number of the change; null for a test."
    )
    ref = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = [
            "id",
            "seq",
            "ref",
            "made_at",
            "waiting",
            "attempts",
            "last_tried_at",
            "last_status",
            "last_problem",
            "next_try_at",
            "delivered_at",
        ]
        read_only_fields = fields

    def get_ref(self, delivery: Delivery) -> str | None:
        return delivery.change.publication.ref if delivery.change else None

    def to_representation(self, instance: Delivery) -> dict[str, Any]:
        told: dict[str, Any] = super().to_representation(instance)
        if not instance.waiting:
            told["next_try_at"] = None
        return told


class SubscriptionBodySerializer(StrictSerializer):
    """`election` and `categories` narrow it; a retraction is told whatever its category was."""

    url = StrictText(max_length=LONGEST_URL, help_text="https://… on the open internet.")
    name = StrictText(
        max_length=LONGEST_NAME, required=False, allow_blank=True, default="",
        help_text="What you call it.",
    )  # fmt: skip
    election = StrictText(
        max_length=60, required=False, allow_null=True, default=None, help_text="Its short name."
    )
    categories = serializers.ListField(
        child=StrictText(max_length=40),
        required=False,
        default=list,
        max_length=MOST_CATEGORIES,
        help_text="Codes of categories or groups; empty for all.",
    )


def read_subscription(body: Any) -> dict[str, Any]:
    serializer = SubscriptionBodySerializer(data=body)
    serializer.is_valid(raise_exception=True)
    given = dict(serializer.validated_data)
    return {
        "url": given["url"],
        "name": given["name"],
        "election": given["election"] or "",
        "wanted": given["categories"],
    }


def read_nothing(body: Any) -> None:
    """The address says it all; a body that says more would be half obeyed."""
    StrictSerializer(data=body if body else {}).is_valid(raise_exception=True)
