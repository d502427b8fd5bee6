"""Tests of `runtime.cache`: properties 5 to 8 and 19 of the runtime."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbaas.api.resource import Key
from dbaas.runtime.cache import Cache, Change
from fixtures.resources import GADGET, gadget

ONE = Key("default", "one")


def _recorded() -> tuple[Cache, list[Change]]:
    cache, changes = Cache(GADGET), list[Change]()
    cache.listen(changes.append)
    return cache, changes


def test_a_list_replaces_and_tells_what_was_deleted_meanwhile() -> None:
    cache, changes = _recorded()
    cache.observe_listed(gadget("one", 1))
    cache.observe_listed(gadget("two", 2))
    cache.finish_list({ONE, Key("default", "two")}, "2")
    changes.clear()
    cache.observe_listed(gadget("one", 1))
    cache.finish_list({ONE}, "9")
    assert [(c.old and c.old.key.name, c.new) for c in changes] == [("two", None)]


def test_a_list_tells_only_of_versions_that_changed() -> None:
    cache, changes = _recorded()
    for version in (1, 1, 2):
        cache.observe_listed(gadget("one", version))
        cache.finish_list({ONE}, "5")
    assert len(changes) == 2


def test_the_first_list_is_marked_and_later_ones_are_not() -> None:
    cache, changes = _recorded()
    cache.observe_listed(gadget("one", 1))
    cache.finish_list({ONE}, "1")
    cache.observe_listed(gadget("one", 2))
    assert [change.initial for change in changes] == [True, False]


def test_an_older_object_never_replaces_a_newer_one() -> None:
    cache, _ = _recorded()
    cache.take(gadget("one", 10))
    cache.observe(gadget("one", 9))
    cache.observe_listed(gadget("one", 8))
    found = cache.get(ONE)
    assert found is not None
    assert found.metadata.resourceVersion == "10"


def test_a_list_older_than_our_own_creation_does_not_delete_it() -> None:
    cache, _ = _recorded()
    cache.take(gadget("one", 10))
    cache.finish_list(set(), "9")
    assert cache.get(ONE) is not None


def test_the_same_name_with_another_uid_is_a_deletion_and_a_creation() -> None:
    cache, changes = _recorded()
    cache.observe(gadget("one", 1))
    cache.observe(gadget("one", 2, uid="other"))
    assert [(c.old is None, c.new is None) for c in changes] == [(True, False), (False, True), (True, False)]


def test_our_own_write_is_there_at_once_and_its_echo_says_nothing() -> None:
    cache, changes = _recorded()
    cache.take(gadget("one", 5))
    cache.observe(gadget("one", 5))
    assert len(changes) == 1


def test_a_late_answer_does_not_bring_back_what_the_watch_saw_deleted() -> None:
    cache, _ = _recorded()
    cache.observe(gadget("one", 5))
    cache.remove(ONE, "uid-one", "7")
    cache.take(gadget("one", 6))
    assert cache.get(ONE) is None


def test_late_news_does_not_bring_back_what_we_deleted_ourselves() -> None:
    cache, _ = _recorded()
    cache.observe(gadget("one", 5))
    cache.remove(ONE, "uid-one")
    cache.observe(gadget("one", 6))
    assert cache.get(ONE) is None


def test_a_late_answer_does_not_bring_back_what_we_deleted_ourselves() -> None:
    cache, _ = _recorded()
    cache.observe(gadget("one", 5))
    cache.remove(ONE, "uid-one")
    cache.take(gadget("one", 6))
    assert cache.get(ONE) is None


def test_an_answer_of_a_time_before_what_is_known_is_outdated() -> None:
    cache, _ = _recorded()
    cache.observe_listed(gadget("one", 5))
    cache.finish_list({ONE}, "9")
    assert cache.is_outdated(gadget("one", 4))
    assert not cache.is_outdated(gadget("one", 5))
    assert not cache.is_outdated(gadget("one", 12))
    assert cache.is_outdated(gadget("two", 3)), "it would have been in the list"
    cache.remove(ONE, "uid-one", "13")
    assert cache.is_outdated(gadget("one", 12)), "we have heard that it is gone"


def test_an_answer_about_what_no_watch_has_told_of_is_believed_for_news_get_lost() -> None:
    cache, _ = _recorded()
    assert not cache.is_outdated(gadget("one", 3))
    cache.finish_list(set(), "9")
    cache.progress("20")
    assert not cache.is_outdated(gadget("one", 12))


def test_a_server_that_went_back_in_time_is_believed_in_everything_it_lists() -> None:
    cache, changes = _recorded()
    for name, version in (("one", 5), ("two", 6)):
        cache.observe(gadget(name, version))
    changes.clear()
    cache.rewind()
    cache.observe_listed(gadget("one", 3))
    cache.finish_list({ONE}, "4")
    assert [(change.key.name, change.new is None) for change in changes] == [("one", False), ("two", True)]
    assert cache.version == "4"
    cache.observe_listed(gadget("one", 2))
    assert changes[-1].key.name == "two"


def test_a_list_is_right_about_what_we_thought_was_gone() -> None:
    cache, _ = _recorded()
    cache.remove(ONE, "uid-one")
    cache.observe_listed(gadget("one", 6))
    assert cache.get(ONE) is not None


def test_the_deletion_of_a_former_object_leaves_its_successor() -> None:
    cache, _ = _recorded()
    cache.observe(gadget("one", 5, uid="second"))
    cache.remove(ONE, "first", "4")
    assert cache.get(ONE) is not None


def test_listeners_find_the_cache_updated_already() -> None:
    cache = Cache(GADGET)
    seen: list[bool] = []
    cache.listen(lambda change: seen.append(cache.get(change.key) is change.new))
    cache.observe(gadget("one", 1))
    cache.remove(ONE, "uid-one", "2")
    assert seen == [True, True]


STORY = st.lists(st.tuples(st.sampled_from(["one", "two", "three"]), st.booleans()), max_size=30)


@given(STORY, st.data())
def test_however_news_interleave_the_end_is_that_of_the_server(
    story: list[tuple[str, bool]], data: st.DataObject
) -> None:
    """Answers to our writes may come before or after the watch's news, each in order."""
    cache, alive, answers = Cache(GADGET), dict[str, int](), list[tuple[str, int]]()
    for version, (name, deleted) in enumerate(story, 1):
        if deleted and name in alive:
            uid = f"uid-{name}-{alive.pop(name)}"
            cache.remove(Key("default", name), uid, str(version))
        elif not deleted:
            born = alive.setdefault(name, version)
            resource = gadget(name, version, uid=f"uid-{name}-{born}")
            if data.draw(st.booleans()):
                cache.take(resource)
            cache.observe(resource)
            answers.append((name, version))
            if data.draw(st.booleans()):
                cache.take(resource)
    left = {resource.key.name: resource.metadata.uid for resource in cache.objects}
    assert left == {name: f"uid-{name}-{born}" for name, born in alive.items()}
