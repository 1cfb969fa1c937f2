"""What in a new description of the API would break a program written to the old one.

Additions are no break: new paths, optional parameters, properties of answers, and codes in a
vocabulary of answers (docs/api.md says that vocabularies grow). Everything else that is asked of
a program (parameters, bodies) may only become wider, everything that is told to it narrower.
"""

from collections.abc import Iterator
from typing import Any

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
JOINED = ("oneOf", "anyOf", "allOf", "not", "const", "additionalProperties", "pattern")
# Keyword → the larger number allows more.
BOUNDS = {
    "maximum": True,
    "maxLength": True,
    "maxItems": True,
    "minimum": False,
    "minLength": False,
    "minItems": False,
}
WORDS = ("description", "example", "examples", "title", "summary", "default", "readOnly")


def breaks(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """A sentence for each, none when every program goes on working."""
    return sorted(set(_Comparison(old, new).all()))


class _Comparison:
    def __init__(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        self.old, self.new = old, new
        self.walked: set[tuple[str, str, bool]] = set()

    def all(self) -> Iterator[str]:
        for path, before in self.old["paths"].items():
            after = self.new["paths"].get(path)
            if after is None:
                yield f"{path}: the path is gone"
                continue
            for method in METHODS:
                if method not in before:
                    continue
                where = f"{method.upper()} {path}"
                if method not in after:
                    yield f"{where}: the operation is gone"
                else:
                    yield from self.operation(where, before[method], after[method])

    def operation(self, where: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
        yield from self.parameters(where, old.get("parameters", []), new.get("parameters", []))
        yield from self.body(where, old.get("requestBody"), new.get("requestBody"))
        yield from self.answers(where, old["responses"], new["responses"])
        for way in old.get("security", [{}]):
            if way not in new.get("security", [{}]):
                name = " and ".join(way) or "nothing"
                yield f"{where}: signing in by {name} is not enough any more"

    def parameters(self, where: str, old: list[Any], new: list[Any]) -> Iterator[str]:
        had = {(one["in"], one["name"]): one for one in old}
        has = {(one["in"], one["name"]): one for one in new}
        for key, before in had.items():
            here = f"{where}: parameter {key[1]}"
            if key not in has:
                yield f"{here} is gone"
                continue
            after = has[key]
            if after.get("required") and not before.get("required"):
                yield f"{here} is required now"
            for word in ("style", "explode"):
                if before.get(word) != after.get(word):
                    yield f"{here} is written in another way"
            yield from self.schema(here, before["schema"], after["schema"], told=False)
        for key, after in has.items():
            if key not in had and after.get("required"):
                yield f"{where}: parameter {key[1]} is new and required"

    def body(self, where: str, old: Any, new: Any) -> Iterator[str]:
        if new and new.get("required") and not (old and old.get("required")):
            yield f"{where}: a body is required now"
        if old and not new:
            yield f"{where}: no body is taken any more"
        if old and new:
            yield from self.content(f"{where}: body", old["content"], new["content"], told=False)

    def answers(self, where: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
        for status, before in old.items():
            good = status[0] in "23"
            if good and status not in new:
                yield f"{where}: answers no {status} any more"
            elif status in new:
                here = f"{where}: {status}"
                kept = new[status].get("content", {})
                yield from self.content(here, before.get("content", {}), kept, told=True)
        for status in new:
            if status[0] in "23" and status not in old:
                yield f"{where}: answers {status}, which nobody expects"

    def content(self, where: str, old: Any, new: Any, *, told: bool) -> Iterator[str]:
        for media_type, before in old.items():
            if media_type not in new:
                yield f"{where} is no {media_type} any more"
            else:
                after = new[media_type].get("schema", {})
                yield from self.schema(where, before.get("schema", {}), after, told=told)

    def schema(self, where: str, old: Any, new: Any, *, told: bool) -> Iterator[str]:
        """`told`: by the server, in an answer; otherwise asked of the program."""
        names = (old.get("$ref", ""), new.get("$ref", ""), told)
        if names[0] and names[1]:
            if names in self.walked:
                return
            self.walked.add(names)
        old, new = self.resolve(self.old, old), self.resolve(self.new, new)
        yield from self.types(where, old, new, told=told)
        yield from self.values(where, old, new, told=told)
        yield from self.properties(where, old, new, told=told)
        if isinstance(old.get("items"), dict):
            items = new.get("items", {})
            yield from self.schema(f"{where}[]", old["items"], items, told=told)
        for word in JOINED:
            if _plain(old.get(word)) != _plain(new.get(word)):
                yield f"{where}: {word} is another"

    def resolve(self, root: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema = root["components"]["schemas"][name]
        return schema

    def types(self, where: str, old: Any, new: Any, *, told: bool) -> Iterator[str]:
        had, has = _types(old), _types(new)
        # An answer may bring nothing new; what is sent may be no less. Nothing said is anything.
        lost = (has - had if has else had) if told else (had - has if had else has)
        if (told and had and lost) or (not told and has and lost):
            yield f"{where}: type {_said(had)} became {_said(has)}"
        if old.get("format") != new.get("format"):
            yield f"{where}: format {old.get('format')} became {new.get('format')}"

    def values(self, where: str, old: Any, new: Any, *, told: bool) -> Iterator[str]:
        if told:
            if "enum" in old and "enum" not in new:
                yield f"{where}: may hold any value now"
            return
        if "enum" in new:
            gone = [v for v in old.get("enum", ["any other"]) if v not in new["enum"]]
            for value in gone:
                yield f"{where}: {value!r} is not taken any more"
        for word, more in BOUNDS.items():
            before, after = old.get(word), new.get(word)
            if after is None or before == after:
                continue
            if before is None or (after < before) == more:
                yield f"{where}: {word} became {after}"

    def properties(self, where: str, old: Any, new: Any, *, told: bool) -> Iterator[str]:
        had, has = old.get("properties", {}), new.get("properties", {})
        for name, before in had.items():
            if name not in has:
                yield f"{where}.{name} is gone"
            else:
                yield from self.schema(f"{where}.{name}", before, has[name], told=told)
        must, may = set(old.get("required", ())), set(new.get("required", ()))
        if told:
            for name in sorted((must - may) & set(has)):
                yield f"{where}.{name} may be missing now"
        else:
            for name in sorted(may - must):
                yield f"{where}.{name} is required now"


def _types(schema: dict[str, Any]) -> set[str]:
    found = schema.get("type", [])
    return {found} if isinstance(found, str) else set(found)


def _said(types: set[str]) -> str:
    return " or ".join(sorted(types)) or "anything"


def _plain(schema: Any) -> Any:
    """Without what only people read."""
    if isinstance(schema, dict):
        return {key: _plain(value) for key, value in schema.items() if key not in WORDS}
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    return schema
