"""Plays seeds of the simulation: any one by its number, or thousands, resumable; a failing one is shown and shrunk.

tools/simulate.py 17 18            these seeds
tools/simulate.py --seeds 0-9999 --resume seeds.txt
tools/simulate.py 17 --shrink      the shortest history found that still fails
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import structlog

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from dbaas.core.memory import set_aside
from simulation.runs import Verdict, run_seed, shrink

TAIL = 40


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where every invariant held in every seed, 1 where one did not."""
    options = _parse(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    set_aside()
    done = _read_done(options.resume)
    failed, played, began = [], 0, time.monotonic()
    for seed in _seeds(options):
        if seed in done:
            continue
        verdict = run_seed(seed)
        played += 1
        if verdict.violation:
            failed.append(seed)
            _show(verdict, shrinks=options.shrink, tail=options.trace)
        elif options.seeds is None:
            print(verdict)
        if options.resume is not None:
            with options.resume.open("a") as file:
                file.write(f"{seed} {verdict.digest} {verdict.violation}\n")
    print(f"{played} seeds in {time.monotonic() - began:.0f} s, {len(failed)} failed: {failed}")
    return 1 if failed else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed", type=int, nargs="*", help="seeds to play")
    parser.add_argument("--seeds", metavar="A-B", help="a range of seeds, both ends included")
    parser.add_argument("--resume", type=Path, metavar="FILE", help="results go there, and seeds in it are skipped")
    parser.add_argument("--shrink", action="store_true", help="leave out what a failing history does not need")
    parser.add_argument("--trace", type=int, default=TAIL, metavar="N", help="show the last N lines of a failing trace")
    return parser.parse_args(arguments)


def _seeds(options: argparse.Namespace) -> Iterator[int]:
    yield from options.seed
    if options.seeds is not None:
        first, _, last = options.seeds.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _read_done(path: Path | None) -> set[int]:
    """A seed that has failed is played again: the bug may be mended."""
    if path is None or not path.exists():
        return set()
    lines = (line.split(maxsplit=2) for line in path.read_text().splitlines())
    return {int(line[0]) for line in lines if len(line) == 2}


def _show(verdict: Verdict, *, shrinks: bool, tail: int) -> None:
    print(verdict)
    if shrinks:
        verdict = shrink(verdict)
        print(f"\nshortest history found ({len(verdict.steps)} steps):\n{verdict}")
    print("\n".join(["", "the last of its trace:", *(f"  {line}" for line in verdict.trace[-tail:])]))


if __name__ == "__main__":
    sys.exit(main())
