"""Texts of SQL are shown without the passwords in them."""

from __future__ import annotations

from time import process_time

import pytest

from dbaas.core.redaction import mask_passwords


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("CREATE ROLE a PASSWORD 'hunter2'", "CREATE ROLE a PASSWORD '********'"),
        ("create user a encrypted password\n $x$hunter2$x$;", "create user a encrypted password\n '********';"),
        ("SELECT 'a'; ALTER ROLE a PASSWORD 'it''s hunter2'", "SELECT 'a'; ALTER ROLE a PASSWORD '********'"),
        ("CREATE USER a IDENTIFIED BY 'hunter2'", "CREATE USER a IDENTIFIED BY '********'"),
        ("INSERT INTO t (\"user\", password) VALUES ('a', 'hunter2')",
         "INSERT INTO t (\"user\", password) VALUES ('********', '********')"),
        ("CREATE SUBSCRIPTION s CONNECTION 'host=a password=hunter2' PUBLICATION p",
         "CREATE SUBSCRIPTION s CONNECTION '********' PUBLICATION p"),
        ("DO $$ BEGIN EXECUTE 'ALTER ROLE a PASSWORD ''hunter2'''; END $$", "DO '********'"),
        ("-- the password is hunter2\nSELECT 1", "/* ******** */\nSELECT 1"),
        ("SELECT dblink('postgres://a:hunter2@b/c')", "SELECT dblink('postgres://a:********@b/c')"),
        ("CREATE ROLE a PASSWORD E'\\'hunter2'", "********"),
        ("ALTER ROLE a PASSWORD 'hunter2", "********"),
        ("SELECT 'password'; SELECT 'a;hunter2'; ALTER ROLE a PASSWORD 'b'",
         "SELECT '********'; SELECT 'a;hunter2'; ALTER ROLE a PASSWORD '********'"),
    ],
)  # fmt: skip
def test_what_may_be_a_password_is_masked_and_the_rest_is_shown(text: str, shown: str) -> None:
    assert mask_passwords(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "", "CREATE TABLE a (b text DEFAULT 'c'); -- d", "CREATE TABLE a (password text)",
        "ALTER ROLE a PASSWORD NULL", "SELECT 'it''s'", "ALTER ROLE a PASSWORD ''", "https://example.com/a:b",
        "postgres://{{.Username}}:{{.Password}}@{{.Host}}", "user='{{.Username}}' password='{{.Password}}'",
    ],
)  # fmt: skip
def test_a_text_without_any_stays_as_it_is(text: str) -> None:
    assert mask_passwords(text) == text


@pytest.mark.parametrize("part", ["/*x", "$a$ $b$ ", "://a:", "'", '"', "e'", "$", "/*x*/ /*", "'a' "])
def test_nobody_can_choose_a_text_that_takes_long(part: str) -> None:
    began = process_time()
    mask_passwords(f"password {part * (65_536 // len(part))}")
    mask_passwords("password " + "".join(f"$t{n}$ " for n in range(9_000)))
    assert process_time() - began < 5.0
