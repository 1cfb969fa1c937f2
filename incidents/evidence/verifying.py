"""Every original is read again: is it still the file that the camera made?"""

from collections.abc import Iterator
from dataclasses import dataclass

from incidents import envelopes
from incidents.evidence import places, sealing
from incidents.models import Evidence


@dataclass(frozen=True)
class Bad:
    evidence: Evidence
    what: str


def verify() -> Iterator[Bad | None]:
    """One for each piece of evidence; None when it holds."""
    rows = Evidence.objects.select_related("report").order_by("received_at", "id")
    for evidence in rows.iterator(chunk_size=500):
        what = _what(evidence)
        yield Bad(evidence, what) if what else None


def _what(evidence: Evidence) -> str:
    try:
        found = sealing.digest(places.of(evidence.original))
    except FileNotFoundError:
        return "the file is missing"
    except OSError:
        return "the file cannot be read"
    except envelopes.Unopened:
        return "it cannot be opened: the file was changed, or its key is missing"
    return "" if found == (evidence.sha256, evidence.size) else "it is another file"
