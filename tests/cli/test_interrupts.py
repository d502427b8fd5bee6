"""Ctrl-C at once and Ctrl-C in time."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dbaas.cli.main import INTERRUPTED

IMPORTS = "import os, signal; from dbaas.cli.interrupts import clean_up_first, leave_at_once; "
INTERRUPT = "os.kill(os.getpid(), signal.SIGINT); print('still here')"
CATCH = "\ntry:\n    " + INTERRUPT + "\nexcept KeyboardInterrupt:\n    print('cleaned up')"


@pytest.mark.parametrize(
    ("program", "code", "out"),
    [
        ("leave_at_once(); " + INTERRUPT, INTERRUPTED, ""),
        ("leave_at_once(); clean_up_first()" + CATCH, 0, "cleaned up\n"),
        ("signal.signal(signal.SIGINT, signal.SIG_IGN); leave_at_once(); " + INTERRUPT, 0, "still here\n"),
    ],
    ids=["while importing", "later", "ignored by whoever started us"],
)
def test_ctrl_c_ends_the_process(program: str, code: int, out: str) -> None:
    ended = subprocess.run([sys.executable, "-c", IMPORTS + program], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, out, "")
