"""What waits for a person to accept it, at the top of every page of the desk."""

from typing import Any

from django import template
from django.http import HttpRequest

from incidents.views.desk_alerts import waiting

register = template.Library()


@register.inclusion_tag("incidents/desk/_alerts.html", takes_context=True)
def waiting_alerts(context: Any) -> dict[str, Any]:
    request: HttpRequest | None = context.get("request")
    if request is None or not request.user.is_authenticated:
        return {"alerts": []}
    return {**waiting(request), "csrf_token": context.get("csrf_token")}
