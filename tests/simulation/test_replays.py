"""A seed is the same run everywhere, a failing one is shown with its history, and what it does not need is left out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dbaas.api.core import SECRET
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER
from simulation.histories import Step
from simulation.mutations import hold_after_effect
from simulation.runs import run_seed, shrink

pytestmark = pytest.mark.slow

TOOL = Path(__file__).resolve().parents[2] / "tools" / "simulate.py"


def play(*arguments: str, hash_seed: str = "0") -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [sys.executable, str(TOOL), *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_seed_is_the_same_in_another_process_with_other_hashes() -> None:
    """One of the seeds starts the API server again: all watches end at once, in an order that sets would choose."""
    told = [[line for line in play("3", "3001", hash_seed=one).splitlines() if "trace" in line] for one in ("1", "2")]
    assert told[0] == told[1]
    assert len(told[0]) == 2


def test_seeds_that_have_passed_are_not_played_again(tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.write_text("1 81b9183d1f675536 \n2 81b9183d1f675536 violated once\n")
    assert "1 seeds in" in play("--seeds", "1-2", "--resume", str(results)), "the one that failed is played again"
    assert "0 seeds in" in play("--seeds", "1-2", "--resume", str(results))


def test_what_a_failing_history_does_not_need_is_left_out() -> None:
    here, admin = Key("default", "main"), {"username": "root", "password": "admin"}
    connection = {"host": "alpha", "port": 7000, "secretRef": {"name": "main-admin"}}
    needed = [
        Step(0.1, "give", SECRET, Key("default", "main-admin"), admin),
        Step(0.1, "make", DATABASE_INSTANCE, here, {"engine": "basalt", "connection": connection}),
        Step(0.1, "make", DATABASE_USER, Key("default", "ann"), {"instanceRef": {"name": "main"}}),
    ]
    needless = [Step(0.1, "server restarts", values={"host": "beta"}), Step(0.1, "make namespace")]
    verdict = run_seed(1, [needless[0], *needed, needless[1]], hold_after_effect())
    assert "held by a finalizer" in verdict.violation
    shorter = shrink(verdict, hold_after_effect())
    assert "held by a finalizer" in shorter.violation
    assert list(shorter.steps) == needed
    assert all(str(step) in str(shorter) for step in needed)
