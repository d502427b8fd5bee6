"""Where secrets stand in manifests: values of Secrets, and passwords that are written out in objects of other kinds.

A password is what a field says whose name ends so: the text itself, or the `value` beside a `valueFrom`. SQL in which
one is written out is a secret as a whole, and can be shown without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dbaas.api.core import SECRET
from dbaas.core.redaction import mask_passwords
from dbaas.core.secrets import MASK

Path = tuple[str | int, ...]
SECRET_PARTS = ("data", "stringData")
_WORD = "password"
_VALUE = "value"


def find_secrets(body: Mapping[str, Any]) -> dict[Path, Any]:
    """By where they stand; empty ones are none."""
    if _is_secret(body):
        return {(part, name): value for part in SECRET_PARTS for name, value in (body.get(part) or {}).items() if value}
    return find_texts(body, lambda path, text: _is_secret_path(path) or mask_passwords(text) != text)


def mask_secrets(body: Mapping[str, Any]) -> dict[Path, str]:
    """What to show instead, by where they stand."""
    found = find_secrets(body)
    if _is_secret(body):
        return dict.fromkeys(found, MASK)
    return {path: MASK if _is_secret_path(path) else mask_passwords(value) for path, value in found.items()}


def put_secrets(value: Any, secrets: Mapping[Path, Any], at: Path = ()) -> Any:
    """What stands in an object at that place, by default the whole of it, with these values instead of its own."""
    if at in secrets:
        return secrets[at]
    if isinstance(value, Mapping):
        return {name: put_secrets(each, secrets, (*at, name)) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [put_secrets(each, secrets, (*at, number)) for number, each in enumerate(value)]
    return value


def _is_secret(body: Mapping[str, Any]) -> bool:
    return body.get("kind") == SECRET.kind and body.get("apiVersion", SECRET.api_version) == SECRET.api_version


def find_texts(body: Mapping[str, Any], is_wanted: Callable[[Path, str], bool]) -> dict[Path, Any]:
    """By where they stand: those that are not empty and are wanted."""
    return {path: text for path, text in _walk((), body) if is_wanted(path, text)}


def _walk(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _walk((*path, name), each)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, each in enumerate(value):
            yield from _walk((*path, number), each)
    elif isinstance(value, str) and value:
        yield path, value


def _is_secret_path(path: Path) -> bool:
    *parents, last = ("", *path)
    return _is_password(last) or (last == _VALUE and _is_password(parents[-1]))


def _is_password(name: str | int) -> bool:
    return isinstance(name, str) and name.lower().endswith(_WORD)
