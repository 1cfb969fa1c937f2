"""Saved exports: a fixed filter, columns and format behind an address with a secret of its own.

A spreadsheet cannot send a token, so the address is the key. It opens public columns of published
incidents and nothing else: who finds it learns what the API tells everybody.
"""

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Iterable, Iterator
from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from elections.filtering import Parsed, parse, without_empty
from elections.keyset import order
from elections.querysets import THE_WORLD
from elections.strict import check_names
from incidents import codebook, exports
from incidents.errors import Invalid, WrongState
from incidents.exports import labels_in
from incidents.filters import PublicationFilter
from incidents.models import Publication, SavedExport
from observers.models import User

MOST = 50  # not revoked, of one person
LONGEST = 1000  # of a query
TOUCH_EVERY = timedelta(minutes=1)
LETTERS = string.ascii_letters + string.digits
SECRET = re.compile(r"[A-Za-z0-9]{43}", re.ASCII)
NO_HASH = "0" * 64
# Of an address of a list: how rows are shown, and how many.
NO_FILTERS = frozenset({"cursor", "limit", "count", "fields", "labels", "format", "bom"})
# Those that this installation can write.
FORMATS = [one for one in SavedExport.Format if one.value in exports.FORMATS]


def make(
    *,
    by: User,
    name: str,
    query: str,
    format_: str,
    columns: Iterable[str] = (),
    labels: str = "",
) -> tuple[SavedExport, str]:
    """The row and the secret of its address, which cannot be had again. Raises Invalid.

    `query`: what stands behind the question mark of a list, or its whole address. What such an
    address says of columns, labels and format is left out: they are given here.
    """
    mine = SavedExport.objects.visible_to(by)
    errors: dict[str, list[str]] = {}
    kept, problems = read_query(query)
    if problems:
        errors["query"] = problems
    columns = list(columns)
    if set(columns) - set(codebook.BY_NAME):
        errors["columns"] = [_("Choose among the columns of the codebook.")]
    if format_ not in {one.value for one in FORMATS}:
        errors["format"] = [_("Choose one of the formats.")]
    if labels and labels not in codebook.LANGUAGES:
        errors["labels"] = [_("Choose one of the languages.")]
    if mine.filter(revoked_at=None).count() >= MOST:
        said = _("You have %(most)s saved exports. Revoke one first.") % {"most": MOST}
        errors[""] = [said]
    if errors:
        raise Invalid(errors)
    secret = "".join(secrets.choice(LETTERS) for _place in range(43))
    made = SavedExport.objects.create(
        owner=by,
        name=name,
        query=kept,
        columns=[column.name for column in codebook.select(columns)],
        labels=labels,
        format=format_,
        secret_hash=_digest(secret),
    )
    return made, secret


def read_query(text: str) -> tuple[str, list[str]]:
    """The filters of a query or of a whole address, and what cannot be understood."""
    text = text.strip()
    if "?" in text or text.startswith(("http://", "https://", "/")):
        text = text.partition("?")[2]
    text = text.partition("#")[0]
    if len(text) > LONGEST:
        return "", [_("Shorten this to at most %(limit)s characters.") % {"limit": LONGEST}]
    asked = QueryDict(text.encode("utf-8", "replace").decode())
    kept = QueryDict(mutable=True)
    for given, values in without_empty(asked).lists():
        if given not in NO_FILTERS:
            kept.setlist(given, values)
    faults = check_names(kept, PublicationFilter.known()) or _parsed(kept).errors
    told = [f"{fault.parameter}: {fault.detail}" for fault in faults]
    written = kept.urlencode(safe=",:")
    if not told and len(written) > LONGEST:
        told = [_("Shorten this to at most %(limit)s characters.") % {"limit": LONGEST}]
    return written, told


def _parsed(query: QueryDict) -> Parsed:
    rows = Publication.objects.visible_to(THE_WORLD)
    filterset = PublicationFilter(query, rows)
    parsed = parse(filterset, also={})
    if parsed.errors:
        return parsed
    return Parsed(lambda: order(parsed.queryset, filterset.keys), parsed.applied)


def find(pk: UUID, secret: str) -> SavedExport | None:
    """With this secret; revoked ones, too. It takes as long to say no as to say yes."""
    found = SavedExport.objects.select_related("owner").filter(pk=pk).first()
    known = found.secret_hash if found else NO_HASH
    given = secret if SECRET.fullmatch(secret) else ""
    same = hmac.compare_digest(_digest(given), known)
    return found if same else None


def usable(export: SavedExport) -> bool:
    """An account that is closed or locked leaves no door open behind it."""
    return export.revoked_at is None and export.owner.is_active


def pieces(export: SavedExport) -> Iterator[bytes]:
    """The file, as it is today. Raises WrongState when its filter names what is no more."""
    parsed = _parsed(QueryDict(export.query))
    if parsed.errors:
        raise WrongState(
            _("This export asks for something that is no more: %(fault)s Make a new one.")
            % {"fault": parsed.errors[0].detail}
        )
    known = [name for name in export.columns if name in codebook.BY_NAME]
    shape = exports.Shape(
        codebook.select(known) if known else codebook.COLUMNS,
        labels_in(export.labels) if export.labels else None,
    )
    documents = exports.rows(parsed.queryset)
    # Excel takes a file without the mark for one in its own old alphabet.
    bom = export.format == SavedExport.Format.CSV
    return exports.stream(export.format, documents, shape=shape, bom=bom)


def touch(export: SavedExport) -> None:
    """At most one write a minute, however often it is asked for."""
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - TOUCH_EVERY)
    if export.last_used_at is None or export.last_used_at <= now - TOUCH_EVERY:
        SavedExport.objects.filter(stale, pk=export.pk).update(last_used_at=now)


def revoke(export: SavedExport) -> None:
    """Revoking twice keeps the first time."""
    SavedExport.objects.filter(pk=export.pk, revoked_at=None).update(revoked_at=timezone.now())
    export.refresh_from_db(fields=["revoked_at"])


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


__all__ = [
    "FORMATS",
    "find",
    "make",
    "pieces",
    "read_query",
    "revoke",
    "touch",
    "usable",
]
