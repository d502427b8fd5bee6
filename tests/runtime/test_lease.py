"""Tests of `runtime.lease`: what a record says, whoever wrote it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from dbaas.api.core import LEASE
from dbaas.api.resource import build_resource
from dbaas.runtime.lease import HELD_FOR, LeaseRecord, format_micro_time, parse_lease


def _parse(spec: dict[str, Any] | None) -> LeaseRecord:
    metadata = {"name": "operator", "namespace": "default", "resourceVersion": "7"}
    return parse_lease(build_resource(LEASE, {"metadata": metadata, "spec": spec}))


@pytest.mark.parametrize("spec", [None, {}, {"holderIdentity": None, "leaseTransitions": None}])
def test_fields_that_are_missing_count_as_empty(spec: dict[str, Any] | None) -> None:
    assert _parse(spec) == LeaseRecord("", 0, 0, "7")


@pytest.mark.parametrize(
    ("holder", "seconds", "released"),
    [("", 1, True), ("", 0, True), ("", 15, False), ("a", 1, False), ("a", 15, False)],
)
def test_only_a_holder_who_went_on_purpose_has_released_it(holder: str, seconds: int, released: bool) -> None:
    record = _parse({"holderIdentity": holder, "leaseDurationSeconds": seconds})
    assert record.is_released is released


@pytest.mark.parametrize(
    ("spec", "seconds"), [({"leaseDurationSeconds": 9}, 15), ({"leaseDurationSeconds": 40}, 40), ({}, 15)]
)
def test_who_changes_the_duration_by_hand_can_only_make_it_longer(spec: dict[str, Any], seconds: int) -> None:
    metadata = {"name": "operator", "resourceVersion": "7", "annotations": {HELD_FOR: "15"}}
    assert parse_lease(build_resource(LEASE, {"metadata": metadata, "spec": spec})).duration_seconds == seconds


def test_times_have_six_digits_and_are_in_utc() -> None:
    moment = datetime(2026, 1, 1, 1, 0, 0, 50, tzinfo=timezone(timedelta(hours=1)))
    assert format_micro_time(moment) == "2026-01-01T00:00:00.000050Z"
