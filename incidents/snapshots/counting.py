"""What an archive holds, counted from the very documents that are in it."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from incidents.codebook import BY_NAME

EPOCH = datetime(1980, 1, 1, tzinfo=UTC)  # the first moment that a ZIP can name


@dataclass
class Coverage:
    """`data_at`: when the newest change was published. Nothing here is of the clock."""

    data_version: int
    data_at: datetime | None
    rows: int = 0
    elections: Counter[str] = field(default_factory=Counter)
    regions: Counter[str] = field(default_factory=Counter)
    verification: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    without_region: int = 0
    without_time: int = 0
    first: datetime | None = None
    last: datetime | None = None

    @property
    def moment(self) -> datetime:
        return max(EPOCH, (self.data_at or EPOCH).astimezone(UTC).replace(microsecond=0))

    def add(self, document: str, licence: str) -> None:
        row = json.loads(document)
        told = {name: row.get(BY_NAME[name].name) for name in ("election", "verification")}
        self.rows += 1
        self.elections[str(told["election"])] += 1
        self.verification[str(told["verification"])] += 1
        self.licences[licence] += 1
        regions = row.get("regions") or []
        self.regions.update(regions)
        self.without_region += not regions
        self._add_time(row.get("occurred_start"), row.get("occurred_end"))

    def _add_time(self, start: str | None, end: str | None) -> None:
        known = [datetime.fromisoformat(one) for one in (start, end) if one]
        if not known:
            self.without_time += 1
            return
        self.first = min([*known, *([self.first] if self.first else [])])
        self.last = max([*known, *([self.last] if self.last else [])])

    def counted(self, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
        """The documents of (document, licence), counted as they pass."""
        for document, licence in rows:
            self.add(document, licence)
            yield document


def in_utc(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
