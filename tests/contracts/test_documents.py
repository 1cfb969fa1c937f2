"""What the documents name is there."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    {*ROOT.glob("*.md"), *ROOT.glob("[a-z]*/*.md"), *ROOT.glob("[a-z]*/data/*.md")}
    | {*ROOT.glob("docs/**/*.md")}
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
REQUIREMENT = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)", re.MULTILINE)
MOST_BYTES = 150_000


def read(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def anchors(text: str) -> set[str]:
    """As GitHub and its like make them from headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document):
    lost = []
    for link in LINK.findall(document.read_text("utf-8")):
        if re.match(r"https?://", link):
            continue
        file, _hash, anchor = link.partition("#")
        target = (document.parent / file).resolve() if file else document
        there = target.is_relative_to(ROOT) and target.exists()
        if not there or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            lost.append(link)
    assert lost == []


def test_every_document_is_reached_from_the_readme():
    todo, reached = [ROOT / "README.md"], set()
    while todo:
        document = todo.pop()
        reached.add(document)
        for link in LINK.findall(document.read_text("utf-8")):
            target = (document.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists() and target not in reached:
                todo.append(target)
    written = {path for path in DOCUMENTS if path.is_relative_to(ROOT / "docs")}
    assert {str(path.relative_to(ROOT)) for path in written - reached} == set()


def test_every_direct_dependency_has_its_reason():
    named = set(re.findall(r"[\w.-]+", read("docs/decisions/0006-dependencies.md").lower()))
    for file in sorted((ROOT / "requirements").glob("*.in")):
        wanted = {name.lower() for name in REQUIREMENT.findall(file.read_text("utf-8"))}
        assert wanted, file.name
        assert wanted - named == set(), file.name


def test_the_tests_that_the_threat_model_calls_upon_are_there():
    named = re.findall(r"`(\w+/test_\w+)`", read("docs/threat-model.md"))
    assert named, "no test found: the pattern of this test is out of date"
    assert [name for name in named if not (ROOT / "tests" / f"{name}.py").exists()] == []


def test_pictures_are_light_enough_for_a_slow_line():
    pictures = sorted((ROOT / "docs/img").iterdir())
    assert pictures
    assert {file.name for file in pictures if file.stat().st_size > MOST_BYTES} == set()
