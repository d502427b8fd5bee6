"""What each operation states of a cluster, and when it has succeeded."""

from __future__ import annotations

from typing import get_args

import pytest

from dbaas.api.operation import OperationType
from dbaas.contracts.operation import ClusterState
from fixtures.operations import OPERATIONS
from operations.make import BEGAN, stated

SERVES = ClusterState(is_current=True, is_ready=True, reason="Ready", ready_instances=1)
RESTS = ClusterState(is_current=True, is_ready=False, reason="Stopped")
STOPS = ClusterState(is_current=True, is_ready=False, reason="Stopped", ready_instances=1)


def test_there_is_one_for_each_type() -> None:
    assert set(OPERATIONS) == set(get_args(OperationType))


def test_those_that_need_no_more_words_state_one_field() -> None:
    assert stated("Start") == {"stopped": False}
    assert stated("Stop") == {"stopped": True}
    assert stated("Restart") == {"restartedAt": BEGAN}


@pytest.mark.parametrize("type_", sorted(set(OPERATIONS) - {"Start", "Stop"}))
def test_most_have_succeeded_when_the_cluster_serves_or_rests(type_: str) -> None:
    assert [OPERATIONS[type_].has_succeeded(state) for state in (SERVES, RESTS, STOPS)] == [True, True, False]


def test_a_start_needs_a_server_that_serves_and_a_stop_one_that_has_ended() -> None:
    assert [OPERATIONS["Start"].has_succeeded(state) for state in (SERVES, RESTS, STOPS)] == [True, False, False]
    assert [OPERATIONS["Stop"].has_succeeded(state) for state in (SERVES, RESTS, STOPS)] == [False, True, False]


def test_what_cannot_be_done_says_what_to_do_instead() -> None:
    refused = {type_ for type_, operation in OPERATIONS.items() if operation.missing}
    assert refused == {"Backup", "Restore"}
    assert all(": " in OPERATIONS[type_].missing for type_ in refused)


def test_every_field_that_an_operation_states_has_its_place_in_the_request() -> None:
    stating = [each for each in OPERATIONS.values() if not each.missing and not each.action and not each.declared]
    assert all(operation.places for operation in stating)
