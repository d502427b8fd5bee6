"""What a client of the API may expect to find after the server was killed, from what it asked and what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Seen:
    """An object as it was answered; `number` None: it is not there."""

    number: int | None = None
    uid: str = ""
    version: int = 0


@dataclass(frozen=True)
class Asked:
    """A write without an answer so far; `number` None: a deletion."""

    number: int | None


@dataclass
class Ledger:
    """Each object has one client, which has at most one write under way."""

    answered: dict[str, Seen] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    highest: int = 0  # of all versions that anybody was shown
    writes: int = 0
    kept: int = 0  # unanswered writes that took effect
    dropped: int = 0  # and those that did not

    def begin(self, name: str, number: int | None) -> None:
        self.asked[name] = Asked(number)

    def end(self, name: str, answer: Mapping[str, Any], began_at: int) -> None:
        """`began_at` is the highest version before the write was asked for."""
        number = self.asked.pop(name).number
        before = self.answered.get(name, Seen())
        self.writes += 1
        if number is None:
            self.answered[name] = Seen()
            return
        seen = seen_in(answer)
        assert seen.version > began_at, f"{name} got version {seen.version}, though {began_at} was given out"
        assert seen.number == number
        assert before.number is None or before.uid == seen.uid
        self.answered[name] = seen
        self.highest = max(self.highest, seen.version)

    def check(self, objects: Mapping[str, Seen], version: int) -> None:
        """What is there after a restart, and the version of that list. Takes over what it finds."""
        assert version >= self.highest, f"versions went back from {self.highest} to {version}"
        assert objects.keys() <= self.answered.keys() | self.asked.keys()
        for name in self.answered.keys() | self.asked.keys():
            self._check_one(name, objects.get(name, Seen()))
        self.answered = dict(objects)
        self.asked.clear()
        self.highest = version

    def _check_one(self, name: str, found: Seen) -> None:
        answered, asked = self.answered.get(name, Seen()), self.asked.get(name)
        if found == answered:
            self.dropped += asked is not None
            return
        assert asked is not None, f"{name}: answered was {answered}, there is {found}"
        assert found.number == asked.number, f"{name}: {answered} was to become {asked}, there is {found}"
        assert found.number is None or found.version > answered.version
        assert found.number is None or answered.number is None or found.uid == answered.uid
        self.kept += 1


MOST_FILLER = 20_000


def body_of(name: str, number: int) -> dict[str, Any]:
    """The number stands in it in three ways, so that half an object would be noticed."""
    metadata = {"name": name, "labels": {"number": str(number)}}
    return {"metadata": metadata, "data": {"number": str(number), "filler": "x" * (number % MOST_FILLER)}}


def seen_in(obj: Mapping[str, Any]) -> Seen:
    metadata, data = obj["metadata"], obj["data"]
    number = int(data["number"])
    assert metadata["labels"]["number"] == data["number"], "half an object"
    assert data["filler"] == "x" * (number % MOST_FILLER), "half an object"
    return Seen(number, metadata["uid"], int(metadata["resourceVersion"]))
