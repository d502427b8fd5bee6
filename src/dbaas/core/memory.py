"""Keeps the garbage collector away from what lives as long as the process.

A full collection looks at every container there is and stops the event loop meanwhile: with the modules of a control
plane and caches of some ten thousand objects for 50 ms and more, again and again, to find next to nothing.
"""

from __future__ import annotations

import gc


def set_aside() -> None:
    """What is there now is not looked through any more; it goes when nobody refers to it, as ever.

    For whole processes, when all is loaded and when caches are filled: cycles that are made of it later stay.
    """
    gc.collect()
    gc.freeze()
