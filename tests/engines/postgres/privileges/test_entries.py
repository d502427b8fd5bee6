"""Entries and their keys."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbaas.engines.postgres.privileges.entries import Entry, Target, key_of, parse_key, privileges_on, with_implied

NAMES = st.text(min_size=1, max_size=10)
OPTIONAL = NAMES | st.just("")
TARGETS = st.one_of(
    st.builds(Target, st.just("table"), NAMES, NAMES),
    st.builds(lambda name: Target("schema", name=name), NAMES),
    st.builds(
        lambda schema, grantor: Target("table", schema, grantor=grantor), NAMES | st.just(""), NAMES | st.just("")
    ),
)
ENTRIES = st.builds(Entry, TARGETS, st.sampled_from(["SELECT", "ALL"]), st.booleans())


@given(ENTRIES)
def test_a_key_gives_its_entry_back(entry: Entry) -> None:
    assert parse_key(key_of(entry)) == entry


@given(ENTRIES, ENTRIES)
def test_different_entries_have_different_keys(one: Entry, other: Entry) -> None:
    assert (key_of(one) == key_of(other)) == (one == other)


def test_the_longest_key_fits_the_status() -> None:
    """The schema of `status.owned[].keys` allows 1,024 characters."""
    target = Target("sequence", "\x01" * 63, "\x01" * 63)
    assert len(key_of(Entry(target, "REFERENCES", grantable=True))) <= 1024


def test_the_right_to_give_on_implies_the_privilege() -> None:
    target = Target("schema", name="sales")
    assert set(with_implied([Entry(target, "USAGE", grantable=True)])) == {
        Entry(target, "USAGE"), Entry(target, "USAGE", grantable=True)
    }  # fmt: skip


def test_what_all_stands_for_depends_on_the_version() -> None:
    assert "MAINTAIN" in privileges_on("table", 170000)
    assert "MAINTAIN" not in privileges_on("table", 160000)


def test_targets_read_as_people_say_them() -> None:
    assert str(Target("table", "sales", "*")) == "table sales.*"
    assert str(Target("schema", name="sales")) == "schema sales"
    assert str(Target("table", "sales", grantor="owner")) == "future tables of owner in sales"
    assert str(Target("schema", grantor="")) == "future schemas of our login"
