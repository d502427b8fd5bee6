"""A simulation that finds nothing proves nothing: bugs that others have had are put back, and it must find them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from simulation.lives import Parts
from simulation.mutations import (
    drop_conditions_of_others,
    fight_over_status,
    hold_after_effect,
    lose_deletes,
    lose_requeues,
)
from simulation.runs import run_seed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("put_back", "within", "words"),
    [
        (lose_deletes, 12, "a cache still has it|the Secret that it publishes is gone"),
        (fight_over_status, 5, "settled"),
        (drop_conditions_of_others, 12, "somebody else's condition"),
        (hold_after_effect, 5, "held by a finalizer"),
        (lose_requeues, 12, "could be Ready and is not|everything was deleted, and|says Ready"),
    ],
)
def test_a_historical_bug_is_found_within_a_few_seeds(put_back: Callable[[], Parts], within: int, words: str) -> None:
    for seed in range(within):
        found = run_seed(seed, parts=put_back()).violation
        if found:
            assert re.search(words, found)
            return
    pytest.fail(f"not found within {within} seeds")
