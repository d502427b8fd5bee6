"""The expression library comes without its command line: `apiserver.schemas.expressions`."""

from __future__ import annotations

import subprocess
import sys


def test_no_terminal_toolkit_is_imported_with_it() -> None:
    text = "import sys, dbaas.apiserver.schemas.expressions.rules; print('prompt_toolkit' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "False"
