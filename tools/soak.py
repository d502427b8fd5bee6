"""Tests of chance, very often: rounds that can be interrupted and go on where they were, with figures.

    python tools/soak.py kills --rounds 200     # an API server under load, killed at random moments
    python tools/soak.py torn --rounds 5000     # a store whose files were cut or overwritten at random places

Each keeps a small file with what it has done (`--state`, by default below build/soak). A round that fails ends the run
with its seed and leaves the store where it is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from soak.kills import Series  # noqa: E402 - they lie among the tests
from soak.tearing import LOG, NAME, draw_damage, make_specimen, open_damaged  # noqa: E402

SERIES_ROUNDS = 10
SPECIMEN_ROUNDS = 100


@dataclass
class State:
    """What was done so far. Seeds are numbers of batches, so that a run that goes on draws what is new."""

    rounds: int = 0
    batches: int = 0
    seconds: float = 0.0
    figures: dict[str, int] = field(default_factory=dict)

    def add(self, rounds: int, seconds: float, **figures: int) -> None:
        self.rounds += rounds
        self.batches += 1
        self.seconds += seconds
        for name, count in figures.items():
            self.figures[name] = self.figures.get(name, 0) + count

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in self.figures.items())
        return f"{self.rounds} rounds in {self.seconds:.0f} s: {counts}"


def run_kills(folder: Path, seed: int, rounds: int, state: State) -> None:
    """One file, killed again and again."""
    began = time.monotonic()
    series = Series(folder / "state.db", seed)

    async def run() -> None:
        for _ in range(rounds):
            await series.run_round()
        await series.finish()

    asyncio.run(run())
    ledger = series.ledger
    state.add(
        rounds, time.monotonic() - began, answered_writes_all_kept=ledger.writes, unanswered_writes_kept=ledger.kept,
        unanswered_writes_dropped=ledger.dropped, watches_told_to_list_anew=series.picture.expired,
    )  # fmt: skip


def run_torn(folder: Path, seed: int, rounds: int, state: State) -> None:
    """One store, damaged each time anew from the same beginning."""
    began = time.monotonic()
    chance = random.Random(seed)
    specimen = make_specimen(folder / "store", chance, chance.randint(1, 400), written_back=chance.random() < 0.3)
    past = [moment.contents for moment in specimen.moments]
    opened = 0
    for _ in range(rounds):
        damage = draw_damage(chance, specimen.folder, chance.choice((NAME, LOG)))
        found = open_damaged(specimen, damage, folder / "copy")
        assert found is None or found in past, f"neither refused nor a moment of the past: {damage}"
        opened += found is not None
    state.add(rounds, time.monotonic() - began, opened_as_they_once_were=opened, refused=rounds - opened)


KINDS: dict[str, tuple[Callable[[Path, int, int, State], None], int]] = {
    "kills": (run_kills, SERIES_ROUNDS),
    "torn": (run_torn, SPECIMEN_ROUNDS),
}


def main() -> int:
    options = _read_options()
    run, batch = KINDS[options.kind]
    path: Path = options.state or ROOT / "build" / "soak" / f"{options.kind}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    state = State(**json.loads(path.read_text())) if path.exists() else State()
    for rounds in _batches(options.rounds - state.rounds, batch):
        folder = path.with_name(f"{options.kind}-{state.batches}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            run(folder, state.batches, rounds, state)
        except AssertionError as error:
            print(f"failed: seed {state.batches}, its files are in {folder}: {error}", flush=True)
            return 1
        shutil.rmtree(folder)
        path.write_text(json.dumps(asdict(state)))
        print(state, flush=True)
    print(f"done: {state}")
    return 0


def _batches(rounds: int, most: int) -> Iterator[int]:
    while rounds > 0:
        yield min(rounds, most)
        rounds -= most


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Tests of chance, very often; interrupted, they go on where they were."
    )
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--rounds", type=int, default=200, help="how many in all, with those of earlier runs")
    parser.add_argument("--state", type=Path, help="file that keeps what was done; delete it to begin anew")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
