"""Writes the numbers and types of the fields of built-in kinds, as Kubernetes sends them in protobuf.

    python tools/protobuf_messages.py

Source: the struct tags in `types.go` of k8s.io/api and k8s.io/apimachinery, at the versions in `tools/control_plane/go`
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "src/dbaas/apiserver/protobuf/messages.json"
FOLDERS = {
    "core": ("k8s.io/api", "core/v1"),
    "batch": ("k8s.io/api", "batch/v1"),
    "coordination": ("k8s.io/api", "coordination/v1"),
    "discovery": ("k8s.io/api", "discovery/v1"),
    "events": ("k8s.io/api", "events/v1"),
    "authentication": ("k8s.io/api", "authentication/v1"),
    "authorization": ("k8s.io/api", "authorization/v1"),
    "meta": ("k8s.io/apimachinery", "pkg/apis/meta/v1"),
}
ROOTS = (
    "core.Namespace", "core.Secret", "core.ConfigMap", "core.Service", "core.Endpoints", "core.Pod",
    "core.ServiceAccount", "core.Event", "events.Event", "batch.Job", "coordination.Lease", "discovery.EndpointSlice",
    "authentication.SelfSubjectReview", "authorization.SelfSubjectAccessReview",
    "authorization.SelfSubjectRulesReview", "meta.DeleteOptions",
)  # fmt: skip
SPECIAL = {
    "meta.Time": "time", "meta.MicroTime": "microtime", "resource.Quantity": "quantity",
    "intstr.IntOrString": "int-or-string", "meta.FieldsV1": "raw", "runtime.RawExtension": "raw",
}  # fmt: skip
SCALARS = {
    "string": "string", "bool": "bool", "int": "int", "int32": "int", "int64": "int", "uint32": "int", "uint64": "int",
    "float64": "double", "[]byte": "bytes", "types.UID": "string", "types.NodeName": "string",
}  # fmt: skip
ALIASES = {"metav1": "meta", "v1": "core", "corev1": "core", "api": "core"}
FIELD = re.compile(
    r'^\t(?:(?P<name>\w+)\s+)?(?P<type>[\w.*\[\]]+)\s+`(?:[^`]*?)json:"(?P<json>[^"]*)"[^`]*?protobuf:"(?P<proto>[^"]*)"'
)


def main() -> None:
    types = {package: read_types(package) for package in FOLDERS}
    messages: dict[str, list[list[object]]] = {}
    waiting = list(ROOTS)
    while waiting:
        message = waiting.pop()
        if message in messages:
            continue
        package, name = message.split(".")
        fields = [describe(types, package, *each) for each in types[package][0][name]]
        messages[message] = sorted(fields, key=lambda field: str(field[0]).zfill(4))
        waiting += [str(field[2]).rpartition(":")[2] for field in fields if ":" in str(field[2])]
    lines = [f"{json.dumps(name)}:{json.dumps(messages[name], separators=(',', ':'))}" for name in sorted(messages)]
    OUTPUT.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def read_types(package: str) -> tuple[dict[str, list[tuple[str, str, str]]], dict[str, str]]:
    """The structs with (type, json tag, protobuf tag) of each field, and the other named types."""
    module, folder = FOLDERS[package]
    place = subprocess.run(
        ["go", "list", "-m", "-f", "{{.Dir}}", module],
        cwd=ROOT / "tools/control_plane/go", capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    structs: dict[str, list[tuple[str, str, str]]] = {}
    named: dict[str, str] = {}
    current: list[tuple[str, str, str]] | None = None
    for path in sorted(Path(place, folder).glob("*types.go")):
        for line in path.read_text().splitlines():
            if match := re.match(r"^type (\w+) struct \{", line):
                current = structs.setdefault(match[1], [])
            elif line.startswith("}"):
                current = None
            elif match := re.match(r"^(?:type|\t)\s*(\w+) ([\w.\[\]]+)$", line):
                named[match[1]] = match[2]
            elif current is not None and (match := FIELD.match(line)):
                current.append((match["type"], match["json"], match["proto"]))
    return structs, named


def describe(types: dict, package: str, go_type: str, json_tag: str, proto_tag: str) -> list[object]:  # type: ignore[type-arg]
    """[number, JSON name ("" if inline), type, whether a zero counts]."""
    name, *options = json_tag.split(",")
    number = int(proto_tag.split(",")[1])
    kind = resolve(types, package, go_type.removeprefix("*"))
    keeps_zero = go_type.startswith("*") or "omitempty" not in options
    return [number, "" if "inline" in options else name, kind, keeps_zero]


def resolve(types: dict, package: str, go_type: str) -> str:  # type: ignore[type-arg]
    """`string`, `[]message:core.Container`, `{}quantity`."""
    if go_type in SCALARS:
        return SCALARS[go_type]
    if go_type.startswith("[]"):
        return "[]" + resolve(types, package, go_type[2:].removeprefix("*"))
    if match := re.match(r"map\[[\w.]+\](.+)", go_type):
        return "{}" + resolve(types, package, match[1])
    owner, _, name = go_type.rpartition(".")
    owner = ALIASES.get(owner, owner) or package
    if f"{owner}.{name}" in SPECIAL:
        return SPECIAL[f"{owner}.{name}"]
    structs, named = types[owner]
    if name in structs:
        return f"message:{owner}.{name}"
    return resolve(types, owner, named[name])


if __name__ == "__main__":
    main()
