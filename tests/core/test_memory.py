"""Tests of `core.memory`, in a process of its own: what is set aside is so for all that the process does."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import gc
import weakref
from dbaas.core.memory import YOUNG_OBJECTS, set_aside

class Node: pass

garbage = Node()
garbage.itself = garbage
collected, kept = weakref.ref(garbage), Node()
del garbage
assert set_aside() > 1_000
assert collected() is None, "garbage is not set aside"
assert not any(each is kept for each in gc.get_objects()), "what lives is not looked at"
gone = weakref.ref(kept)
del kept
assert gone() is None, "and it goes as ever"
assert gc.get_threshold()[0] == YOUNG_OBJECTS and gc.get_threshold()[1] > 0 and gc.isenabled()
"""


def test_what_lives_is_looked_at_no_more_and_garbage_is_not_kept() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)
