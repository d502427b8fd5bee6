"""What the volumes of a Pod must say: a name, and one source that is complete.

Source: `pkg/apis/core/validation/validation.go` in Kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dbaas.apiserver.builtins.columns import items
from dbaas.apiserver.containers import label_problems
from dbaas.apiserver.schemas import Cause
from dbaas.apiserver.schemas.wording import invalid, required, without_value

Spec = Mapping[str, Any]

_SOURCES = (
    *("emptyDir", "hostPath", "secret", "configMap", "persistentVolumeClaim", "downwardAPI", "projected"),
    *("ephemeral", "csi", "nfs", "image"),
)
_NEEDED = {"secret": "secretName", "configMap": "name", "persistentVolumeClaim": "claimName", "hostPath": "path"}
_MODE = "must be a number between 0 and 0777 (octal), both inclusive"
_TWICE = "may not specify more than 1 volume type"


def volume_problems(volume: Spec, path: str) -> Iterator[Cause]:
    if not volume.get("name"):
        yield required(f"{path}.name")
    yield from label_problems(f"{path}.name", volume.get("name"))
    given = [each for each in _SOURCES if volume.get(each) is not None]
    if not given:
        yield required(path, "must specify a volume type")
    for each in given[1:]:
        yield without_value(f"{path}.{each}", _TWICE, "FieldValueForbidden")
    for each in given[:1]:
        yield from _source_problems(each, volume[each], f"{path}.{each}")


def _source_problems(kind: str, source: Spec, path: str) -> Iterator[Cause]:
    needed = _NEEDED.get(kind)
    if needed is not None and not source.get(needed):
        yield required(f"{path}.{needed}")
    mode = source.get("defaultMode")
    if mode is not None and not 0 <= mode <= 0o777:
        yield invalid(f"{path}.defaultMode", mode, _MODE)
    if kind in ("secret", "configMap"):
        for index, each in enumerate(items(source, "items")):
            yield from _item_problems(each, f"{path}.items[{index}]")


def _item_problems(item: Spec, path: str) -> Iterator[Cause]:
    if not item.get("key"):
        yield required(f"{path}.key")
    target = item.get("path") or ""
    if not target:
        yield required(f"{path}.path")
    elif target.startswith("/"):
        yield invalid(f"{path}.path", target, "must be a relative path")
    elif ".." in target.split("/"):
        yield invalid(f"{path}.path", target, "must not contain '..'")
    elif target.startswith(".."):
        yield invalid(f"{path}.path", target, "must not start with '..'")
    if item.get("mode") is not None and not 0 <= item["mode"] <= 0o777:
        yield invalid(f"{path}.mode", item["mode"], _MODE)
