"""What the agent writes down of a process."""

from __future__ import annotations

from pathlib import Path

from dbaas.core.process import ProcessIdentity
from dbaas.laptop.record import Record, RecordedExit, load_record, recorded, save_record

FULL = Record(
    pid=7, born="b", runs="r", ports={"main": 5432}, proven=True, restarts=2, files=["x"], asked_to_stop=True,
    last_exit=RecordedExit("2026-01-01T00:00:00Z", "exited with code 1", 1),
)  # fmt: skip


def test_a_record_is_read_as_it_was_written_and_is_private(tmp_path: Path) -> None:
    save_record(tmp_path / "record.json", FULL)
    assert load_record(tmp_path / "record.json") == FULL
    assert (tmp_path / "record.json").stat().st_mode & 0o777 == 0o600


def test_a_record_that_is_missing_or_torn_is_empty(tmp_path: Path) -> None:
    assert load_record(tmp_path / "record.json") == Record()
    for torn in ("", '{"pid": 7', '{"pid": "seven"}'):
        (tmp_path / "record.json").write_text(torn)
        assert load_record(tmp_path / "record.json") == Record()


def test_what_ended_has_no_identity_and_keeps_its_ports() -> None:
    how = RecordedExit("2026-01-01T00:00:00Z", "ended")
    assert FULL.identity == ProcessIdentity(7, "b")
    ended = FULL.ended(how)
    assert (ended.identity, ended.last_exit, ended.asked_to_stop, ended.ports) == (None, how, False, {"main": 5432})


def test_an_orphan_keeps_what_belongs_to_the_data_and_its_ports_as_a_wish() -> None:
    assert FULL.orphaned() == Record(ports={"main": 5432}, proven=False, files=["x"], left=True)


def test_all_records_of_a_home_are_found(tmp_path: Path) -> None:
    for name in ("b.x", "a.x"):
        (tmp_path / name).mkdir()
        save_record(tmp_path / name / "record.json", FULL)
    (tmp_path / "c.x").mkdir()
    assert [path.parent.name for path, _ in recorded(tmp_path)] == ["a.x", "b.x"]
    assert list(recorded(tmp_path / "nowhere")) == []
