"""What the documentation says of the operations on webhooks."""

from typing import Any

from elections.api.base import Operation
from incidents.api import hooks
from incidents.api.documented import OBJECT

AN_ID = "8b1d8f0a-3f63-4a52-9a0e-6a1d9a1f6a11"
FULL = {409: "You have as many webhooks as one account may have."}
NOT_YOURS = {404: "There is none, or it is somebody else's."}
ONE: dict[str, Any] = {
    "id": AN_ID,
    "name": "Our database",
    "url": "https://ngo.example.org/dauys",
    "election": "kz-2021-mazhilis",
    "categories": ["DET"],
    "created_at": "2021-01-10T05:12:00Z",
    "since": 41,
    "waiting": 0,
    "failing_since": None,
    "paused_at": None,
    "paused_why": "",
    "previous_secret_until": None,
}
WITH_SECRET = ONE | {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw…"}
DELIVERY: dict[str, Any] = {
    "id": "5a0b7b2e-8f5e-4a55-a6f3-0d5f1a2b3c4d",
    "seq": 42,
    "ref": "KZ2021-7F3KQ",
    "made_at": "2021-01-10T06:00:00Z",
    "waiting": True,
    "attempts": 2,
    "last_tried_at": "2021-01-10T06:00:10Z",
    "last_status": 503,
    "last_problem": "status",
    "next_try_at": "2021-01-10T06:00:20Z",
    "delivered_at": None,
}
WEBHOOKS = {
    "list": Operation(
        "Your webhooks", answer=hooks.SubscriptionSerializer, rows=True, example=ONE
    ),
    "create": Operation(
        "Have a program of yours told of what is published; the answer shows the secret once",
        answer=hooks.NewSubscriptionSerializer,
        body=hooks.SubscriptionBodySerializer,
        example=WITH_SECRET,
        body_example={
            "url": ONE["url"],
            "name": ONE["name"],
            "election": ONE["election"],
            "categories": ONE["categories"],
        },
        success=(201,),
        also=FULL,
    ),
    "retrieve": Operation(
        "One of your webhooks", answer=hooks.SubscriptionSerializer, example=ONE, also=NOT_YOURS
    ),
    "unsubscribe": Operation(
        "Delete a webhook and its log",
        answer=OBJECT,
        example={"id": AN_ID, "deleted": True},
        also=NOT_YOURS,
    ),
    "rotate": Operation(
        "Another secret; the one before it signs, too, for 24 hours",
        answer=hooks.NewSubscriptionSerializer,
        example=WITH_SECRET | {"previous_secret_until": "2021-01-11T05:12:00Z"},
        also=NOT_YOURS,
    ),
    "pause": Operation(
        "Send nothing for now; what is published meanwhile is told afterwards",
        answer=hooks.SubscriptionSerializer,
        example=ONE | {"paused_at": "2021-01-10T07:00:00Z", "paused_why": "owner"},
        also=NOT_YOURS,
    ),
    "resume": Operation(
        "Send again, and try at once what waits",
        answer=hooks.SubscriptionSerializer,
        example=ONE,
        also=NOT_YOURS,
    ),
    "test": Operation(
        "Send a test message, once",
        answer=hooks.DeliverySerializer,
        example=DELIVERY
        | {"seq": None, "ref": None, "attempts": 0, "last_status": None, "last_problem": ""},
        success=(202,),
        also=NOT_YOURS,
    ),
    "log": Operation(
        "What was sent, newest first",
        answer=hooks.DeliverySerializer,
        rows=True,
        example=DELIVERY,
        also=NOT_YOURS,
    ),
    "redeliver": Operation(
        "Send a message once more, under the same id",
        answer=hooks.DeliverySerializer,
        example=DELIVERY,
        success=(202,),
        also=NOT_YOURS | {409: "A test is not sent again."},
    ),
}
