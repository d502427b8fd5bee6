"""Random histories of edits, faults and crashes: whatever happens, the declared state comes true in the end."""

from __future__ import annotations

import pytest

from simulation.runs import run_seed, write_history

CHUNK = 5
SEEDS = 100
FOUND = {
    903: "a database was given to a role that was gone, which no real server lets happen",
    1005: "a stale answer about a given password was believed",
    1040: "a stale answer about a published password was believed",
    1045: "a lane was closed and a question in it kept its connection",
    1070: "a grant was judged by a database that had gone unseen, as its policy asks",
    1140: "a policy was changed while the deletion was under way",
    1141: "a rival was counted before anybody could know that two addresses are one server",
    2986: "a server was changed as a user was deleted, and nobody could have heard of the first",
    3819: "a drop reached the server that a paused object had led to before",
    4469: "a grant was changed while what it had listed, and another one lists, was under way",
    4540: "a drop was sent to the former server of a paused object, and then to neither",
    8438: "a namespace took a cluster along while no operator lived",
    9196: "a drop was demanded on a server whose password was gone, and nobody looked there as it was paused",
    9784: "what the former server had was taken for what the new one has",
    9877: "an API server that was away was given time only when it was back",
}
"""Seeds that have failed once, of the product or of its judge."""


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_invariant_holds_through_any_history(first: int) -> None:
    for seed in range(first, first + CHUNK):
        verdict = run_seed(seed)
        assert not verdict.violation, str(verdict)


@pytest.mark.slow
@pytest.mark.parametrize("seed", FOUND)
def test_a_seed_that_has_failed_once_holds(seed: int) -> None:
    verdict = run_seed(seed)
    assert not verdict.violation, f"{FOUND[seed]}: {verdict}"


@pytest.mark.slow
def test_a_seed_replays_exactly() -> None:
    first, second = run_seed(3), run_seed(3)
    assert first.digest == second.digest
    assert first.trace == second.trace
    assert first.lives > 0


def test_each_seed_is_another_history() -> None:
    assert write_history(1) == write_history(1)
    assert write_history(1) != write_history(2)
