"""Events of the newer group."""

from __future__ import annotations

from dbaas.apiserver.translations import TRANSLATIONS

EVENTS = TRANSLATIONS["events.events.k8s.io"]


def test_there_and_back_is_the_same() -> None:
    obj = {"metadata": {}, "regarding": {"name": "a"}, "note": "b", "deprecatedCount": 3, "reason": "c"}
    assert EVENTS.outward(EVENTS.inward(obj)) == obj


def test_it_is_stored_under_the_older_names() -> None:
    assert EVENTS.inward({"note": "b", "reportingController": "c"}) == {"message": "b", "reportingComponent": "c"}
