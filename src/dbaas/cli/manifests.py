"""Manifests from files, folders and standard input: YAML or JSON, several documents each, with their places.

Words such as `on` and `yes` stay words, and times stay text, as in YAML 1.2. Other readers take an unquoted `on` for
a truth value (kubectl does), so that is remarked. A key that stands twice in a mapping is an error: one of the two
would silently be lost.
"""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dbaas.api.resource import Key
from dbaas.cli.exits import CommandError, WrongUsage

SUFFIXES = (".yaml", ".yml", ".json")
STANDARD_INPUT = "-"
_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_AMBIGUOUS = re.compile(r"^(y|n|yes|no|on|off)$", re.IGNORECASE)
_TOKEN = re.compile(r"([^.\[\]]+)|\[(\d+)\]|\[\"?([^\]\"]+)\"?\]")


class _ManifestLoader(_Loader):  # type: ignore[misc]
    """Resolves plain words as YAML 1.2's core schema does."""


_ManifestLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _OTHER_TAGS]
    for _OTHER_TAGS in [("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}
_ManifestLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with the input. `place` is `file:line`, `field` a path in the object."""

    place: str
    message: str
    field: str = ""
    about: str = ""


@dataclass(frozen=True)
class Manifest:
    """One object and where it was read. `remarks` are what other readers may take otherwise."""

    body: dict[str, Any]
    file: str
    line: int
    node: Any = field(repr=False, compare=False, default=None)
    remarks: Sequence[str] = ()

    @property
    def kind(self) -> str:
        return str(self.body.get("kind") or "")

    @property
    def name(self) -> str:
        return str((self.body.get("metadata") or {}).get("name") or "")

    @property
    def key(self) -> Key:
        return Key(str((self.body.get("metadata") or {}).get("namespace") or ""), self.name)

    def place(self, path: str = "") -> str:
        """`file:line` of a field, or of the nearest thing around it that is written."""
        return f"{self.file}:{_find_line(self.node, path) or self.line}"


def load_manifests(names: Sequence[str]) -> tuple[list[Manifest], list[Problem]]:
    """All that can be read and all that cannot. Raises WrongUsage where nothing was named or found."""
    if not names:
        raise WrongUsage("no manifest was named", "name a file, a folder or -: -f FILE")
    manifests: list[Manifest] = []
    problems: list[Problem] = []
    for name, text in _read_all(names):
        for found in _parse(name, text):
            if isinstance(found, Problem):
                problems.append(found)
            else:
                manifests.append(found)
    if not manifests and not problems:
        raise WrongUsage(f"there is no manifest in {', '.join(names)}")
    return manifests, problems + _find_repetitions(manifests)


def _read_input() -> str:
    """Blocks; asyncio's own answer to Ctrl-C would wait for it to end."""
    asked = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return sys.stdin.read()
    finally:
        signal.signal(signal.SIGINT, asked)


def _read_all(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        if name == STANDARD_INPUT:
            yield "standard input", _read_input()
            continue
        if "://" in name:
            raise WrongUsage(f"cannot read {name}: manifests are files here, download it first")
        path = Path(name)
        files = _list_folder(path) if path.is_dir() else [path]
        for file in files:
            try:
                yield str(file), file.read_text()
            except FileNotFoundError as error:
                raise WrongUsage(f"there is no file {file}") from error
            except (OSError, UnicodeDecodeError) as error:
                raise CommandError(f"cannot read {file}: {error}") from error


def _list_folder(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    if not files:
        raise WrongUsage(f"there is no manifest in folder {folder}")
    return files


def _parse(name: str, text: str) -> Iterator[Manifest | Problem]:
    loader = _ManifestLoader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                yield from _read_document(name, node, loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        yield Problem(f"{name}:{line}", f"this is not YAML: {error.problem or error}")
    except yaml.YAMLError as error:
        yield Problem(f"{name}:1", f"this is not YAML: {error}")
    finally:
        loader.dispose()


def _read_document(name: str, node: Any, loader: Any) -> Iterator[Manifest | Problem]:
    repeated = list(_find_repeated_keys(name, node))
    if repeated:
        yield from repeated
        return
    line = node.start_mark.line + 1
    body = loader.construct_document(node)
    if body is None:
        return
    if not isinstance(body, dict):
        yield Problem(f"{name}:{line}", "an object is wanted here, with apiVersion, kind and metadata")
        return
    if body.get("kind") == "List" and isinstance(body.get("items"), list):
        items = next(value for key, value in node.value if key.value == "items").value
        for item, item_node in zip(body["items"], items, strict=True):
            yield from _check(name, item, item_node)
        return
    yield from _check(name, body, node)


def _check(name: str, body: Any, node: Any) -> Iterator[Manifest | Problem]:
    line = node.start_mark.line + 1
    metadata = body.get("metadata") if isinstance(body, dict) else None
    missing = [] if isinstance(body, dict) else ["apiVersion", "kind"]
    if isinstance(body, dict):
        missing = [key for key in ("apiVersion", "kind") if not isinstance(body.get(key), str)]
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        missing.append("metadata.name")
    for path in missing:
        yield Problem(f"{name}:{line}", "required, as text", path)
    if not missing:
        yield Manifest(body, name, line, node, list(_find_ambiguous(node)))


def _find_repeated_keys(name: str, node: Any) -> Iterator[Problem]:
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            word = str(key.value)
            if word in seen and word != "<<":
                yield Problem(
                    f"{name}:{key.start_mark.line + 1}", f"key {word!r} is there already, in line {seen[word]}"
                )
            seen[word] = key.start_mark.line + 1
            yield from _find_repeated_keys(name, value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _find_repeated_keys(name, item)


def _find_ambiguous(node: Any) -> Iterator[str]:
    if isinstance(node, yaml.ScalarNode) and not node.style and _AMBIGUOUS.match(node.value):
        yield f"line {node.start_mark.line + 1}: kubectl takes an unquoted {node.value} for a truth value; quote it"
    elif isinstance(node, yaml.MappingNode):
        for pair in node.value:
            for part in pair:
                yield from _find_ambiguous(part)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _find_ambiguous(item)


def _find_repetitions(manifests: Iterable[Manifest]) -> list[Problem]:
    first: dict[tuple[str, str, Key], Manifest] = {}
    problems = []
    for manifest in manifests:
        identity = (str(manifest.body.get("apiVersion")), manifest.kind, manifest.key)
        earlier = first.setdefault(identity, manifest)
        if earlier is not manifest:
            text = f"the same object is in {earlier.place()} already"
            problems.append(Problem(manifest.place(), text, about=f"{manifest.kind} {manifest.key}"))
    return problems


def _find_line(node: Any, path: str) -> int:
    """0 where nothing is known."""
    if node is None:
        return 0
    line = node.start_mark.line + 1
    for name, index, key in _TOKEN.findall(path):
        child = _child(node, name or key, index)
        if child is None:
            break
        node, line = child
    return int(line)


def _child(node: Any, name: str, index: str) -> tuple[Any, int] | None:
    if index and isinstance(node, yaml.SequenceNode) and int(index) < len(node.value):
        item = node.value[int(index)]
        return item, item.start_mark.line + 1
    if name and isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == name:
                return value, key.start_mark.line + 1
    return None
