"""What a lane tells."""

from __future__ import annotations

from dbaas.core.simulation import run_virtually
from fixtures.pretending import listen


def test_each_piece_of_work_is_told_with_its_time_and_size() -> None:
    async def main() -> None:
        assert [(event.work, event.seconds, event.count) for event in await listen()] == [
            ("connect", 2, 1), ("observe", 1, 2), ("execute", 1, 2)
        ]  # fmt: skip

    run_virtually(main())
