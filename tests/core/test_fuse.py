"""Tests of `core.fuse`, in processes of their own."""

from __future__ import annotations

import subprocess
import sys

from dbaas.core.fuse import EXIT_CODE

BLOCKED = """
import sys, threading
from dbaas.core.fuse import ProcessFuse
fuse = ProcessFuse()
{arming}
print("armed", flush=True)
threading.Event().wait(20)  # what no event loop turns through
print("still here", flush=True)
"""


def _run(program: str) -> tuple[int, str, str]:
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    return ended.returncode, ended.stdout, ended.stderr


def test_a_process_that_is_blocked_ends_in_time_and_tells_where_it_was() -> None:
    code, out, err = _run(BLOCKED.format(arming="fuse.arm(20); fuse.arm(0.2)"))
    assert (code, out) == (EXIT_CODE, "armed\n")
    assert "Timeout" in err
    assert "wait" in err


def test_a_fuse_whose_time_has_passed_already_ends_the_process_at_once() -> None:
    assert _run(BLOCKED.format(arming="fuse.arm(-1)")) == (EXIT_CODE, "", "")


def test_a_fuse_that_was_disarmed_does_nothing() -> None:
    program = "from dbaas.core.fuse import ProcessFuse as F\nimport threading\nf = F(); f.arm(0.1); f.disarm()\n"
    assert _run(program + "threading.Event().wait(0.3); print('here')") == (0, "here\n", "")
