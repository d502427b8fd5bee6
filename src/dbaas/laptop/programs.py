"""Programs that the servers' user can run: where they are, or a copy of the installation where it cannot go there.

When we are root, programs often lie below a home folder that only root may enter (a virtual environment, say).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from pathlib import Path

from dbaas.core.errors import DbaasError
from dbaas.laptop.access import find_closed
from dbaas.laptop.layout import Layout
from dbaas.laptop.machine import Machine


class ProgramMissing(DbaasError):
    """The program is not installed, or not where it can be used."""

    reason = "ProgramMissing"


class Programs:
    """Answers are remembered: an installation does not move while we run."""

    def __init__(self, layout: Layout, machine: Machine) -> None:
        self._layout = layout
        self._machine = machine
        self._usable: dict[Path, Path] = {}
        self._lock = asyncio.Lock()

    async def usable(self, folder: Path, program: str = "") -> Path:
        """The folder from which the servers' user can run `program`, or all there are. Raises ProgramMissing."""
        if not os.access(folder / program, os.X_OK):
            raise ProgramMissing(f"there is no program {program!r} in {folder}")
        async with self._lock:
            if folder not in self._usable:
                closed = await find_closed(folder / program, self._machine)
                self._usable[folder] = folder if closed is None else await self._copied(folder, closed)
            return self._usable[folder]

    async def _copied(self, folder: Path, closed: Path) -> Path:
        installation = folder.parent
        if folder.name != "bin" or not any((installation / part).is_dir() for part in ("lib", "share")):
            raise ProgramMissing(
                f"servers cannot use the programs in {folder}, because their user may not enter {closed}; "
                "install them elsewhere, or allow it"
            )
        self._layout.make_programs()
        copy = self._layout.programs / _fingerprint(folder)
        if not copy.exists():
            await self._machine.offload.run(_copy, installation, copy)
        return copy / installation.parent.name / installation.name / "bin"


def _fingerprint(folder: Path) -> str:
    """Changes when the installation is replaced by another version at the same place."""
    digest = hashlib.sha256(os.fsencode(folder))
    for program in sorted(folder.iterdir()):
        found = program.stat()
        digest.update(f"{program.name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:12]


def _copy(installation: Path, copy: Path) -> None:
    """With the shared libraries that a wheel keeps beside its package, `<package>.libs` or `<package>/.dylibs`."""
    fresh = copy.with_name(f".{copy.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    package = installation.parent
    shutil.copytree(installation, fresh / package.name / installation.name, symlinks=True, copy_function=link_or_copy)
    for libraries in (package.with_name(f"{package.name}.libs"), package / ".dylibs"):
        if libraries.is_dir():
            shutil.copytree(
                libraries, fresh / libraries.relative_to(package.parent), symlinks=True, copy_function=link_or_copy
            )
    open_folders(fresh)
    fresh.rename(copy)


def open_folders(top: Path) -> None:
    """Everybody may list and enter them."""
    for folder, _, _ in os.walk(top):
        Path(folder).chmod(0o755)


def link_or_copy(source: str, target: str) -> None:
    """A second name for the same file costs nothing; a real copy where that cannot be, or others may not read it."""
    if Path(source).stat().st_mode & 0o004:
        try:
            os.link(source, target)
        except OSError:  # another file system
            pass
        else:
            return
    shutil.copy2(source, target)
    Path(target).chmod(Path(source).stat().st_mode | (0o055 if os.access(source, os.X_OK) else 0o044))
