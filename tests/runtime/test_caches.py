"""Tests of `runtime.caches`."""

from __future__ import annotations

from dbaas.api.core import SECRET
from dbaas.api.resource import Key
from dbaas.runtime.caches import Caches
from fixtures.resources import GADGET, gadget


def test_there_is_one_cache_for_a_kind_however_often_it_is_opened() -> None:
    caches = Caches()
    assert caches.open(GADGET) is caches.open(GADGET)
    assert [cache.kind for cache in caches] == [GADGET]


def test_a_cache_answers_only_when_it_has_synced_and_holds_whole_objects() -> None:
    caches = Caches()
    assert caches.readable(GADGET) is None
    for kind in (GADGET, SECRET):
        caches.open(kind)
        assert caches.readable(kind) is None
        caches.open(kind).finish_list(set(), "1")
    assert caches.readable(GADGET) is caches.open(GADGET)
    assert caches.readable(SECRET) is None


def test_what_is_secret_in_an_answer_does_not_enter_the_cache() -> None:
    caches = Caches()
    cache = caches.open(SECRET)
    cache.finish_list(set(), "1")
    caches.take(gadget("pw", 2, kind=SECRET, spec={"password": "hunter2"}))
    found = cache.get(Key("default", "pw"))
    assert found is not None
    assert b"hunter2" not in found.raw


def test_the_version_of_an_object_is_told_where_it_is_known() -> None:
    caches = Caches()
    assert caches.version_of(SECRET, Key("default", "pw")) == ""
    cache = caches.open(SECRET)
    cache.finish_list(set(), "1")
    caches.take(gadget("pw", 2, kind=SECRET))
    assert caches.version_of(SECRET, Key("default", "pw")) == "2"
    assert caches.version_of(SECRET, Key("default", "other")) == ""


def test_answers_are_judged_by_the_cache_of_their_kind_and_namespace() -> None:
    whole, scoped = Caches(), Caches(["default"])
    for caches in (whole, scoped):
        assert not caches.is_outdated(gadget("one", 3)), "nobody watches that kind"
        for part in caches.open(GADGET).parts.values():
            part.finish_list(set(), "9")
        assert caches.is_outdated(gadget("one", 3))
    assert not scoped.is_outdated(gadget("one", 3, namespace="other"))


def test_an_index_finds_objects_by_what_they_refer_to() -> None:
    caches = Caches()
    users_of = caches.index(GADGET, lambda resource: [resource.spec["secret"]])
    also = caches.index(GADGET, lambda resource: [resource.metadata.uid])
    for name, secret in (("b", "pw"), ("a", "pw"), ("c", "other")):
        caches.open(GADGET).observe(gadget(name, spec={"secret": secret}))
    assert [resource.metadata.name for resource in users_of("pw")] == ["a", "b"]
    assert [resource.metadata.name for resource in also("uid-c")] == ["c"]
