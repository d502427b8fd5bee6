"""JSON patch (RFC 6902), with the liberties that kube-apiserver takes.

`replace` of an absent field sets it, `copy` and `test` read an absent field as null, list indexes may be negative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from dbaas.apiserver.patches.refusals import PatchRefused
from dbaas.apiserver.schemas.equality import equal

Operation = Mapping[str, Any]
MOST_OPERATIONS = 10_000
_GO_KINDS = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number"}


class _Misfit(Exception):
    """An operation does not fit the document."""


def json_patch(obj: Mapping[str, Any], operations: Any) -> dict[str, Any]:
    """`obj` is not changed. Raises PatchRefused: 400 where the patch is malformed, 422 where it does not fit."""
    _check_shape(operations)
    document: Any = deepcopy(dict(obj))
    for operation in operations:
        try:
            document = _apply(document, operation)
        except _Misfit as error:
            raise PatchRefused(str(error), status=422) from error
    if not isinstance(document, dict):
        raise PatchRefused("the patched document is not an object", status=422)
    return document


def _check_shape(operations: Any) -> None:
    if not isinstance(operations, list):
        kind = _GO_KINDS.get(type(operations), "null")
        raise PatchRefused(
            f"error decoding patch: json: cannot unmarshal {kind} into Go value of type []handlers.jsonPatchOp"
        )
    for operation in operations:
        if not isinstance(operation, Mapping):
            kind = _GO_KINDS.get(type(operation), "null")
            raise PatchRefused(
                f"error decoding patch: json: cannot unmarshal {kind} into Go value of type handlers.jsonPatchOp"
            )


def _apply(document: Any, operation: Operation) -> Any:
    carry_out = _OPERATIONS.get(operation.get("op", ""))
    path = operation.get("path")
    if carry_out is None or not isinstance(path, str):
        raise _Misfit(f"unexpected operation {operation.get('op')!r} at {path!r}")
    if path == "" and operation["op"] in ("replace", "test"):
        return _apply_to_whole(document, operation)
    carry_out(document, operation, path)
    return document


def _apply_to_whole(document: Any, operation: Operation) -> Any:
    value = operation.get("value")
    if operation["op"] == "replace":
        if not isinstance(value, dict | list):
            raise _Misfit("replace operation value must be object or array")
        return deepcopy(value)
    if not equal(document, value):
        raise _Misfit("testing value of the whole document failed")
    return document


def _find(document: Any, pointer: Any) -> tuple[Any, str]:
    """The object or list that holds what a pointer names, and the last part of the pointer."""
    if not isinstance(pointer, str) or not pointer.startswith("/"):
        raise _Misfit(f"{pointer!r} is not a path")
    *parents, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))
    for part in parents:
        document = _read(document, part)
    if not isinstance(document, dict | list):
        raise _Misfit(f"the document is missing the path {pointer!r}")
    return document, last


def _read(holder: Any, key: str) -> Any:
    if isinstance(holder, dict):
        return holder.get(key)
    if isinstance(holder, list):
        return holder[_index(holder, key, len(holder) - 1)]
    raise _Misfit(f"{key!r} is below something that holds nothing")


def _index(holder: list[Any], key: str, highest: int) -> int:
    try:
        index = int(key)
    except ValueError as error:
        raise _Misfit(f"{key!r} is not an index of a list") from error
    if not -(highest + 1) <= index <= highest:
        raise _Misfit(f"unable to access invalid index: {index}")
    return index if index >= 0 else index + highest + 1


def _insert(holder: Any, key: str, value: Any) -> None:
    if isinstance(holder, dict):
        holder[key] = value
    else:
        holder.insert(len(holder) if key == "-" else _index(holder, key, len(holder)), value)


def _take(holder: Any, key: str) -> Any:
    if isinstance(holder, list):
        return holder.pop(_index(holder, key, len(holder) - 1))
    if key not in holder:
        raise _Misfit(f"unable to remove nonexistent key: {key}")
    return holder.pop(key)


def _add(document: Any, operation: Operation, path: str) -> None:
    _insert(*_find(document, path), deepcopy(operation.get("value")))


def _remove(document: Any, operation: Operation, path: str) -> None:
    _take(*_find(document, path))


def _replace(document: Any, operation: Operation, path: str) -> None:
    holder, key = _find(document, path)
    if isinstance(holder, list):
        holder[_index(holder, key, len(holder) - 1)] = deepcopy(operation.get("value"))
    else:
        holder[key] = deepcopy(operation.get("value"))


def _move(document: Any, operation: Operation, path: str) -> None:
    value = _take(*_find(document, operation.get("from")))
    _insert(*_find(document, path), value)


def _copy(document: Any, operation: Operation, path: str) -> None:
    value = _read(*_find(document, operation.get("from")))
    _insert(*_find(document, path), deepcopy(value))


def _test(document: Any, operation: Operation, path: str) -> None:
    if not equal(_read(*_find(document, path)), operation.get("value")):
        raise _Misfit(f"testing value {path} failed")


_OPERATIONS: Mapping[str, Callable[[Any, Operation, str], None]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}
