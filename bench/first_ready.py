"""From an empty home to every object of the quickstart Ready: limit 10 s."""

from __future__ import annotations

from pathlib import Path

from measuring import laptop, report, stopwatch

SAMPLES = Path(__file__).parent.parent / "samples" / "01-quickstart"

if __name__ == "__main__":
    with laptop() as here:
        with stopwatch() as seconds:
            here.run("up", "-d")
            here.run("apply", "-f", str(SAMPLES), "--wait")
        report("empty home to Ready", seconds[0], 10.0, "s")
