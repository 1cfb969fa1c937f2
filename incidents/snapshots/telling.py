"""What the archive says of itself: to a reader in three languages, and about the licence."""

from collections import Counter
from collections.abc import Iterable, Iterator
from textwrap import wrap
from urllib.parse import quote

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from incidents.codebook import LANGUAGES, labels
from incidents.snapshots.counting import Coverage, in_utc

WIDTH = 96
LICENCES = {"CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/"}
READMES = {
    language: f"README{'' if language == 'en' else f'.{language}'}.txt" for language in LANGUAGES
}


def api(path: str = "") -> str:
    return f"{settings.PUBLIC_URL}/api/v1/{path}"


def licence_url(licence: str) -> str:
    return LICENCES.get(licence, f"https://spdx.org/licenses/{quote(licence)}.html")


def licences(coverage: Coverage) -> list[str]:
    return sorted(coverage.licences) or ["CC-BY-4.0"]


def citation(data_version: int, as_of: str | None, licence: str = "CC-BY-4.0") -> str:
    """In the active language; without the digest, which is of the file that says this."""
    when = as_of or _("nothing published yet")
    named = _(
        "Dauys. Published election observation incidents, data version %(version)s (%(when)s)."
    )
    return f"{named % {'version': data_version, 'when': when}} {api('snapshots/')}. {licence}."


def readme(coverage: Coverage, language: str) -> str:
    with translation.override(language):
        return "\n".join(_lines(coverage, language)) + "\n"


def _lines(coverage: Coverage, language: str) -> Iterator[str]:
    version, as_of = coverage.data_version, in_utc(coverage.data_at)
    yield _("Dauys: published election observation incidents")
    yield f"{_('Data version')}: {version}"
    yield f"{_('As of')}: {as_of or _('nothing published yet')}"
    yield f"{_('Licence')}: {', '.join(licences(coverage))}"
    yield from _section(_("What is in it"), _what())
    yield ""
    yield from _counts(coverage, language)
    yield from _section(_("What is missing"), _missing())
    yield from _section(
        _("How to cite"), [citation(version, as_of, ", ".join(licences(coverage)))]
    )
    yield f"  {_('Add the SHA-256 of the archive, by which everybody finds exactly these bytes:')}"
    yield f"  {api('snapshots/')}"
    yield from _section(_("How to check the files"), ["sha256sum -c SHA256SUMS"])
    yield from _section(_("Since then"), _since())
    yield f"  {api(f'changes/?since={version}')}"


def _section(title: str, sentences: Iterable[str]) -> Iterator[str]:
    yield ""
    yield title
    for sentence in sentences:
        yield from wrap(
            sentence, WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False
        )


def _what() -> list[str]:
    return [
        _(
            "Every incident that was published at this data version, one row each; all files hold "
            "the same rows."
        ),
        _(
            "incidents.csv, incidents.xlsx and incidents.geojson hold one text of each title and "
            "summary, in English if there is one. incidents.ndjson holds all languages."
        ),
        _(
            "codebook.csv and codebook.json explain every column and code. datapackage.json is "
            "for programs."
        ),
        _("Times in the spreadsheet are in UTC, elsewhere with the offset of the place."),
        # The same words as on the page about the data.
        _(
            "What a source did not say stays empty. “Dozens”, “at least three regions” and “about "
            "30 %” are kept as they were said and never turned into a number."
        ),
        _(
            "Sources that depend on each other count as one: the same team, the same device, the "
            "same person who told them."
        ),
    ]


def _counts(coverage: Coverage, language: str) -> Iterator[str]:
    yield f"{_('Incidents')}: {coverage.rows}"
    if coverage.first and coverage.last:
        yield f"{_('Period')}: {in_utc(coverage.first)} / {in_utc(coverage.last)}"
    yield f"{_('Time not known')}: {coverage.without_time}"
    yield from _table(_("By election"), coverage.elections)
    levels = labels("verification", language)
    named = {code: f"{code} ({levels.get(code, code)})" for code in coverage.verification}
    yield from _table(_("By verification"), coverage.verification, named)
    yield from _table(_("By region (codes of the day of the election)"), coverage.regions)
    yield f"  {_('no region named')}: {coverage.without_region}"


def _table(title: str, counts: Counter[str], named: dict[str, str] | None = None) -> Iterator[str]:
    yield f"{title}:"
    for code, number in sorted(counts.items()):
        yield f"  {(named or {}).get(code, code)}: {number}"


def _missing() -> list[str]:
    return [
        _(
            "It is accurate in what it holds, and not complete. Where nobody observed, nothing is "
            "recorded; no entry does not mean that nothing happened."
        ),
        _(
            "Observers were at some stations and not at others. Compare regions only by the "
            "rates of the statistics, which count the observed stations, never by the number of "
            "incidents."
        ),
        _(
            "Some incidents are known and not published, because publication would endanger "
            "somebody."
        ),
        _(
            "Names of victims, observers and suspects are never in it. A place may be published "
            "more coarsely than it is known."
        ),
        _(
            "Reports that two editors have not approved, earlier versions of texts and rehearsals "
            "are not in it."
        ),
    ]


def _since() -> list[str]:
    return [
        _(
            "This archive never changes; the data does. The feed of changes tells what was "
            "corrected or withdrawn since. Delete from your copies what it names as withdrawn for "
            "somebody's safety."
        )
    ]


def licence(coverage: Coverage) -> str:
    """In English, as the licences are written."""
    lines = [
        "Dauys: published election observation incidents",
        "",
        "You may copy, change and publish this data under the terms of its licence, if you name",
        "Dauys, link the page and say what you changed:",
        "",
    ]
    for one in licences(coverage):
        lines += [f"  {one}  {licence_url(one)}", f"  incidents: {coverage.licences[one]}", ""]
    with translation.override("en"):
        said = citation(coverage.data_version, in_utc(coverage.data_at), licences(coverage)[0])
    return "\n".join([*lines, "Attribution:", "", f"  {said}", ""])
