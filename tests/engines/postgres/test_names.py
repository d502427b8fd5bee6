"""Names."""

from __future__ import annotations

import pytest

from dbaas.engines.postgres.names import check_name, check_not_reserved


@pytest.mark.parametrize("name", [None, "shop", "x" * 63, "é" * 31, 'a"b; DROP', " "])
def test_anything_that_fits_is_a_name(name: str | None) -> None:
    assert not list(check_name("spec.name", name, "database"))


def test_a_name_is_measured_in_bytes() -> None:
    (violation,) = check_name("spec.name", "é" * 32, "database")
    assert (violation.field, violation.message) == (
        "spec.name", "the name of a database has at most 63 bytes, and this one has 64"
    )  # fmt: skip


@pytest.mark.parametrize("name", ["a\0b", "a\ud800"])
def test_what_cannot_be_sent_is_no_name(name: str) -> None:
    assert list(check_name("spec.name", name, "role"))


@pytest.mark.parametrize(
    ("name", "reserved"), [("pg_monitor", True), ("none", True), ("pgbouncer", False), (None, False)]
)
def test_what_belongs_to_the_server_is_refused(name: str | None, reserved: bool) -> None:
    assert bool(list(check_not_reserved("spec.name", name, "role", {"none"}))) == reserved
