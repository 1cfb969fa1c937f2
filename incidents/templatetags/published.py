"""A public document on a page, the same for the world and for the editor who previews it."""

from typing import Any

from django import template

from elections.models import Election
from incidents import presenting

register = template.Library()


@register.inclusion_tag("incidents/_published.html")
def published(
    document: presenting.Document, election: Election, heading: str = "h2"
) -> dict[str, Any]:
    """`{% published document election %}`: what the world reads, in the language of the page.

    `heading`: the element of its title; the sections inside are one step lower.
    """
    places = presenting.places_of(election, [document])
    below = f"h{int(heading[1:]) + 1}"
    return {
        "told": presenting.told_in_full(document, places),
        "heading": heading,
        "below": below,
    }
