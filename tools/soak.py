"""Tests of chance, very often: rounds that can be interrupted and go on where they were, with figures.

    python tools/soak.py kills --rounds 200     # an API server under load, killed at random moments
    python tools/soak.py torn --rounds 5000     # a store whose files were cut or overwritten at random places
    python tools/soak.py failovers --rounds 220 # a replicated cluster under load, each of eleven failures twenty times
    python tools/soak.py crashes --rounds 20    # the same, and only the primary's PostgreSQL is killed

Each keeps a small file with what it has done (`--state`, by default below build/soak). A round that fails ends the run
with its seed and leaves the store where it is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from availability.bed import a_bed  # noqa: E402 - they lie among the tests
from availability.failures import CRASH, FAILURES, Failure  # noqa: E402
from availability.rounds import run_round  # noqa: E402
from soak.kills import Series  # noqa: E402
from soak.tearing import LOG, NAME, draw_damage, make_specimen, open_damaged  # noqa: E402

SERIES_ROUNDS = 10
SPECIMEN_ROUNDS = 100
LASTING_SECONDS = 60.0


@dataclass
class State:
    """What was done so far. Seeds are numbers of batches, so that a run that goes on draws what is new.

    `samples` are in seconds, by what was measured.
    """

    rounds: int = 0
    batches: int = 0
    seconds: float = 0.0
    figures: dict[str, int] = field(default_factory=dict)
    samples: dict[str, list[float]] = field(default_factory=dict)

    def add(self, rounds: int, seconds: float, **figures: int) -> None:
        self.rounds += rounds
        self.batches += 1
        self.seconds += seconds
        for name, count in figures.items():
            self.figures[name] = self.figures.get(name, 0) + count

    def note(self, what: str, samples: Mapping[str, float]) -> None:
        for name, seconds in samples.items():
            self.samples.setdefault(f"{what}: {name}", []).append(round(seconds, 2))

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in self.figures.items())
        told = [f"\n  {what}: {_describe(samples)}" for what, samples in sorted(self.samples.items())]
        return f"{self.rounds} rounds in {self.seconds:.0f} s: {counts}{''.join(told)}"


def _describe(samples: list[float]) -> str:
    median, most = statistics.median(samples), max(samples)
    return f"{min(samples):.1f} to {most:.1f} s, median {median:.1f} s ({len(samples)} times)"


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


def run_failovers(folder: Path, seed: int, rounds: int, state: State) -> None:
    """One cluster, in which one thing after the other goes wrong, in an order of its own."""
    _run_failures(random.Random(seed).sample(FAILURES, len(FAILURES))[:rounds], folder, state)


def run_crashes(folder: Path, seed: int, rounds: int, state: State) -> None:
    """One cluster, whose primary crashes again and again."""
    _run_failures([CRASH] * rounds, folder, state)


def _run_failures(failures: Sequence[Failure], folder: Path, state: State) -> None:
    began, done = time.monotonic(), 0
    with a_bed() as bed:
        for failure in failures:
            if missing := failure.missing(bed):
                print(f"left out: {failure.name}: {missing}", flush=True)
                continue
            try:
                state.note(failure.name, run_round(bed, failure, LASTING_SECONDS))
            except AssertionError:
                shutil.copytree(bed.trio.laptop.home / "logs", folder / "logs")
                raise
            done += 1
    state.add(len(failures), time.monotonic() - began, failures_that_lost_no_acknowledged_write=done)


KINDS: dict[str, tuple[Callable[[Path, int, int, State], None], int]] = {
    "kills": (run_kills, SERIES_ROUNDS),
    "torn": (run_torn, SPECIMEN_ROUNDS),
    "failovers": (run_failovers, len(FAILURES)),
    "crashes": (run_crashes, SERIES_ROUNDS),
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
