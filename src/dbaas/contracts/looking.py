"""What a part of an engine may say of its looks at a server: which are needless, and what they tell for a status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from dbaas.contracts.engine import ServerFacts


@runtime_checkable
class Foreseeing(Protocol):
    """A part that knows what there is in a database that has just been made: it saves a connection to each."""

    def foresee(self, name: str, made_as: Any, observed: Any, server: ServerFacts) -> Any | None:
        """What equals that which a look would find by that name, None where only a look can tell. Pure.

        `made_as` is what was desired of the database, `observed` what the server says of it now.
        """
        ...


@runtime_checkable
class OnlyTelling(Protocol):
    """A part that is looked at for the status of its object alone: nothing of it is desired, so nothing differs."""

    only_tells: bool


@runtime_checkable
class Telling(Protocol):
    """An observation that has something for the status of its object, beside what is compared."""

    def tell(self) -> Mapping[str, Any]:
        """JSON values by the names of the status' fields."""
        ...


@runtime_checkable
class Tallying(Protocol):
    """What is desired as a list, told for the status of its object."""

    def tally(self) -> Mapping[str, Sequence[str]]:
        """Its entries by sort: `roles`, `directGrants` or `defaultPrivileges`."""
        ...
