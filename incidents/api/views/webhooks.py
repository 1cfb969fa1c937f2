"""Webhooks of the person who asks: kept by a session or by a token made for this."""

import uuid
from typing import Any, ClassVar, cast

from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from elections.api.base import PAGING, Endpoint
from elections.keyset import Key
from incidents import webhooks
from incidents.api.documented_webhooks import WEBHOOKS
from incidents.api.hooks import (
    DeliverySerializer,
    NewSubscriptionSerializer,
    SubscriptionSerializer,
    read_nothing,
    read_subscription,
)
from incidents.api.permissions import KeepsWebhooks
from incidents.models import Delivery, Subscription
from observers.models import User

OLDEST_FIRST = (Key("created_at"), Key("id"))
NEWEST_FIRST = (Key("made_at", descending=True), Key("id", descending=True))
WAITING = Count("deliveries", filter=Q(deliveries__waiting=True))


class Webhooks(Endpoint):
    permission_classes = [KeepsWebhooks]
    query_params: ClassVar = {"list": PAGING, "log": PAGING}
    documented: ClassVar = WEBHOOKS

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Cache-Control"] = "no-store"  # some of these hold a secret
        return answer

    def list(self, request: Request) -> Response:
        return self.listing(
            own(request), OLDEST_FIRST, lambda row: SubscriptionSerializer(row).data
        )

    def create(self, request: Request) -> Response:
        given = read_subscription(request.data)
        made, secret = webhooks.subscribe(by=cast(User, request.user), **given)
        return self._with_secret(request, made, secret, status=201)

    def retrieve(self, request: Request, key: uuid.UUID) -> Response:
        return self._told(request, key)

    def unsubscribe(self, request: Request, key: uuid.UUID) -> Response:
        webhooks.unsubscribe(one(request, key), by=cast(User, request.user))
        return Response({"id": str(key), "deleted": True})

    def rotate(self, request: Request, key: uuid.UUID) -> Response:
        read_nothing(request.data)
        made, secret = webhooks.rotate(one(request, key), by=cast(User, request.user))
        return self._with_secret(request, made, secret)

    def pause(self, request: Request, key: uuid.UUID) -> Response:
        read_nothing(request.data)
        webhooks.pause(one(request, key), by=cast(User, request.user))
        return self._told(request, key)

    def resume(self, request: Request, key: uuid.UUID) -> Response:
        read_nothing(request.data)
        webhooks.resume(one(request, key), by=cast(User, request.user))
        return self._told(request, key)

    def test(self, request: Request, key: uuid.UUID) -> Response:
        read_nothing(request.data)
        sent = webhooks.test(one(request, key), by=cast(User, request.user))
        return Response(DeliverySerializer(sent).data, status=202)

    def log(self, request: Request, key: uuid.UUID) -> Response:
        rows = deliveries(request, key)
        return self.listing(rows, NEWEST_FIRST, lambda row: DeliverySerializer(row).data)

    def redeliver(self, request: Request, key: uuid.UUID, delivery: uuid.UUID) -> Response:
        read_nothing(request.data)
        again = get_object_or_404(deliveries(request, key), pk=delivery)
        webhooks.redeliver(again, by=cast(User, request.user))
        told = deliveries(request, key).get(pk=delivery)
        return Response(DeliverySerializer(told).data, status=202)

    def _told(self, request: Request, key: uuid.UUID) -> Response:
        return Response(SubscriptionSerializer(one(request, key)).data)

    @staticmethod
    def _with_secret(
        request: Request, made: Subscription, secret: str, status: int = 200
    ) -> Response:
        told = NewSubscriptionSerializer(one(request, made.pk)).data
        return Response(told | {"secret": secret}, status=status)


def own(request: Request) -> "QuerySet[Subscription, Subscription]":
    rows = Subscription.objects.visible_to(request.user)
    return rows.select_related("election").annotate(waiting=WAITING)


def one(request: Request, key: uuid.UUID) -> Subscription:
    return get_object_or_404(own(request), pk=key)


def deliveries(request: Request, key: uuid.UUID) -> "QuerySet[Delivery, Delivery]":
    one(request, key)
    rows = Delivery.objects.visible_to(request.user).filter(subscription=key)
    return rows.select_related("change__publication", "subscription")
