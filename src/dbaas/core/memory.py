"""Keeps the garbage collector away from what lives as long as the process.

A full collection looks at every container there is and stops the event loop meanwhile: with the modules of a control
plane and caches of some ten thousand objects for 50 ms and more, again and again, to find next to nothing.
"""

from __future__ import annotations

import gc

YOUNG_OBJECTS = 10_000  # how many more than before make it look for garbage; Python's own 700 cost 4 % of a busy loop


def set_aside() -> int:
    """What is there now is not looked through any more; it goes when nobody refers to it, as ever. How much that is.

    What comes later is looked through less often than usual: most of it goes by itself, without being looked for.

    For whole processes, when all is loaded and when caches are filled: cycles that are made of it later stay.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
    return gc.get_freeze_count()
