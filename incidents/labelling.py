"""Names for the codes in a file of published incidents, in one language."""

from elections.models import Election, Region
from elections.naming import Named
from elections.querysets import THE_WORLD
from incidents.exports import Labels


def labels_in(language: str) -> Labels:
    """Of elections and of their regions; two questions, however many there are."""
    elections = list(Election.objects.visible_to(THE_WORLD))
    regions: dict[int, list[Region]] = {}
    names = ("region_set_id", "code", "name_en", "name_ru", "name_kk")
    of_sets = {election.region_set_id for election in elections}
    for region in Region.objects.visible_to(THE_WORLD).filter(region_set__in=of_sets).only(*names):
        regions.setdefault(region.region_set_id, []).append(region)
    return Labels(
        language,
        {election.slug: _name(election, language) for election in elections},
        {
            (election.slug, region.code): _name(region, language)
            for election in elections
            for region in regions.get(election.region_set_id, [])
        },
    )


def _name(row: Named, language: str) -> str:
    return row.names.get(language) or row.names["en"]
