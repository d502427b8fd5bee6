"""Options of lists; what is refused is in the conformance suite."""

from __future__ import annotations

import pytest

from dbaas.apiserver.failures import Failure
from dbaas.apiserver.list_options import ListOptions, asks_to_watch, parse_version, read_list_options


def test_the_default_is_all_of_the_newest() -> None:
    assert read_list_options({}) == ListOptions("", "", "", 0, 0, bookmarks=False, initial=None)


def test_everything_that_is_said_is_read() -> None:
    query = {"limit": "5", "timeoutSeconds": "+7", "continue": "t", "watch": "1", "allowWatchBookmarks": "TRUE"}
    assert read_list_options(query) == ListOptions("", "", "t", 5, 7, bookmarks=True, initial=None)
    assert asks_to_watch(query)
    assert not asks_to_watch({"watch": "false"})


@pytest.mark.parametrize(("watch", "code"), [(False, 400), (True, 500)])
def test_a_version_is_made_of_digits(watch: bool, code: int) -> None:
    assert parse_version("12", watch=watch) == 12
    assert parse_version("", watch=watch) == 0
    for text in ("x", "-1", "1.0", "٣"):
        with pytest.raises(Failure) as refused:
            parse_version(text, watch=watch)
        assert refused.value.code == code
