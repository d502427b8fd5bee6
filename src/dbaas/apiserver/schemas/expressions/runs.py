"""One evaluation: the names that have values, and what was spent so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from dbaas.apiserver.schemas.expressions.failures import TooDear
from dbaas.apiserver.schemas.expressions.things import Value

LIMIT_OF_CALL = 1_000_000
_NOTHING = object()


class Run:
    """`spent` may exceed the limit by what one part costs before anybody looks."""

    __slots__ = ("limit", "names", "spent")

    def __init__(self, names: Mapping[str, Value], limit: int = LIMIT_OF_CALL) -> None:
        self.names = dict(names)
        self.limit = limit
        self.spent = 0

    def check(self) -> None:
        """Raises TooDear."""
        if self.spent > self.limit:
            raise TooDear

    @contextmanager
    def scope(self, *names: str) -> Iterator[None]:
        """What these names are given inside they have not afterwards."""
        outside = [self.names.get(name, _NOTHING) for name in names]
        try:
            yield
        finally:
            for name, value in zip(names, outside, strict=True):
                if value is _NOTHING:
                    self.names.pop(name, None)
                else:
                    self.names[name] = value


Step = Callable[[Run], Value]


class Fixed:
    """The step of a part that has the same value in every run. It costs nothing."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value

    def __call__(self, run: Run) -> Value:
        return self.value
