"""The rules of the house that no linter knows."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
APPS = ("config", "elections", "observers", "incidents")
CODE = sorted(
    path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
)
SURFACES = [
    path
    for path in CODE
    if {"views", "api", "forms", "filters"} & set(path.relative_to(ROOT).parts[1:])
    or path.name in {"filters.py", "exports.py", "feed.py", "forms.py", "views.py"}
]
STATE_FIELDS = {"status", "verification", "severity", "state", "live", "approved_digest"}
HANDS = {
    "incidents/intake.py",
    "incidents/evidence/drawing.py",  # of a file: whether a clean copy is there
    "incidents/copying.py",
    "incidents/composing.py",
    "incidents/uniting.py",
}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_a_file_is_at_most_400_lines_long():
    long = {name(p): n for p in CODE if (n := len(p.read_text("utf-8").splitlines())) > 400}
    assert long == {}


def test_a_function_is_at_most_45_lines_long():
    long = {}
    for path in CODE:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > 45:
                    long[f"{name(path)}:{node.name}"] = lines
    assert long == {}


def test_no_module_is_a_drawer_named_after_nothing():
    drawers = {"services", "utils", "helpers", "common", "core", "misc", "manager2"}
    assert [name(p) for p in CODE if p.stem in drawers or p.parent.name in drawers] == []


@pytest.mark.parametrize("path", SURFACES, ids=name)
def test_a_surface_reads_rows_only_through_visible_to(path):
    """Every `X.objects` is followed by a method that asks who is reading, or by none()."""
    asked = {"visible_to", "all_visible_to", "on_desk", "none"}
    tree_ = tree(path)
    parents = {child: node for node in ast.walk(tree_) for child in ast.iter_child_nodes(node)}
    wrong = [
        node.lineno
        for node in ast.walk(tree_)
        if isinstance(node, ast.Attribute)
        and node.attr in {"objects", "_default_manager", "_base_manager"}
        and not (isinstance(parents.get(node), ast.Attribute) and parents[node].attr in asked)
    ]
    assert wrong == [], f"{name(path)} reads rows without asking who reads, at lines {wrong}"


def test_a_lock_does_not_stand_in_the_way_of_rows_that_name_the_locked_one():
    """Foreign keys are checked at the commit, with history locked: a full lock is a deadlock."""
    wrong = [
        f"{name(path)}:{node.lineno}"
        for path in CODE
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "select_for_update"
        and "no_key" not in {keyword.arg for keyword in node.keywords}
    ]
    assert wrong == []


def test_status_changes_only_in_workflow_and_publishing():
    """No assignment to, and no update() of, a state field anywhere else."""
    wrong = []
    for path in CODE:
        where = name(path)
        if not where.startswith("incidents/") or where in HANDS or "workflow/" in where:
            continue
        if where.startswith("incidents/publishing/"):
            continue
        for node in ast.walk(tree(path)):
            targets = []
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr in STATE_FIELDS:
                    wrong.append(f"{where}:{node.lineno}")
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "update"
                and STATE_FIELDS & {keyword.arg for keyword in node.keywords}
            ):
                wrong.append(f"{where}:{node.lineno}")
    assert wrong == []


def test_the_stairs_only_go_down():
    run = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_setting_from_the_environment_is_documented():
    settings = (ROOT / "config/settings.py").read_text("utf-8")
    read = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', settings))
    described = set(re.findall(r"`([A-Z_]+)`", (ROOT / "docs/running.md").read_text("utf-8")))
    assert read, "no setting found: the pattern of this test is out of date"
    assert read - described == set()


def test_migrations_are_complete(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_compiled_messages_match_their_sources():
    for language in ("ru", "kk"):
        folder = ROOT / "locale" / language / "LC_MESSAGES"
        source = {
            (e.msgctxt, e.msgid, e.msgid_plural): (e.msgstr, tuple(e.msgstr_plural.values()))
            for e in polib.pofile(str(folder / "django.po"))
            if e.translated() and not e.obsolete
        }
        compiled = {
            (e.msgctxt, e.msgid, e.msgid_plural): (e.msgstr, tuple(e.msgstr_plural.values()))
            for e in polib.mofile(str(folder / "django.mo"))
        }
        assert compiled == source, f"run `make messages`: {language}"


def test_every_text_is_translated():
    for language in ("ru", "kk"):
        entries = polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.po"))
        missing = [e.msgid for e in entries if not e.obsolete and not e.translated()]
        assert missing == [], f"{len(missing)} texts are not in {language}"


def test_every_text_in_the_code_is_in_the_catalogues(tmp_path):
    """What makemessages would collect now is what the catalogues hold."""
    if shutil.which("xgettext") is None:
        message = "gettext is missing: texts cannot be compared with the catalogues"
        if "CI" in os.environ:
            pytest.fail(message)
        pytest.skip(message)
    for folder in (*APPS, "templates"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "manage.py", tmp_path)
    (tmp_path / "locale").mkdir()
    command = [sys.executable, "-m", "django", "makemessages", "--no-location", "-l", "ru"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    found = polib.pofile(str(tmp_path / "locale/ru/LC_MESSAGES/django.po"))
    for language in ("ru", "kk"):
        held = polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.po"))
        known = {(e.msgctxt, e.msgid) for e in held if not e.obsolete}
        missing = {(e.msgctxt, e.msgid) for e in found} - known
        assert missing == set(), f"run `make messages`: {language}"
