"""Which statements of a catalogue are refused, and where parameters may stand in the others."""

from __future__ import annotations

import pytest

from dbaas.engines.postgres.custom_text import check, read


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("", "it is empty"),
        ("-- nothing", "it is empty"),
        ("SELECT '$(a)'", "stands in quotes"),
        ("SELECT E'\\'$(a)'", "stands in quotes"),
        ("SELECT U&'$(a)'", "stands in quotes"),
        ('SELECT "$(a)"', "stands in quotes"),
        ("SELECT $q$ $(a) $q$", "stands in quotes"),
        ("DO $$ BEGIN PERFORM $(a); END $$", "stands in quotes"),
        ("SELECT 1 -- $(a)", "in a comment"),
        ("SELECT /* $(a) */ 1", "in a comment"),
        ("SELECT x$(a)", "at the end of a word"),
        ("SELECT $(1a)", "a parameter $(name)"),
        ("SELECT $( a)", "a parameter $(name)"),
        ("SELECT 'x", "has no end"),
        ('SELECT "x', "has no end"),
        ("SELECT $$ x $(a)", "has no end"),
        ("SELECT 1 /* x", "has no end"),
        ("SELECT 1 /*/", "has no end"),
        ("SELECT /* a /* b */ $(a) */ 1", "a comment within a comment"),
        ("SELECT 1\0", "NUL"),
        ("SELECT 1; SELECT 2", "several statements"),
        ("VACUUM $(a); -- done\n;DROP TABLE x", "several statements"),
        ("COMMIT", "COMMIT begins or ends transactions"),
        ("start transaction", "START begins or ends transactions"),
        ("SET work_mem = '1GB'", "SET is about a session"),
        ("COPY t FROM STDIN", "COPY works with files of the server"),
        ("ALTER ROLE app PASSWORD $(word)", "make a DatabaseUser"),
        ("create user app encrypted password 'x'", "make a DatabaseUser"),
        ("CREATE USER MAPPING FOR a SERVER b OPTIONS (user 'x', password 'y')", "make a DatabaseUser"),
        ("CREATE SUBSCRIPTION s CONNECTION 'host=a password=b' PUBLICATION p", "make a DatabaseUser"),
    ],
)
def test_what_is_not_certain_or_not_possible_is_refused(sql: str, why: str) -> None:
    assert any(why in problem for problem in check(sql))


@pytest.mark.parametrize(
    ("sql", "holes"),
    [
        ("VACUUM (ANALYZE) $(schema).$(table);", ["schema", "table"]),
        ("SELECT f($(a), $(a)) -- twice; it is\n", ["a", "a"]),
        ("SELECT 'it''s; $1' || $(a)::text", ["a"]),
        ("DO $body$ BEGIN PERFORM 1; COMMIT; END $body$", []),
        ("UPDATE s.t SET password_reset = now() WHERE id = $(id) ; ", ["id"]),
        ("SELECT $(a)$(b)", ["a", "b"]),
    ],
)
def test_parameters_are_found_where_a_value_or_a_name_stands(sql: str, holes: list[str]) -> None:
    assert list(check(sql)) == []
    assert [hole[1] for hole in read(sql).holes] == holes


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(list(check("BEGIN; SELECT '$(a)'"))) == 3
