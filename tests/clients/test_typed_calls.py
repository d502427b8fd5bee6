"""Every typed call that the official client has for a kind, refusals included, answered as Kubernetes answers it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from kubernetes import client

from clients.kinds import TYPED_KINDS, TypedKind, named
from clients.official import APPLY, JSON, MERGE, STRATEGIC, Connection, Transcript

MANAGER = {"field_manager": "maker"}
pytestmark = pytest.mark.slow

EXPECTED = {
    "create dry": 200, "read dry": 404, "create": 200, "create again": 409, "create unnamed": 422, "read": 200,
    "list": 200, "list labelled": 200, "list unlabelled": 200, "list set-based": 200, "list named": 200,
    "list bad selector": 400, "list first": 200, "list rest": 200, "list everywhere": 200,
    "merge": 200, "strategic": 200, "json": 200, "json refused": 422, "patch absent": 404,
    "patch strictly": 422, "patch loosely": 200,
    "merge dry": 200, "apply": 409, "apply forced": 200, "apply again": 200, "apply new": 200,
    "replace": 200, "replace stale": 409,
    "delete dry": 200, "delete other": 409, "delete": 200, "delete absent": 404, "read deleted": 404,
    "delete collection": 200, "list empty": 200,
}  # fmt: skip


class Calls:
    """The calls for one kind; each object is called by the same names on every server."""

    def __init__(self, connection: Connection, kind: TypedKind) -> None:
        self.transcript = Transcript(connection)
        self.kind = kind
        self.namespace = connection.namespace
        self._api = getattr(client, kind.api)(connection.api)

    def do(self, name: str, verb: str, *arguments: Any, **options: Any) -> Any:
        """Names of objects go before the namespace, bodies after it."""
        function = getattr(self._api, f"{verb}_namespaced_{self.kind.noun}")
        names = [each for each in arguments if isinstance(each, str)]
        bodies = [each for each in arguments if not isinstance(each, str)]
        return self.transcript.call(name, function, *names, self.namespace, *bodies, **options)

    def body(self, name: str, content: dict[str, Any], **metadata: Any) -> dict[str, Any]:
        made = named(self.kind, name, copy.deepcopy(content), **metadata)
        if "involvedObject" in made:
            made["involvedObject"]["namespace"] = self.namespace
        return made

    def run(self) -> Transcript:
        self._create_and_read()
        self._list()
        self._patch()
        self._apply()
        self._replace()
        self._delete()
        return self.transcript

    def _create_and_read(self) -> None:
        one = self.body("one", self.kind.body, labels={"part": "a"})
        self.do("create dry", "create", one, dry_run="All", **MANAGER)
        self.do("read dry", "read", "one")
        self.do("create", "create", one, **MANAGER)
        self.do("create again", "create", one, **MANAGER)
        unnamed = self.body("", self.kind.body)
        self.do("create unnamed", "create", unnamed, **MANAGER)
        self.do("create second", "create", self.body("two", self.kind.body, labels={"part": "b"}), **MANAGER)
        self.do("read", "read", "one")

    def _list(self) -> None:
        self.do("list", "list")
        self.do("list labelled", "list", label_selector="part=a")
        self.do("list unlabelled", "list", label_selector="!part")
        self.do("list set-based", "list", label_selector="part in (a,b),part notin (b)")
        self.do("list named", "list", field_selector="metadata.name=two")
        self.do("list bad selector", "list", label_selector="a in b")
        first = self.do("list first", "list", limit=1)
        self.do("list rest", "list", limit=1, _continue=first.metadata._continue)
        everywhere = getattr(self._api, f"list_{self.kind.noun}_for_all_namespaces")
        selector = f"metadata.namespace={self.namespace}"
        self.transcript.call("list everywhere", everywhere, field_selector=selector)

    def _patch(self) -> None:
        change = self.kind.change
        self.do("merge", "patch", "one", change, _content_type=MERGE, **MANAGER)
        self.do("merge dry", "patch", "one", _label("dry"), _content_type=MERGE, dry_run="All", **MANAGER)
        self.do("strategic", "patch", "one", _label("strategic"), _content_type=STRATEGIC, **MANAGER)
        pointed = [{"op": "add", "path": "/metadata/labels/json", "value": "x"}]
        self.do("json", "patch", "one", pointed, _content_type=JSON, **MANAGER)
        failing = [{"op": "test", "path": "/metadata/labels/json", "value": "y"}]
        self.do("json refused", "patch", "one", failing, _content_type=JSON, **MANAGER)
        self.do("patch absent", "patch", "none", change, _content_type=MERGE, **MANAGER)
        unknown = {"unknown": 1}
        self.do("patch strictly", "patch", "one", unknown, _content_type=MERGE, field_validation="Strict", **MANAGER)
        self.do("patch loosely", "patch", "one", unknown, _content_type=MERGE, field_validation="Ignore", **MANAGER)

    def _apply(self) -> None:
        applied = self.body("one", self.kind.applied)
        options = {"_content_type": APPLY, "field_manager": "other"}
        self.do("apply", "patch", "one", applied, **options)
        self.do("apply forced", "patch", "one", applied, force=True, **options)
        self.do("apply again", "patch", "one", applied, **options)
        self.do("apply new", "patch", "three", self.body("three", self.kind.body), **options)

    def _replace(self) -> None:
        read = getattr(self._api, f"read_namespaced_{self.kind.noun}")
        stored = self.transcript.connection.api.sanitize_for_serialization(read("one", self.namespace))
        stored["metadata"]["labels"] = {"part": "a", "replaced": "yes"}
        self.do("replace", "replace", "one", stored, **MANAGER)
        self.do("replace stale", "replace", "one", stored, **MANAGER)
        del stored["metadata"]["resourceVersion"]
        self.do("replace unversioned", "replace", "one", stored, **MANAGER)

    def _delete(self) -> None:
        now = {"grace_period_seconds": 0, "propagation_policy": "Background"}
        self.do("delete dry", "delete", "one", dry_run="All", **now)
        self.do("delete other", "delete", "one", body={"preconditions": {"uid": "other"}, "gracePeriodSeconds": 0})
        self.do("delete", "delete", "one", **now)
        self.do("delete absent", "delete", "one", **now)
        self.do("read deleted", "read", "one")
        self.do("delete collection", "delete_collection", label_selector="part=b", **now)
        self.do("delete the rest", "delete_collection", **now)
        self.do("list empty", "list")


def _label(value: str) -> dict[str, Any]:
    return {"metadata": {"labels": {"changed-by": value}}}


@pytest.mark.parametrize("kind", TYPED_KINDS, ids=lambda kind: kind.noun)
def test_all_calls_for_a_kind_end_as_they_should(connection: Connection, kind: TypedKind) -> None:
    statuses = Calls(connection, kind).run().statuses()
    assert {name: statuses[name] for name in EXPECTED} == EXPECTED


@pytest.mark.kube_apiserver
@pytest.mark.parametrize("kind", TYPED_KINDS, ids=lambda kind: kind.noun)
def test_all_calls_for_a_kind_are_answered_with_the_same_words(
    embedded_connection: Connection, kube_connection: Connection, kind: TypedKind
) -> None:
    ours, theirs = (Calls(each, kind).run().lines for each in (embedded_connection, kube_connection))
    for our, their in zip(ours, theirs, strict=True):
        assert our == their
