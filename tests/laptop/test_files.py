"""Files in a folder that somebody else owns and may have bent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dbaas.core.process import User
from dbaas.laptop.files import CannotWrite, read_text, remove_file, write_file
from fixtures.laptop import needs_root


def test_a_file_is_private_and_its_folders_are_made(tmp_path: Path) -> None:
    assert write_file(tmp_path, "a/b/c.conf", b"x", None)
    assert (tmp_path / "a/b/c.conf").read_bytes() == b"x"
    assert [(tmp_path / p).stat().st_mode & 0o777 for p in ("a", "a/b", "a/b/c.conf")] == [0o700, 0o700, 0o600]


def test_a_file_that_is_right_already_is_not_touched(tmp_path: Path) -> None:
    write_file(tmp_path, "c.conf", b"x", None)
    before = (tmp_path / "c.conf").stat().st_ino
    assert not write_file(tmp_path, "c.conf", b"x", None)
    assert (tmp_path / "c.conf").stat().st_ino == before


def test_another_content_or_another_mode_is_put_right(tmp_path: Path) -> None:
    write_file(tmp_path, "c.conf", b"x", None)
    assert write_file(tmp_path, "c.conf", b"y", None)
    (tmp_path / "c.conf").chmod(0o644)
    assert write_file(tmp_path, "c.conf", b"y", None)
    assert (tmp_path / "c.conf").stat().st_mode & 0o777 == 0o600


def test_a_link_in_place_of_the_file_is_replaced_and_its_target_left_alone(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("precious")
    (tmp_path / "root").mkdir()
    for name in ("c.conf", ".c.conf.new"):
        (tmp_path / "root" / name).symlink_to(tmp_path / "target")
    assert write_file(tmp_path / "root", "c.conf", b"x", None)
    assert (tmp_path / "target").read_text() == "precious"
    assert not (tmp_path / "root/c.conf").is_symlink()


def test_a_link_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    for name in ("root", "elsewhere"):
        (tmp_path / name).mkdir()
    (tmp_path / "root/etc").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotWrite, match=r"cannot write etc/c\.conf in"):
        write_file(tmp_path / "root", "etc/c.conf", b"x", None)
    (tmp_path / "elsewhere/c.conf").write_text("precious")
    remove_file(tmp_path / "root", "etc/c.conf")
    assert (tmp_path / "elsewhere/c.conf").exists()


def test_a_pipe_in_place_of_the_file_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "c.conf")
    assert write_file(tmp_path, "c.conf", b"x", None)
    assert (tmp_path / "c.conf").read_bytes() == b"x"


def test_removing_what_is_gone_is_no_error(tmp_path: Path) -> None:
    write_file(tmp_path, "a/c.conf", b"x", None)
    remove_file(tmp_path, "a/c.conf")
    remove_file(tmp_path, "a/c.conf")
    remove_file(tmp_path, "b/c.conf")
    assert list((tmp_path / "a").iterdir()) == []


@needs_root
def test_files_belong_to_the_user_of_the_server(tmp_path: Path) -> None:
    write_file(tmp_path, "a/c.conf", b"x", User("nobody", 65534, 65534))
    assert [(tmp_path / p).stat().st_uid for p in ("a", "a/c.conf")] == [65534, 65534]


def test_text_is_read_from_files_alone(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file").write_text("18\n")
    (tmp_path / "link").symlink_to(tmp_path / "in" / "file")
    (tmp_path / "linked").symlink_to(tmp_path / "in")
    texts = {path: read_text(tmp_path, path) for path in ("in/file", "link", "linked/file", "in/none", "none/none")}
    assert texts == {"in/file": "18", "link": None, "linked/file": None, "in/none": None, "none/none": None}
