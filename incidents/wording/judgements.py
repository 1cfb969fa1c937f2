"""How sure, how grave, who says so: the scales in sentences, and figures as they were given."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext, pgettext_lazy

from elections.models.figure import Qualifier
from incidents.vocabulary import Verification, WithdrawReason
from incidents.wording.texts import Words, number

VERIFICATION: dict[str, Words] = {
    Verification.REPORTED: lazy(
        "One source says so, or several that depend on each other. Nobody has confirmed it yet."
    ),
    Verification.CORROBORATED: lazy(
        "Two sources that do not depend on each other say so, or a direct witness with "
        "evidence that fits."
    ),
    Verification.VERIFIED: lazy(
        "Corroborated, and checked by a person: by calling back, by a document, by the place "
        "or by an official record."
    ),
    Verification.DISPUTED: lazy("Sources contradict each other. Both sides are in the text."),
    Verification.REFUTED: lazy("Shown to be false. Refuted incidents are never published."),
}
SEVERITY: dict[int, Words] = {
    1: lazy("A rule was broken; no effect on people or the vote is visible."),
    2: lazy("A right of observers or voters was denied; it could still be put right."),
    3: lazy(
        "Force, a whole group, several stations or a region affected, or the result of a "
        "station in doubt."
    ),
    4: lazy("People in danger, injured or missing, or the result of an area in doubt."),
}
WITHDRAWN: dict[str, Words] = {
    WithdrawReason.ERROR: lazy("It was withdrawn because it contained an error."),
    WithdrawReason.SAFETY: lazy("It was withdrawn for somebody's safety."),
    WithdrawReason.MERGED: lazy("It is now told as part of another incident."),
}
CLAIM_FIELDS: dict[str, Words] = {
    "number": pgettext_lazy("claim of an authority", "number"),
    "status": pgettext_lazy("claim of an authority", "status"),
    "charges": pgettext_lazy("claim of an authority", "charges"),
    "scope": pgettext_lazy("claim of an authority", "applies to"),
}
CLAIM_VALUES: dict[str, Words] = {
    "not given": pgettext_lazy("claim of an authority", "not given"),
    "not_given": pgettext_lazy("claim of an authority", "not given"),
    "released": pgettext_lazy("claim of an authority", "released"),
    "held": pgettext_lazy("claim of an authority", "held"),
    "none": pgettext_lazy("claim of an authority", "none"),
    "all": pgettext_lazy("claim of an authority", "all"),
}


def verification_means(code: str) -> str:
    return str(VERIFICATION.get(code, ""))


def severity_means(level: int | None) -> str:
    return str(SEVERITY.get(level or 0, ""))


def withdrawn_because(code: str) -> str:
    return str(WITHDRAWN.get(code, ""))


def what_changed(said: str, *, returned: bool) -> str:
    """The editor's sentence. A text that came back as it was has none of its own."""
    return said or (_("Restored after a withdrawal.") if returned else "")


def sources(count: int | None) -> str:
    """Sources that depend on each other count as one, which is why the word stands there."""
    if not count:
        return ""
    if count == 1:
        return _("one source")
    return ngettext("%(count)s independent source", "%(count)s independent sources", count) % {
        "count": number(count)
    }


def percent(value: Decimal | None, qualifier: str) -> str:
    """ "71.1 %", "about 30 %", "above 7 % (no figure given)"; "" without a value."""
    if value is None:
        return ""
    figure = f"{number_of(value)}\N{NO-BREAK SPACE}%"
    sentence = {
        Qualifier.ABOUT.value: _("about %(figure)s"),
        Qualifier.ABOVE.value: _("above %(figure)s (no figure given)"),
        Qualifier.BELOW.value: _("below %(figure)s (no figure given)"),
    }.get(qualifier, "%(figure)s")
    return sentence % {"figure": figure}


def number_of(value: Decimal) -> str:
    """Without the zeros the column adds: 71.100 was said as 71.1."""
    text = f"{value:f}"
    return number(Decimal(text.rstrip("0").rstrip(".") if "." in text else text))


def claim(given: Mapping[str, Any]) -> tuple[str, str]:
    """A claim in an official response: what about, what is claimed ("number", "not given")."""
    field, value = str(given.get("field") or ""), str(given.get("value") or "")
    return (
        str(CLAIM_FIELDS.get(field, field)),
        str(CLAIM_VALUES.get(value.casefold(), value)),
    )
