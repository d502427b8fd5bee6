"""What is held, put into words, asks for just what is held."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbaas.api.grant import Privilege
from dbaas.contracts.engine import References
from dbaas.engines.postgres.blueprints.privileges import describe_privileges
from dbaas.engines.postgres.privileges.entries import HAS_FUTURE, IN_SCHEMA, ON_SERVER, PRIVILEGES, Entry, Target
from dbaas.engines.postgres.privileges.wording import MOST_NAMES, put_into_words

NAMES = st.sampled_from(["a", "b c", 'd"e', "*x"])


@st.composite
def _targets(draw: st.DrawFn) -> Target:
    on = draw(st.sampled_from([each for each in PRIVILEGES if each != "largeObject"]))
    if on in HAS_FUTURE and draw(st.booleans()):
        schema = "" if on == "schema" else draw(st.sampled_from(["", "s"]))
        return Target(on, schema, grantor=draw(NAMES))
    grantor = draw(st.none() | NAMES)
    column = draw(NAMES) if on == "column" else ""
    return Target(on, draw(NAMES) if on in IN_SCHEMA else "", draw(NAMES), grantor, column)


@st.composite
def _entries(draw: st.DrawFn) -> Entry:
    target = draw(_targets())
    return Entry(target, draw(st.sampled_from(PRIVILEGES[target.on])), draw(st.booleans()))


@given(held=st.frozensets(_entries(), max_size=30))
def test_words_mean_what_is_held(held: frozenset[Entry]) -> None:
    inside = {entry for entry in held if entry.target.on not in ON_SERVER}
    items = put_into_words({"shop": inside, None: held - inside})
    desired = describe_privileges(map(Privilege.model_validate, items), "ann", References())
    found = {entry for item in desired for entry in item.desired.entries}
    strongest = {entry for entry in held if entry.grantable or Entry(entry.target, entry.privilege, True) not in held}
    assert found == strongest
    assert {item.database for item in desired} <= {"shop", None}


def test_things_that_are_treated_alike_share_an_item() -> None:
    held = [Entry(Target("table", "s", name), right) for name in ("b", "a") for right in ("SELECT", "INSERT")]
    (item,) = put_into_words({"shop": held})
    assert item == {
        "on": "table", "database": "shop", "schema": "s", "names": ["a", "b"], "privileges": ["INSERT", "SELECT"],
    }  # fmt: skip


def test_what_is_called_like_everything_is_not_asked_for() -> None:
    held = [Entry(Target("table", "s", "*"), "SELECT"), Entry(Target("table", "*", "t"), "SELECT")]
    assert put_into_words({"shop": held}) == []


def test_no_item_has_more_names_than_it_may() -> None:
    held = [Entry(Target("table", "s", f"t{number}"), "SELECT") for number in range(MOST_NAMES + 1)]
    assert [len(item["names"]) for item in put_into_words({"shop": held})] == [MOST_NAMES, 1]
