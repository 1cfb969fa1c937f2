"""The world's copy: written when an approved text is published, emptied when withdrawn.

Used by `publishing` alone, inside its transactions.
"""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from elections.models import Region
from incidents import history, tallies
from incidents.composing import compose, render
from incidents.models import (
    Change,
    Draft,
    Incident,
    Publication,
    PublicationCategory,
    PublicationRegion,
    PublicationVersion,
)

Data = dict[str, Any]


def append_change(publication: Publication, op: str) -> None:
    """A line of the public feed. Its number is the last statement of the transaction.

    A rehearsal takes none: a gap in the numbers would tell the world how much was rehearsed.
    """
    if publication.election.is_rehearsal:
        return
    counter = history.take_number("changes")
    tallies.recount(publication)
    Change.objects.create(
        seq=counter.value,
        publication=publication,
        election_id=publication.election_id,
        op=op,
        reason=publication.withdrawn_reason,
    )
    publication.last_seq = counter.value
    publication.save(update_fields=["last_seq"])
    counter.save()


def copy_out(incident: Incident, draft: Draft) -> None:
    """Copy the approved fields into the public table and render the document once."""
    now = timezone.now()
    public = compose(incident, draft.content)
    old = (
        Publication.objects.select_for_update(of=("self",), no_key=True)
        .filter(incident=incident)
        .first()
    )
    version = old.version + 1 if old else 1
    first = old.published_at if old else now
    publication = render(incident, public, version=version, published_at=first, updated_at=now)
    publication.last_seq = old.last_seq if old else 0
    publication.save(force_insert=old is None, force_update=old is not None)
    PublicationRegion.objects.filter(publication=publication).delete()
    PublicationCategory.objects.filter(publication=publication).delete()
    named = {region.pk for region in _public_regions(incident, public)}
    PublicationRegion.objects.bulk_create(
        region_rows(
            publication, public, named=named, all_of_them=_with_ancestors(incident, public)
        )
    )
    PublicationCategory.objects.bulk_create(category_rows(publication, public))
    PublicationVersion.objects.create(
        publication=publication,
        version=version,
        published_at=now,
        what_changed=draft.what_changed,
        digest=draft.approved_digest,
    )


def _walked(publication: Publication) -> Data:
    return {
        "publication": publication,
        "election_id": publication.election_id,
        "published_at": publication.published_at,
        "severity": publication.severity,
        "verification": publication.verification,
    }


def region_rows(
    publication: Publication, public: Data, *, named: set[int], all_of_them: Iterable[int]
) -> list[PublicationRegion]:
    """Not saved. `named` are among `all_of_them`, which hold the regions above, too."""
    walked = _walked(publication)
    others = [code for code in public["categories"] if code != public["category"]]
    also = f"|{'|'.join(others)}|" if others else ""
    return [
        PublicationRegion(
            **walked, region_id=pk, named=pk in named, category=public["category"], also=also
        )
        for pk in all_of_them
    ]


def category_rows(publication: Publication, public: Data) -> list[PublicationCategory]:
    """Not saved."""
    walked, first = _walked(publication), public["category"]
    return [
        PublicationCategory(**walked, code=code, primary=code == first)
        for code in public["categories"]
    ]


def _public_regions(incident: Incident, public: Data) -> list[Region]:
    regions = incident.election.region_set.regions.filter(code__in=public["regions"])
    return list(regions)


def _with_ancestors(incident: Incident, public: Data) -> set[int]:
    """Named regions and all above them; the whole country for what names none."""
    regions = incident.election.region_set.regions
    codes = {
        code
        for region in _public_regions(incident, public)
        for code in region.path.strip("/").split("/")
    }
    rows = regions.filter(code__in=codes) if codes else regions.filter(parent=None)
    return set(rows.values_list("pk", flat=True))


def take_down(incident: Incident, *, reason: str, note: str = "", into: str = "") -> None:
    """Empty the world's copy; a reference, dates and a reason remain."""
    publication = Publication.objects.select_for_update(of=("self",), no_key=True).get(
        incident=incident
    )
    PublicationRegion.objects.filter(publication=publication).delete()
    PublicationCategory.objects.filter(publication=publication).delete()
    now = timezone.now()
    empty = Publication(
        id=publication.id,
        incident=incident,
        ref=publication.ref,
        election=publication.election,
        version=publication.version,
        live=False,
        occurred_sort=publication.published_at,
        published_at=publication.published_at,
        updated_at=now,
        withdrawn_at=now,
        withdrawn_reason=reason,
        public_note=note,
        merged_into_ref=into,
        last_seq=publication.last_seq,
    )
    empty.save(force_update=True)
