"""Files in a folder that belongs to the server's user, written by us, who may be root.

That user could put a symbolic link anywhere in its folder. So every step of a path is opened relative to the one
before, links are never followed, and a file is replaced by a new one, never written in place.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from dbaas.core.errors import DbaasError
from dbaas.core.process import User

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
TEXT_BYTES = 4096


class CannotWrite(DbaasError):
    """A file of the process cannot be written."""

    reason = "CannotWriteFile"


def write_file(root: Path, path: str, content: bytes, user: User | None) -> bool:
    """True where it was not so before. Missing folders on the way are made (0700). Raises CannotWrite."""
    name = PurePosixPath(path).name
    try:
        with _open_folder(root, path, user) as folder:
            if _is_written(folder, name, content):
                return False
            fresh = f".{name}.new"
            with contextlib.suppress(FileNotFoundError):
                os.unlink(fresh, dir_fd=folder)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(fresh, flags, 0o600, dir_fd=folder), "wb") as file:
                _give(file.fileno(), user)
                file.write(content)
            os.rename(fresh, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError as error:
        raise CannotWrite(f"cannot write {path} in {root}: {error.strerror}") from error
    return True


def read_text(root: Path, path: str) -> str | None:
    """The beginning of a small file, without the spaces around it; None where there is no file (a link is none)."""
    try:
        with _open_folder(root, path, None, make=False) as folder:
            descriptor = os.open(PurePosixPath(path).name, _FILE, dir_fd=folder)
            with os.fdopen(descriptor, "rb") as file:
                return file.read(TEXT_BYTES).decode(errors="replace").strip()
    except OSError:
        return None


def open_file(root: Path, path: str, *, writable: bool = False) -> IO[bytes] | None:
    """A plain file that has no other name; None where there is none."""
    flags = _FILE | (os.O_RDWR if writable else os.O_RDONLY)
    try:
        with _open_folder(root, path, None, make=False) as folder:
            descriptor = os.open(PurePosixPath(path).name, flags, dir_fd=folder)
    except OSError:
        return None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "r+b" if writable else "rb")


def remove_file(root: Path, path: str) -> None:
    """One that is gone already, or whose folder is, is no error."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), _open_folder(root, path, None, make=False) as at:
        os.unlink(PurePosixPath(path).name, dir_fd=at)


@contextlib.contextmanager
def _open_folder(root: Path, path: str, user: User | None, *, make: bool = True) -> Iterator[int]:
    folder = os.open(root, _FOLDER)
    try:
        for part in PurePosixPath(path).parent.parts:
            inner = _enter(folder, part, user, make)
            os.close(folder)
            folder = inner
        yield folder
    finally:
        os.close(folder)


def _enter(folder: int, part: str, user: User | None, make: bool) -> int:
    try:
        return os.open(part, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    os.mkdir(part, 0o700, dir_fd=folder)
    made = os.open(part, _FOLDER, dir_fd=folder)
    _give(made, user)
    return made


def _give(descriptor: int, user: User | None) -> None:
    if user and os.geteuid() == 0:
        os.fchown(descriptor, user.uid, user.gid)


def _is_written(folder: int, name: str, content: bytes) -> bool:
    try:
        descriptor = os.open(name, _FILE, dir_fd=folder)
    except OSError:  # missing, or a link: to be replaced
        return False
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        private = stat.S_ISREG(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o600
        return private and found.st_size == len(content) and file.read() == content
