"""Refusals that a person reads: what happened and what to do. Each knows its HTTP meaning."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise  # a sentence, perhaps not yet translated


class Refused(Exception):
    """Nothing was changed. `message` says what to do; `code` is for programs and never changes."""

    status = 400
    code = "refused"
    default: Text = _("This cannot be done. Check what you sent and try again.")
    retry_after: int | None = None  # seconds after which the same may be possible

    def __init__(self, message: Text | None = None, code: str | None = None) -> None:
        self.message: Text = self.default if message is None else message
        if code is not None:
            self.code = code
        super().__init__(self.message)

    def __str__(self) -> str:
        return str(self.message)


class NotAllowed(Refused):
    status = 403
    code = "not_allowed"
    default = _("Your role does not include this step. Ask a colleague whose role does.")


class WrongState(Refused):
    """The right step at the wrong moment: this state does not allow it."""

    status = 409
    code = "wrong_state"
    default = _("This step is not possible now. Reload the page to see what is.")


class Conflict(Refused):
    status = 409
    code = "conflict"
    default = _("This contradicts what is already kept. Nothing was lost; the desk will look.")


class Stale(Refused):
    """Someone saved in between. `fields`: one {"field", "yours", "theirs"} per difference."""

    status = 412
    code = "stale"
    default = _("Someone changed this since you opened it. Compare both and save again.")

    def __init__(
        self,
        message: Text | None = None,
        fields: Sequence[Mapping[str, Any]] = (),
        code: str | None = None,
    ) -> None:
        super().__init__(message, code)
        self.fields: list[dict[str, Any]] = [dict(field) for field in fields]


class Invalid(Refused):
    """`errors`: field -> sentences; the key "" stands for the whole."""

    status = 400
    code = "invalid"
    default = _("Some fields need a correction. Nothing was saved.")

    def __init__(
        self,
        errors: Mapping[str, Sequence[Text]],
        message: Text | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, code)
        self.errors: dict[str, list[Text]] = {f: list(lines) for f, lines in errors.items()}


class TooLarge(Refused):
    status = 413
    code = "too_large"
    default = _("This is too large. Shorten it, or send it in parts.")
