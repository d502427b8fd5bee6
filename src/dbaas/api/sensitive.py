"""Where secrets stand in manifests: values of Secrets, and passwords that are written out in objects of other kinds.

A password is what a field says whose name ends so: the text itself, or the `value` beside a `valueFrom`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dbaas.api.core import SECRET

Path = tuple[str | int, ...]
SECRET_PARTS = ("data", "stringData")
_WORD = "password"
_VALUE = "value"


def find_secrets(body: Mapping[str, Any]) -> dict[Path, Any]:
    """By where they stand; empty ones are none."""
    if body.get("kind") == SECRET.kind and body.get("apiVersion", SECRET.api_version) == SECRET.api_version:
        return {(part, name): value for part in SECRET_PARTS for name, value in (body.get(part) or {}).items() if value}
    return dict(_find_passwords((), body))


def put_secrets(value: Any, secrets: Mapping[Path, Any], at: Path = ()) -> Any:
    """What stands in an object at that place, by default the whole of it, with these values instead of its own."""
    if at in secrets:
        return secrets[at]
    if isinstance(value, Mapping):
        return {name: put_secrets(each, secrets, (*at, name)) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [put_secrets(each, secrets, (*at, number)) for number, each in enumerate(value)]
    return value


def _find_passwords(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _find_passwords((*path, name), each)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, each in enumerate(value):
            yield from _find_passwords((*path, number), each)
    elif isinstance(value, str) and value and _is_secret_path(path):
        yield path, value


def _is_secret_path(path: Path) -> bool:
    *parents, last = ("", *path)
    return _is_password(last) or (last == _VALUE and _is_password(parents[-1]))


def _is_password(name: str | int) -> bool:
    return isinstance(name, str) and name.lower().endswith(_WORD)
