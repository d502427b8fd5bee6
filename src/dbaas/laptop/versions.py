"""A folder that each version makes anew from that of the one before: its places, whatever a crash has left in them.

<name>           what the program uses
.<name>.new-…    an attempt, worth nothing
<name>.next      done, and to be used
<name>.before    what that was made from: kept until the program has served on the new one
<name>.begun     a file: an attempt may have marked what it was made from
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dbaas.core.process import User
from dbaas.laptop.attempts import is_there, rename
from dbaas.laptop.files import read_text, remove_file, write_file


@dataclass(frozen=True)
class Versions:
    """Of the folder `name` in `directory`; its file `mark` says which version made it."""

    directory: Path
    name: str
    mark: str

    @property
    def final(self) -> Path:
        return self.directory / self.name

    @property
    def next(self) -> Path:
        return self.directory / f"{self.name}.next"

    @property
    def before(self) -> Path:
        return self.directory / f"{self.name}.before"

    @property
    def used(self) -> str | None:
        """The version of what the program uses; None where there is nothing, or it does not say."""
        return read_text(self.directory, f"{self.name}/{self.mark}")

    @property
    def kept(self) -> str | None:
        """The version that this was made from, as long as that is kept."""
        return read_text(self.directory, f"{self.before.name}/{self.mark}")

    @property
    def has_begun(self) -> bool:
        return is_there(self.directory / self._begun)

    def note_beginning(self, user: User | None) -> None:
        write_file(self.directory, self._begun, b"", user)

    def settle(self) -> None:
        """What was interrupted between two renames comes to its end: what is done is used, else what was there before.

        Nothing may work in them meanwhile.
        """
        if is_there(self.next):
            if is_there(self.final):
                rename(self.final, self.before)
            rename(self.next, self.final)
        elif not is_there(self.final) and is_there(self.before):
            rename(self.before, self.final)

    def forget_beginning(self) -> None:
        remove_file(self.directory, self._begun)

    @property
    def _begun(self) -> str:
        return f"{self.name}.begun"
