"""How statements are cut into groups."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dbaas.contracts.statement import Statement
from dbaas.lanes.grouping import group_statements

STATEMENTS = st.lists(
    st.builds(
        Statement, sql=st.integers(), database=st.sampled_from([None, "a", "b"]), transactional=st.booleans(),
        run_as=st.sampled_from([None, "x"]), locks=st.frozensets(st.sampled_from("kl")),
    )
)  # fmt: skip


@given(STATEMENTS)
def test_order_is_kept_and_nothing_is_lost(statements: list[Statement]) -> None:
    groups = list(group_statements(statements, "main"))
    assert [statement for group in groups for statement in group.statements] == statements


@given(STATEMENTS)
def test_a_group_is_one_transaction_in_one_place_or_one_statement(statements: list[Statement]) -> None:
    for group in group_statements(statements, "main"):
        assert {statement.database or "main" for statement in group.statements} == {group.database}
        assert len({statement.run_as for statement in group.statements}) == 1
        assert len(group.statements) == 1 or all(statement.transactional for statement in group.statements)


@given(STATEMENTS)
def test_neighbours_that_could_be_together_are(statements: list[Statement]) -> None:
    groups = list(group_statements(statements, "main"))
    for one, next_one in pairwise(groups):
        both = (*one.statements, *next_one.statements)
        places = {(statement.database or "main", statement.run_as) for statement in both}
        assert len(places) > 1 or not all(statement.transactional for statement in both)


def test_a_group_locks_and_vacates_what_any_of_it_does() -> None:
    statements = [Statement("a", locks=frozenset("k"), vacates="x"), Statement("b", locks=frozenset("l"))]
    (group,) = group_statements(statements, "main")
    assert group.locks == frozenset("kl") and group.vacated == frozenset("x")
