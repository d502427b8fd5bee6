"""The group's annotations."""

from __future__ import annotations

from dbaas.dialects.dbops.annotations import is_paused, translate_annotations
from dialects.dbops.make import SERVER, foreign

PREFIX = "dbops.dbprovision.io"


def test_both_ways_to_pause_are_understood() -> None:
    for name in ("skip-reconcile", "pause-reconcile"):
        assert is_paused(foreign("Database", SERVER, annotations={f"{PREFIX}/{name}": "true"}))
        assert not is_paused(foreign("Database", SERVER, annotations={f"{PREFIX}/{name}": "false"}))
    assert not is_paused(foreign("Database", SERVER))


def test_those_with_a_meaning_for_ours_are_handed_on() -> None:
    given = {
        f"{PREFIX}/force-delete": "true",
        f"{PREFIX}/confirm-force-delete": "1a2b3c4d",
        f"{PREFIX}/allow-destructive-drift": "true",
        f"{PREFIX}/unknown": "x",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
    }
    assert translate_annotations(foreign("Database", SERVER, annotations=given)) == {
        "dbaas.io/force-delete": "true",
        "dbaas.io/confirm-delete": "1a2b3c4d",
        "dbaas.io/allow-destructive": "true",
    }
