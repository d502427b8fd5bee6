"""A Python that the servers' user can run, with some packages of ours: this one in place, or a copy of what they need.

When we are root, the interpreter and its packages often lie below a home folder that only root may enter.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from dbaas.laptop.access import find_closed
from dbaas.laptop.layout import Layout
from dbaas.laptop.machine import Machine
from dbaas.laptop.programs import ProgramMissing, link_or_copy, open_folders
from dbaas.laptop.surroundings import Python

_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^]]*)\])?")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
_NOT_NEEDED = (
    "site-packages", "dist-packages", "config-*", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "tests",
    "tkinter", "turtledemo",
)  # fmt: skip


class Interpreters:
    """Answers are remembered: an installation does not change while we run."""

    def __init__(self, layout: Layout, machine: Machine) -> None:
        self._layout = layout
        self._machine = machine
        self._usable: dict[tuple[str, ...], Python] = {}
        self._lock = asyncio.Lock()

    async def usable(self, packages: Sequence[str]) -> Python:
        """With these packages, such as `name` or `name[extra]`, and all they need. Raises ProgramMissing."""
        async with self._lock:
            wanted = tuple(packages)
            if wanted not in self._usable:
                self._usable[wanted] = await self._find(find_needed(wanted))
            return self._usable[wanted]

    async def _find(self, needed: Sequence[Distribution]) -> Python:
        executable = Path(sys.executable)
        name = _program().name
        places = {executable, Path(os.__file__).parent, *(Path(str(each.locate_file(""))) for each in needed)}
        closed = [each for each in sorted(places) if await find_closed(each, self._machine)]
        if not closed:
            return Python(executable)
        self._layout.make_programs()
        copy = self._layout.programs / f"python-{_fingerprint(needed)}"
        if not copy.exists():
            await self._machine.offload.run(_copy, needed, copy)
        return Python(copy / "bin" / name, {"LD_LIBRARY_PATH": str(copy / "lib")})


def find_needed(packages: Iterable[str]) -> list[Distribution]:
    """The packages and what they need, as far as it is installed. Raises ProgramMissing where one of them is not.

    Conditions other than extras are not looked at: what this machine does not need is not installed.
    """
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    open_ = [(each, True) for each in packages]
    while open_:
        requirement, is_asked = open_.pop()
        name, extras = _parse(requirement)
        try:
            one = found.setdefault(name, distribution(name))
        except PackageNotFoundError as error:
            if is_asked:
                raise ProgramMissing(f"the Python package {name!r} is not installed: pip install {name}") from error
            continue
        for extra in {"", *extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                open_ += [(each, False) for each in one.requires or () if _extra_of(each) == extra]
    return [found[name] for name in sorted(found)]


def _program() -> Path:
    """What a virtual environment only points to."""
    return Path(sys.executable).resolve()


def _parse(requirement: str) -> tuple[str, set[str]]:
    match = _REQUIREMENT.match(requirement)
    if match is None:
        raise ProgramMissing(f"{requirement!r} names no Python package")
    return match.group(1).lower(), {extra.strip() for extra in (match.group(2) or "").split(",")}


def _extra_of(requirement: str) -> str:
    match = _EXTRA.search(requirement.partition(";")[2])
    return match.group(1) if match else ""


def _fingerprint(needed: Sequence[Distribution]) -> str:
    """Changes with each version that is in it, and when the interpreter is replaced."""
    program = _program().stat()
    said = [
        sys.version,
        sys.prefix,
        program.st_size,
        program.st_mtime_ns,
        *((each.name, each.version) for each in needed),
    ]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:12]


def _copy(needed: Sequence[Distribution], copy: Path) -> None:
    """An installation of its own: an interpreter finds its library beside the folder it is in."""
    fresh = copy.with_name(f".{copy.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    executable, library = _program(), Path(os.__file__).parent
    (fresh / "bin").mkdir(parents=True)
    (fresh / "lib").mkdir()
    link_or_copy(str(executable), str(fresh / "bin" / executable.name))
    inner = fresh / library.relative_to(sys.base_prefix)
    _copy_folder(library, inner, _NOT_NEEDED)
    shared = str(sysconfig.get_config_var("INSTSONAME") or "")
    for folder in (Path(sys.base_prefix) / "lib", Path(str(sysconfig.get_config_var("LIBDIR")))):
        if shared and (folder / shared).is_file() and not (fresh / "lib" / shared).exists():
            link_or_copy(str(folder / shared), str(fresh / "lib" / shared))
    for each in needed:
        _copy_package(each, inner / "site-packages")
    open_folders(fresh)
    fresh.rename(copy)


def _copy_package(package: Distribution, target: Path) -> None:
    """Whole folders, so that what is compiled already comes along; programs beside the packages do not."""
    target.mkdir(exist_ok=True)
    for name in {file.parts[0] for file in package.files or () if ".." not in file.parts}:
        source = Path(str(package.locate_file(name)))
        if source.is_dir():
            _copy_folder(source, target / name)
        elif source.is_file() and not (target / name).exists():
            link_or_copy(str(source), str(target / name))


def _copy_folder(source: Path, target: Path, without: Sequence[str] = ()) -> None:
    shutil.copytree(
        source, target, symlinks=True, copy_function=_link_once, ignore=shutil.ignore_patterns(*without),
        dirs_exist_ok=True,
    )  # fmt: skip


def _link_once(source: str, target: str) -> None:
    if not Path(target).exists():
        link_or_copy(source, target)
