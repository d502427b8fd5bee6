"""What a lane tells."""

from __future__ import annotations

from dbaas.contracts.statement import Statement
from dbaas.core.simulation import run_virtually
from dbaas.lanes.metering import LaneEvent
from fixtures.pretending import PretendServer


def test_each_piece_of_work_is_told_with_its_time_and_size() -> None:
    async def main() -> None:
        events: list[LaneEvent] = []
        lane = PretendServer(connect_seconds=2, work_seconds=1).lane(events=events)
        await lane.observe("things", None, ["a", "b"])
        await lane.execute([Statement("x"), Statement("y")])
        await lane.close()
        assert [(event.work, event.seconds, event.count) for event in events] == [
            ("connect", 2, 1), ("observe", 1, 2), ("execute", 1, 2)
        ]  # fmt: skip

    run_virtually(main())
