"""Views work on stored bytes."""

from __future__ import annotations

import orjson
import pytest

from dbaas.apiserver.failures import Failure
from dbaas.apiserver.kinds import builtin_resources
from dbaas.apiserver.negotiation import Wanted
from dbaas.apiserver.store import Entry
from dbaas.apiserver.views import choose_view, raw_metadata
from dbaas.core.clock import SystemClock

CONFIGMAPS = next(resource for resource in builtin_resources() if resource.collection == "configmaps")
ENTRY = Entry.read("a/b", 3, b'"metadata":{"name":"b","namespace":"a","uid":"u"},"data":{"x":"y"}}')


def test_metadata_is_cut_out_without_being_opened() -> None:
    assert raw_metadata(ENTRY) == b'{"name":"b","namespace":"a","uid":"u"}'


@pytest.mark.parametrize("form", ["", "Table", "PartialObjectMetadata"])
def test_every_view_shows_one_many_and_none(form: str) -> None:
    view = choose_view(CONFIGMAPS, Wanted(form=form), {}, SystemClock())  # type: ignore[arg-type]
    for body in (view.one(ENTRY), view.many([ENTRY, ENTRY], {"resourceVersion": "3"}), view.many([], {})):
        assert orjson.loads(body)["apiVersion"]
    assert orjson.loads(view.bookmark({"resourceVersion": "9"}))["metadata"]["resourceVersion"] == "9"


def test_an_unknown_wish_is_refused() -> None:
    with pytest.raises(Failure, match="must be 'Metadata', 'Object', 'None', or empty"):
        choose_view(CONFIGMAPS, Wanted(form="Table"), {"includeObject": "Some"}, SystemClock())
