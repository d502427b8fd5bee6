"""Times that cannot be read, in Go's words; these were compared with kube-apiserver's."""

from __future__ import annotations

import pytest

from dbaas.apiserver.timestamps import unreadable_time

SECOND = "2006-01-02T15:04:05Z07:00"
MICRO = "2006-01-02T15:04:05.000000Z07:00"


def told(text: str) -> str | None:
    return unreadable_time({"metadata": {"creationTimestamp": text}}, "configmaps")


@pytest.mark.parametrize("text", ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.5Z", "2024-01-01T00:00:00+02:00"])
def test_a_moment_may_have_fractions_and_a_zone(text: str) -> None:
    assert told(text) is None


def test_the_first_part_that_does_not_fit_is_named() -> None:
    assert told("yesterday") == f'parsing time "yesterday" as "{SECOND}": cannot parse "yesterday" as "2006"'
    assert told("2024-1-01") == f'parsing time "2024-1-01" as "{SECOND}": cannot parse "1-01" as "01"'
    assert told("2024-01-01T00:00:00Zz") == 'parsing time "2024-01-01T00:00:00Zz": extra text: "z"'


def test_a_lease_counts_microseconds() -> None:
    text = "2026-01-01T00:00:00Z"
    found = unreadable_time({"spec": {"renewTime": text}}, "leases.coordination.k8s.io")
    assert found == f'parsing time "{text}" as "{MICRO}": cannot parse "Z" as ".000000"'
    assert unreadable_time({"spec": {"renewTime": text}}, "widgets.example.com") is None
    exact = "2026-01-01T00:00:00.000000Z"
    assert unreadable_time({"spec": {"renewTime": exact}}, "leases.coordination.k8s.io") is None
