"""Why something is still there, in words that help."""

from __future__ import annotations

from dbaas.api.role import DATABASE_ROLE
from dbaas.dialects.dbops.farewells import RESOLUTION, describe_block, say_by_annotations
from dialects.dbops.make import child


def test_fields_that_the_group_does_not_have_become_annotations() -> None:
    message = "free it, or set spec.deletionPolicy to Retain and it stays"
    assert say_by_annotations(child(DATABASE_ROLE), message) == (
        "free it, or set annotation dbops.dbprovision.io/deletion-policy to Retain and it stays"
    )


def test_the_way_out_of_ours_is_replaced_where_it_is_known() -> None:
    held = child(DATABASE_ROLE, ownershipBlock={"resolution": "do this"})
    assert say_by_annotations(held, "it owns much: do this") == f"it owns much: {RESOLUTION}"
    assert say_by_annotations(child(DATABASE_ROLE), "it owns much: do this") == "it owns much: do this"


def test_owned_things_say_in_which_database_they_are() -> None:
    block = {"blocked": True, "ownedObjects": [{"database": "a", "name": "b", "type": "schema"}]}
    assert describe_block(block) == {
        "blocked": True, "ownedObjects": [{"schema": "a", "name": "b", "type": "schema"}]
    }  # fmt: skip
    assert describe_block(None) is None
