"""Tests of `runtime.objects`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbaas.api.resource import Key, Resource
from dbaas.runtime.objects import Objects
from fixtures.resources import gadget


def _names(found: object) -> list[str]:
    return [resource.metadata.name for resource in found]  # type: ignore[attr-defined]


def test_everything_is_listed_in_order_of_namespace_and_name() -> None:
    objects = Objects()
    for name, namespace in (("b", "x"), ("a", "y"), ("c", "x")):
        objects.put(gadget(name, namespace=namespace))
    assert _names(objects.select("", {})) == ["b", "c", "a"]
    assert _names(objects.select("x", {})) == ["b", "c"]


def test_all_labels_must_be_equal() -> None:
    objects = Objects()
    objects.put(gadget("a", labels={"app": "x", "tier": "front"}))
    objects.put(gadget("b", labels={"app": "x", "tier": "back"}))
    objects.put(gadget("c", namespace="other", labels={"app": "x", "tier": "back"}))
    assert _names(objects.select("default", {"app": "x", "tier": "back"})) == ["b"]
    assert _names(objects.select("", {"app": "y"})) == []


def test_the_size_is_that_of_what_is_there() -> None:
    objects = Objects()
    resource = gadget("a")
    objects.put(gadget("a", labels={"long": "x" * 50}))
    objects.put(resource)
    assert objects.size_bytes == len(resource.raw)
    objects.drop(resource)
    assert objects.size_bytes == 0


LABELS = st.dictionaries(st.sampled_from(["app", "tier"]), st.sampled_from(["x", "y"]))


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.none() | LABELS), max_size=20), LABELS)
def test_selecting_by_index_finds_what_looking_at_all_would(
    story: list[tuple[str, dict[str, str] | None]], wanted: dict[str, str]
) -> None:
    objects, expected = Objects(), dict[Key, Resource]()
    objects.select("", wanted)  # from here on the index must keep up
    for version, (name, labels) in enumerate(story):
        known = objects.get(Key("default", name))
        if labels is not None:
            resource = gadget(name, version, labels=labels)
            objects.put(resource)
            expected[resource.key] = resource
        elif known is not None:
            objects.drop(known)
            del expected[known.key]
    slow = [r for _, r in sorted(expected.items()) if wanted.items() <= r.metadata.labels.items()]
    assert list(objects.select("", wanted)) == slow
