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


def test_an_index_finds_objects_by_what_they_refer_to() -> None:
    caches = Caches()
    users_of = caches.index(GADGET, lambda resource: [resource.spec["secret"]])
    also = caches.index(GADGET, lambda resource: [resource.metadata.uid])
    for name, secret in (("b", "pw"), ("a", "pw"), ("c", "other")):
        caches.open(GADGET).observe(gadget(name, spec={"secret": secret}))
    assert [resource.metadata.name for resource in users_of("pw")] == ["a", "b"]
    assert [resource.metadata.name for resource in also("uid-c")] == ["c"]
