"""Requests drawn at random, right and wrong ones, to be sent to two servers whose answers are compared.

Objects and patches are drawn from the same tables.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from conformance.kubernetes_api.random_values import CONTAINER, KINDS, METADATA, WRONG, Fields, Kind
from conformance.kubernetes_api.specimens import GROUP

NAMES = ("one", "two")
MANAGERS = ("m1", "m2")
VERBS = {"create": 4, "replace": 3, "merge": 4, "strategic": 2, "json": 3, "apply": 5, "delete": 2, "get": 1}
MISTAKES = 0.1  # the share of objects and patches with a value of a wrong type
JSON_OPERATIONS = ("add", "replace", "remove", "test", "copy", "move")


class Ask(NamedTuple):
    """One request. `body` lacks what only a server knows: `resourceVersion` and `uid` are put in when it is sent."""

    verb: str
    kind: Kind
    name: str
    body: Any
    query: dict[str, str]
    subresource: str = ""


def _metadata_of(kind: Kind) -> Fields:
    """Without what makes two servers differ in what follows from it: the labels of a Job's Pods tell its uid."""
    return {name: values for name, values in METADATA.items() if name != "uid" or kind.plural != "jobs"}


class Draw:
    """The same requests for the same seed. `kind` narrows them to one."""

    def __init__(self, seed: int, kind: str = "") -> None:
        self._random = random.Random(seed)
        self._kinds = [each for each in KINDS if kind in ("", each.plural)]

    def asks(self, count: int) -> Iterator[Ask]:
        for _ in range(count):
            yield self._ask()

    def _ask(self) -> Ask:
        kind, name = self._random.choice(self._kinds), self._random.choice(NAMES)
        verbs = {**VERBS, "strategic": 0} if kind.group == GROUP else VERBS
        (verb,) = self._random.choices(list(verbs), list(verbs.values()))
        subresource = "status" if kind.status and verb not in ("create", "delete") and self._chance(0.2) else ""
        query = self._query(verb)
        match verb:
            case "get":
                body: Any = None
            case "delete":
                body = self._deletion(kind)
            case "json":
                body = [self._operation(kind) for _ in range(self._random.randint(1, 2))]
            case "merge" | "strategic":
                body = self._patch(kind, subresource)
            case _:
                body = self._object(kind, name, subresource)
        if verb not in ("get", "delete", "json") and self._chance(MISTAKES):
            self._mistake(body)
        return Ask(verb, kind, name, body, query, subresource)

    def _mistake(self, body: dict[str, Any]) -> None:
        """One field, somewhere, gets a value that is most likely of a wrong type."""
        names = [name for name in body if name not in ("apiVersion", "kind")]
        if not names:
            return
        name = self._random.choice(names)
        if isinstance(body[name], dict) and body[name] and self._chance(0.7):
            self._mistake(body[name])
        elif name != "name":  # without which there is nothing to compare
            body[name] = copy.deepcopy(self._random.choice(WRONG))

    def _query(self, verb: str) -> dict[str, str]:
        if verb in ("get", "delete"):
            return {}
        query = {"fieldManager": self._random.choice(MANAGERS)}
        if self._chance(0.3):
            query["fieldValidation"] = self._random.choice(["Ignore", "Warn", "Strict", "Other"])
        if self._chance(0.1):
            query["dryRun"] = self._random.choice(["All", "Some"])
        if verb == "apply" and self._chance(0.5):
            query["force"] = "true"
        return query

    def _object(self, kind: Kind, name: str, subresource: str) -> dict[str, Any]:
        body = {"apiVersion": kind.api_version, "kind": kind.kind, **copy.deepcopy(dict(kind.needed))}
        body["metadata"] = {"name": name} if subresource else {"name": name, **self._some(_metadata_of(kind), 0.06)}
        body |= self._some(kind.fields, 0.5)
        if kind.spec:
            body["spec"] = {**body.get("spec", {}), **self._some(kind.spec, self._random.choice([0.0, 0.1, 0.25]))}
        if subresource:
            body["status"] = self._some(kind.status, 0.5)
        self._furnish(body)
        return body

    def _furnish(self, body: dict[str, Any]) -> None:
        """More in the first container of a Pod or of a Job's template."""
        spec = body.get("spec", {})
        spec = spec.get("template", {}).get("spec", spec)
        if spec.get("containers"):
            spec["containers"][0] |= self._some(CONTAINER, self._random.choice([0.0, 0.1, 0.2]))

    def _patch(self, kind: Kind, subresource: str) -> dict[str, Any]:
        body: dict[str, Any] = self._some(kind.fields, 0.3)
        if kind.spec:
            body["spec"] = self._some(kind.spec, 0.1)
        if subresource:
            body["status"] = self._some(kind.status, 0.5)
        if not subresource and self._chance(0.4):
            body["metadata"] = self._some(_metadata_of(kind), 0.15)
        for part in (body, body.get("spec", {}), body.get("metadata", {})):
            names = [name for name in part if name not in ("spec", "status", "metadata", "addressType")]
            if names and self._chance(0.15):
                part[self._random.choice(names)] = None
        return body

    def _operation(self, kind: Kind) -> dict[str, Any]:
        places = [(f"/{field}", values) for field, values in kind.fields.items()]
        places += [(f"/spec/{field}", values) for field, values in kind.spec.items()]
        places += [(f"/metadata/{field}", values) for field, values in _metadata_of(kind).items()]
        path, values = self._random.choice(places)
        operation = {
            "op": self._random.choice(JSON_OPERATIONS),
            "path": path + self._random.choice(["", "", "", "/0", "/a"]),
        }
        if operation["op"] in ("copy", "move"):
            operation["from"] = self._random.choice(places)[0]
        elif operation["op"] != "remove":
            operation["value"] = copy.deepcopy(self._random.choice(values))
        return operation

    def _deletion(self, kind: Kind) -> dict[str, Any]:
        body: dict[str, Any] = {"propagationPolicy": "Background"} if kind.plural == "jobs" else {}
        if self._chance(0.3):
            body["propagationPolicy"] = self._random.choice(["Background", "Foreground", "Orphan", "Other"])
        if self._chance(0.05):
            body["orphanDependents"] = self._chance(0.5)
        if self._chance(0.2):
            body["preconditions"] = {"uid": "00000000-0000-0000-0000-000000000001"}
        if self._chance(0.2):
            body["gracePeriodSeconds"] = self._random.choice([0, 1, -1])
        return body

    def _some(self, fields: Fields, share: float) -> dict[str, Any]:
        return {
            name: copy.deepcopy(self._random.choice(values)) for name, values in fields.items() if self._chance(share)
        }

    def _chance(self, share: float) -> bool:
        return self._random.random() < share
