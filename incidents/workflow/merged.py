from uuid import UUID

from incidents.models import Incident


def with_merged(incident: Incident) -> list[UUID]:
    """Its id and those of all that were merged into it, however many times.

    What people wrote down hangs on the incident they wrote it for, so that a merge can be undone;
    who looks at the survivor must find it all the same.
    """
    found: list[UUID] = [incident.pk]
    newest = found
    while newest:
        rows = Incident.objects.filter(merged_into__in=newest).exclude(pk__in=found)
        newest = list(rows.values_list("pk", flat=True))
        found = found + newest
    return found
