"""What heads the queue besides reports and incidents."""

from typing import Any

from django import template

from incidents.views import desk_waiting

register = template.Library()


@register.inclusion_tag("incidents/desk/_waiting.html", takes_context=True)
def waiting(context: Any) -> dict[str, Any]:
    """`{% waiting %}`: unread answers and overdue referrals; nothing when there are none."""
    return desk_waiting.waiting(context["request"])
