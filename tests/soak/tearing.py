"""A store whose files were damaged while nobody looked: what may come of it, and what may not."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from dbaas.apiserver.store import Change, Database, Entry, StorageError

Contents = dict[str, tuple[int, bytes]]
"""By key: version and body."""

KEYS = 60
LARGEST = 5000
NAME = "state.db"
LOG = f"{NAME}-wal"


@dataclass(frozen=True)
class Moment:
    """After a commit. `log_bytes` is how long the log was then."""

    log_bytes: int
    contents: Contents


@dataclass
class Specimen:
    """A store with a past, as a killed process leaves it, and everything that it has ever held."""

    folder: Path
    moments: list[Moment] = field(default_factory=list)

    @property
    def last(self) -> Contents:
        return self.moments[-1].contents

    def before(self, place: int) -> Contents:
        """What was there when the log was no longer than that; only where the log was never begun anew."""
        return [moment for moment in self.moments if moment.log_bytes <= place][-1].contents


def make_specimen(folder: Path, chance: random.Random, commits: int, *, written_back: bool = False) -> Specimen:
    """More than about 150 commits begin the log anew. `written_back`: it stands in the file already, all of it."""
    folder.mkdir()
    running = folder / "running"
    running.mkdir()
    database = Database(running / NAME)
    database.open()
    specimen = Specimen(folder / "left")
    contents: Contents = {}
    specimen.moments.append(Moment(0, {}))
    version = 1
    for _ in range(commits):
        changes = []
        for key in chance.sample(range(KEYS), chance.randint(1, 8)):
            version += 1
            changes.append(_change(contents, f"key-{key}", version, chance))
        database.write(changes)
        specimen.moments.append(Moment((running / LOG).stat().st_size, dict(contents)))
    if written_back:
        database._opened().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    shutil.copytree(running, specimen.folder)
    database.close()
    shutil.rmtree(running)
    return specimen


def _change(contents: Contents, key: str, version: int, chance: random.Random) -> Change:
    filler = chance.choice("abc") * chance.randint(0, LARGEST)
    body = f'"metadata":{{"name":"{key}","uid":"u"}},"data":{{"v":"{version}","f":"{filler}"}}}}'.encode()
    deleted = key in contents and chance.random() < 0.3
    if deleted:
        del contents[key]
    else:
        contents[key] = (version, body)
    return Change("things", None, Entry.read(key, version, body), deleted)


@dataclass(frozen=True)
class Damage:
    """`cut`: the file ends at `place`; else so many bytes from there on are others."""

    file: str
    place: int
    cut: bool
    length: int = 0
    seed: int = 0

    def apply(self, folder: Path) -> None:
        path = folder / self.file
        data = bytearray(path.read_bytes())
        if self.cut:
            del data[self.place :]
        else:
            chance = random.Random(self.seed)
            for index in range(self.place, min(self.place + self.length, len(data))):
                data[index] ^= chance.randint(1, 255)
        path.write_bytes(data)


def draw_damage(chance: random.Random, folder: Path, file: str) -> Damage:
    size = (folder / file).stat().st_size
    length = chance.choice((1, 4, 100, 512, 4096, 20_000))
    return Damage(file, chance.randrange(size), chance.random() < 0.4, length, chance.randrange(1 << 30))


def open_damaged(specimen: Specimen, damage: Damage, place: Path) -> Contents | None:
    """What is there after it; None where opening is refused, with the file's name and what to do."""
    shutil.copytree(specimen.folder, place)
    try:
        damage.apply(place)
        return read(place / NAME)
    except StorageError as error:
        assert str(place / NAME) in error.message, damage
        assert any(advice in error.message for advice in ("move", "another home", "look after")), error.message
        return None
    finally:
        shutil.rmtree(place)


def read(path: Path) -> Contents:
    """Raises StorageError."""
    database = Database(path)
    database.open()
    try:
        _, rows = database.load()
        return {key: (version, body) for _, key, version, body in rows}
    finally:
        database.close()
