"""Room on a disk."""

from __future__ import annotations

from pathlib import Path

from dbaas.laptop.room import explain_full_disk
from fixtures.disks import SmallDisk


def test_a_disk_without_room_is_told_until_there_is_room_again(small_disk: SmallDisk) -> None:
    assert explain_full_disk(small_disk.path) == ""
    small_disk.fill()
    assert explain_full_disk(small_disk.path) == f"the disk of {small_disk.path} is full: make room on it"
    small_disk.make_room()
    assert explain_full_disk(small_disk.path) == ""


def test_nothing_is_said_of_a_folder_that_is_not_there() -> None:
    assert explain_full_disk(Path("/nowhere/at/all")) == ""
