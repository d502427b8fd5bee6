"""Random histories of edits, faults and crashes: whatever happens, the declared state comes true in the end."""

from __future__ import annotations

import pytest

from simulation.runs import run_seed, write_history

CHUNK = 5
SEEDS = 100


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_invariant_holds_through_any_history(first: int) -> None:
    for seed in range(first, first + CHUNK):
        verdict = run_seed(seed)
        assert not verdict.violation, str(verdict)


def test_a_seed_replays_exactly() -> None:
    first, second = run_seed(3), run_seed(3)
    assert first.digest == second.digest
    assert first.trace == second.trace
    assert first.lives > 0


def test_each_seed_is_another_history() -> None:
    assert write_history(1) == write_history(1)
    assert write_history(1) != write_history(2)
