"""A cluster of three in which things can be made to fail: each instance's data lies on a small disk of its own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from availability.ledger import Row
from availability.load import EMPTY_TABLE, MAKE_TABLE, READ_TABLE, Load, Place, writing
from dbaas.laptop.machine import server_user
from e2e.conftest import Laptop, a_laptop, eventually, preferred_ports_taken
from fixtures.disks import SmallDisk
from fixtures.trio import CLUSTER, NAMES, WHOLE_SECONDS, Trio

HOST = "127.0.0.1"
DISK = "256m"


@dataclass(frozen=True)
class Bed:
    """`disks` are by instance; none where only root could make them."""

    trio: Trio
    disks: Mapping[str, SmallDisk] = field(default_factory=dict)

    def port(self, name: str) -> int:
        """For clients."""
        return int(self.trio.process(name)["ports"]["sql"])

    def place(self, name: str) -> Place:
        return HOST, self.port(name)

    def ports(self, name: str) -> Sequence[int]:
        """All that it listens on."""
        return list(self.trio.process(name)["ports"].values())

    def login(self) -> dict[str, Any]:
        secret = self.trio.laptop.secret("main-credentials")
        return {"user": secret["username"], "password": secret["password"], "dbname": "postgres"}

    @contextmanager
    def writing(self) -> Iterator[Load]:
        """Through the entrance that leads to the primary, and to each instance past it; into an empty table."""
        self.trio.sql(self.trio.primary(), EMPTY_TABLE)
        entrance = int(self.trio.status()["endpoint"].rpartition(":")[2])
        with writing({"rw": (HOST, entrance), **{name: self.place(name) for name in NAMES}}, self.login()) as load:
            begun = time.monotonic()
            eventually(lambda: load.has_written(begun), WHOLE_SECONDS)
            yield load

    def rows(self, name: str) -> set[Row]:
        with psycopg.connect(host=HOST, port=self.port(name), **self.login(), connect_timeout=5) as connection:
            return {(way, number) for way, number in connection.execute(READ_TABLE)}


@contextmanager
def a_bed(manifest: str = CLUSTER) -> Iterator[Bed]:
    """Whole, with the table that is written to."""
    with preferred_ports_taken(), a_laptop() as laptop, _small_disks(laptop) as disks:
        try:
            laptop.do("up", "-d")
            laptop.do("apply", "-f", "-", "--wait", "--timeout", "100s", text=manifest)
            trio = Trio(laptop)
            trio.until_whole()
            trio.sql(trio.primary(), MAKE_TABLE)
            yield Bed(trio, disks)
        finally:
            laptop.run("down")  # before the disks go


@contextmanager
def _small_disks(laptop: Laptop) -> Iterator[Mapping[str, SmallDisk]]:
    """In memory, where the agent will look for the instances' folders."""
    user = server_user()
    if user is None:
        yield {}
        return
    with ExitStack() as mounted:
        yield {name: mounted.enter_context(_small_disk(laptop, name, user.uid, user.gid)) for name in NAMES}


@contextmanager
def _small_disk(laptop: Laptop, name: str, uid: int, gid: int) -> Iterator[SmallDisk]:
    place = Path(laptop.home, "processes", f"default.{name}", "data")
    laptop.home.chmod(0o711)
    for folder in (place.parent.parent, place.parent, place):
        folder.mkdir(mode=0o711, exist_ok=True)
    options = ["-t", "tmpfs", "-o", f"size={DISK},mode=0700,uid={uid},gid={gid}", "tmpfs", str(place)]
    subprocess.run(["mount", *options], check=True)
    try:
        yield SmallDisk(place)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
