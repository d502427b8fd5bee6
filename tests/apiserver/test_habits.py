"""Habits of kinds; the conformance suite has what each of them means."""

from __future__ import annotations

from dbaas.apiserver.failures import qualified
from dbaas.apiserver.habits import HABITS
from dbaas.apiserver.kinds import builtin_resources


def test_every_kind_with_habits_is_served() -> None:
    served = {qualified(resource) for resource in builtin_resources()}
    assert set(HABITS) <= served


def test_a_lease_alone_of_those_that_are_locks_wants_a_version() -> None:
    assert not HABITS["leases.coordination.k8s.io"].unconditional_update
    assert HABITS["endpoints"].unconditional_update
    assert HABITS["configmaps"].unconditional_update
