"""What is known of the sizes of the parts of an expression.

Sizes come from the schema by the path on which a value is reached, and are followed as cel-go follows them: where it
loses track, so does this. Source: cel-go, `checker/cost.go`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from dbaas.apiserver.schemas.expressions.call_costs import Operand
from dbaas.apiserver.schemas.expressions.checking import Typed
from dbaas.apiserver.schemas.expressions.extents import Extent
from dbaas.apiserver.schemas.expressions.sizes import ONE, UNKNOWN, Size
from dbaas.apiserver.schemas.expressions.static_types import DYN, Type
from dbaas.apiserver.schemas.expressions.syntax import Constant, Elements, Entries, Expression, Name

Path = tuple[str, ...]
_SCALARS = frozenset({"bool", "double", "duration", "int", "timestamp", "uint"})


class Parts(NamedTuple):
    """The sizes of what is in a list or map; a list has keys of size one."""

    is_list: bool
    key: Size
    value: Size

    def or_(self, other: Parts) -> Parts:
        return Parts(self.is_list, self.key.or_(other.key), self.value.or_(other.value))


class _Local(NamedTuple):
    """A name that a macro gives to each element. Its path has no first step if the macro's range has no path."""

    path: Path
    size: Size | None


class Measures:
    """What is found of a part is kept by its place in the text."""

    def __init__(self, typed: Typed, extent: Extent) -> None:
        self._typed = typed
        self._extent = extent
        self._paths: dict[int, Path] = {}
        self._sizes: dict[int, Size] = {}
        self._parts: dict[int, Parts] = {}
        self._locals: dict[str, _Local] = {}

    def bind_element(self, name: Name, target: Expression) -> None:
        """The name is that of each element of the target, or of each key."""
        parts = self.parts_of(target)
        is_list = parts.is_list if parts is not None else self.type_of(target).name == "list"
        size = None if parts is None else parts.value if is_list else parts.key
        self._locals[name.name] = _Local((*self.path_of(target), "@items" if is_list else "@keys"), size)

    def bind_entry(self, first: Name, second: Name, target: Expression) -> None:
        """The names are those of each index and element, or of each key and value."""
        parts = self.parts_of(target)
        path = self.path_of(target)
        is_list = parts.is_list if parts is not None else self.type_of(target).name == "list"
        if is_list:
            self._locals[first.name] = _Local((), ONE)
        else:
            self._locals[first.name] = _Local((*path, "@keys"), None if parts is None else parts.key)
        value = None if parts is None else parts.value
        self._locals[second.name] = _Local((*path, "@items" if is_list else "@values"), value)

    def bind_value(self, name: Name) -> None:
        """The name is that of something made."""
        self._locals[name.name] = _Local((), self._size_by_type(name))

    @contextmanager
    def scope(self) -> Iterator[None]:
        """What is bound inside is not bound afterwards."""
        outside = dict(self._locals)
        yield
        self._locals = outside

    def reach(self, part: Expression, path: Path) -> None:
        self._paths[part.at] = path

    def keep(self, part: Expression, size: Size | None, parts: Parts | None = None) -> None:
        if size is not None:
            self._sizes[part.at] = size
        if parts is not None:
            self._parts[part.at] = parts

    def type_of(self, part: Expression) -> Type:
        return self._typed.types.get(part.at, DYN)

    def path_of(self, part: Expression) -> Path:
        """How a value is reached from a variable; empty for what is made in the expression."""
        if isinstance(part, Name):
            local = self._locals.get(part.name)
            return (part.name,) if local is None else local.path
        return self._paths.get(part.at, ())

    def parts_of(self, part: Expression) -> Parts | None:
        return self._parts.get(part.at)

    def operand(self, part: Expression) -> Operand:
        path = self.path_of(part)
        element = self._size_at((*path, "@items")) if path else None
        number = part.number if isinstance(part, Constant) else None
        return Operand(self.type_of(part), self.size_or_unknown(part), element or UNKNOWN, number)

    def size_or_unknown(self, part: Expression) -> Size:
        return self.size_of(part) or UNKNOWN

    def size_of(self, part: Expression) -> Size | None:
        if part.at in self._sizes:
            return self._sizes[part.at]
        match part:
            case Constant():
                return Size(part.size, part.size)
            case Elements(elements=inside) | Entries(entries=inside):
                return Size(len(inside), len(inside))
        return self._size_at(self.path_of(part)) or self._size_by_type(part)

    def _size_at(self, path: Path) -> Size | None:
        found = self._extent.below(path[1:]) if path else None
        return None if found is None else Size(0, found.most)

    def _size_by_type(self, part: Expression) -> Size | None:
        found = self.type_of(part)
        while found.name == "optional_type":
            found = found.parameters[0]
        if found.name in _SCALARS:
            return ONE
        local = self._locals.get(part.name) if isinstance(part, Name) else None
        return local.size if local is not None else None
