"""Where things lie in the home folder, with the right owners.

    <home>/processes/<namespace>.<name>/record.json   what we know of the process: ours, never its user's
    <home>/processes/<namespace>.<name>/data/         its folder, 0700, its user's
    <home>/logs/<namespace>.<name>.log                what it prints
    <home>/run/<digest>/                              its sockets, 0700, its user's
    <home>/programs/<digest>/                         copies of programs that its user cannot read in place

As root we never follow a path that the server's user could have bent: what it owns begins at the last folder.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from dbaas.api.resource import Key
from dbaas.core.errors import DbaasError
from dbaas.core.process import User

# A socket's whole path fits into sun_path with its final NUL: 108 bytes on Linux (unix(7)), 104 on macOS.
SOCKET_PATH_BYTES = 103
SOCKET_NAME_BYTES = 30
DATA = "data"
_SHARED = Path("/tmp")  # the owner of what we make there is checked


class FolderNotOurs(DbaasError):
    """A folder that we need is there already and belongs to somebody else."""

    reason = "FolderNotOurs"


@dataclass(frozen=True)
class Layout:
    """Paths of one home. `user` owns what servers write; None: we ourselves."""

    home: Path
    user: User | None = None

    @property
    def processes(self) -> Path:
        return self.home / "processes"

    @property
    def programs(self) -> Path:
        return self.home / "programs"

    def folder(self, key: Key) -> Path:
        return self.processes / f"{key.namespace}.{key.name}"

    def record(self, key: Key) -> Path:
        return self.folder(key) / "record.json"

    def data(self, key: Key) -> Path:
        return self.folder(key) / DATA

    def log(self, key: Key) -> Path:
        return self.home / "logs" / f"{key.namespace}.{key.name}.log"

    def sockets(self, key: Key) -> Path:
        """Short enough for a socket with a name of 30 bytes, below /tmp if the home's own path is too long."""
        return self._sockets / _digest(f"{key.namespace}/{key.name}")

    @property
    def _sockets(self) -> Path:
        near = self.home / "run"
        if len(os.fsencode(near)) + 1 + 12 + 1 + SOCKET_NAME_BYTES <= SOCKET_PATH_BYTES:
            return near
        return _SHARED / f"dbaas-{os.geteuid()}-{_digest(str(self.home))}"

    def make(self, key: Key) -> None:
        """All folders of one process; those that are there are checked. Raises FolderNotOurs."""
        shared = 0o711 if self.user else 0o700
        self.home.mkdir(mode=shared, parents=True, exist_ok=True)
        for folder in (self.processes, self.folder(key), self._sockets):
            _make(folder, shared, None)
        _make(self.log(key).parent, 0o700, None)
        _make(self.data(key), 0o700, self.user)
        _make(self.sockets(key), 0o700, self.user)

    def set_aside(self, key: Key) -> str:
        """Renames the folder of a process, and makes it anew; returns where the old one is."""
        data = self.data(key)
        number = next(n for n in count(1) if not data.with_name(f"{DATA}.left-{n}").exists())
        kept = data.rename(data.with_name(f"{DATA}.left-{number}"))
        self.make(key)
        return str(kept)

    def discard(self, key: Key) -> None:
        """Throws away the folder of a process, and makes it anew. Interrupted, it is called again."""
        data = self.data(key)
        gone = data.with_name(f"{DATA}.gone")
        shutil.rmtree(gone, ignore_errors=True)
        data.rename(gone)
        self.make(key)
        shutil.rmtree(gone)

    def clear_sockets(self, key: Key) -> None:
        """Called before a start: what a killed program has left there may name a pid that is another's by now."""
        shutil.rmtree(self.sockets(key), ignore_errors=True)
        _make(self.sockets(key), 0o700, self.user)

    def make_programs(self) -> None:
        _make(self.programs, 0o711 if self.user else 0o700, None)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _make(folder: Path, mode: int, user: User | None) -> None:
    uid = user.uid if user else os.geteuid()
    try:
        folder.mkdir(mode)
        if user and os.geteuid() == 0:
            os.chown(folder, user.uid, user.gid, follow_symlinks=False)
    except FileExistsError:
        pass
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise FolderNotOurs(f"{folder} is in the way: it is not a folder")
    if found.st_uid != uid:
        owner = f"{user.name!r}" if user else "us"
        raise FolderNotOurs(f"{folder} belongs to user {found.st_uid} instead of {owner}: change its owner, or move it")
    if stat.S_IMODE(found.st_mode) != mode:
        folder.chmod(mode)
