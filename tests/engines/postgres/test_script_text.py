"""What is seen in a user's SQL without understanding it."""

from __future__ import annotations

from time import process_time

import pytest

from dbaas.engines.postgres.script_text import ends_transactions, find_place


@pytest.mark.parametrize(
    "text",
    [
        "COMMIT",
        "create table a();\n  commit ;",
        "/* first */ BEGIN; SELECT 1; END;",
        "SELECT 'it''s'; ROLLBACK",
        "SELECT E'\\''; COMMIT; --'",
        "SELECT $x$ $$ ; $x$; Abort",
        "PREPARE TRANSACTION 'x'",
        "START TRANSACTION",
        'CREATE TABLE "a;b"(); END',
    ],
)
def test_a_statement_that_ends_a_transaction_is_seen(text: str) -> None:
    assert ends_transactions(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN COMMIT; END; $$; SELECT 1",
        "SELECT '; COMMIT;'; SELECT 1 -- ; COMMIT",
        'CREATE TABLE "commit" (id int); INSERT INTO "commit" VALUES (1);',
        "SELECT CASE WHEN true THEN 1 ELSE 2 END; SELECT 1",
        "/* ; COMMIT; */ SELECT 1",
        "SELECT E'\\'; COMMIT;'; SELECT 1",
        "SELECT $ä$; COMMIT; $ä$",
    ],
)
def test_words_that_only_look_like_it_are_not_taken_for_one(text: str) -> None:
    assert not ends_transactions(text)


def test_a_place_is_told_by_line_and_column() -> None:
    assert find_place("select 1;\nselect ?", 18) == "line 2, column 8"
    assert find_place("x", 1) == "line 1, column 1"


@pytest.mark.parametrize("part", ["/*x", "$a$ $b$ ", "://a:", "'", '"', "e'", "$", "/*x*/ /*", "'a' "])
def test_nobody_can_choose_a_text_that_takes_long(part: str) -> None:
    began = process_time()
    ends_transactions(part * (65_536 // len(part)))
    ends_transactions("".join(f"$t{n}$ " for n in range(9_000)))
    assert process_time() - began < 5.0
