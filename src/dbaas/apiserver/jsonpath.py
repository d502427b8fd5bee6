"""The JSONPath that printer columns, selectable fields and the scale subresource use.

Fields, quoted fields, indexes, wildcards, slices are not; filters of the form `[?(@.type=="Ready")]`. Anything else is
refused when the definition is made. Source: Kubernetes, `client-go/util/jsonpath`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Step = Callable[[list[Any]], list[Any]]
_STEP = re.compile(
    r"""\.(?P<field>(?:[^.\[\]\\'"*\s]|\\.)+)
      | \[(?P<index>-?\d+)\]
      | \[['"](?P<quoted>[^'"]+)['"]\]
      | (?P<all>\.\*|\[\*\])
      | \[\?\(\s*@(?P<path>(?:\.[^.\[\]\s=!<>]+)+)\s*(?P<op>==|!=)\s*(?P<value>"[^"]*"|'[^']*'|[^)\s]+)\s*\)\]
    """,
    re.VERBOSE,
)


class PathError(ValueError):
    """Not a path that we read."""


class JSONPath:
    """Compiled once, read often."""

    def __init__(self, text: str) -> None:
        """Raises PathError."""
        inner = text.strip().removeprefix("{").removesuffix("}").removeprefix("$")
        if inner and not inner.startswith((".", "[")):
            inner = "." + inner
        self.text = text
        self._steps: list[Step] = []
        position = 0
        while position < len(inner):
            match = _STEP.match(inner, position)
            if match is None:
                raise PathError(f"cannot read the path '{text}' from '{inner[position:]}' on")
            self._steps.append(_compile(match))
            position = match.end()

    def find(self, obj: Mapping[str, Any]) -> list[Any]:
        """All values it leads to; none where a part is missing."""
        found: list[Any] = [obj]
        for step in self._steps:
            found = step(found)
        return found


def _compile(match: re.Match[str]) -> Step:
    if match["field"] is not None:
        return _take(re.sub(r"\\(.)", r"\1", match["field"]))
    if match["quoted"] is not None:
        return _take(match["quoted"])
    if match["index"] is not None:
        return _take_index(int(match["index"]))
    if match["all"] is not None:
        return _take_all
    return _filter(match["path"], match["op"] == "==", match["value"])


def _take(name: str) -> Step:
    return lambda found: [value[name] for value in found if isinstance(value, Mapping) and name in value]


def _take_index(index: int) -> Step:
    return lambda found: [
        value[index] for value in found if isinstance(value, list) and -len(value) <= index < len(value)
    ]


def _take_all(found: list[Any]) -> list[Any]:
    taken: list[Any] = []
    for value in found:
        if isinstance(value, Mapping):
            taken.extend(value.values())
        elif isinstance(value, list):
            taken.extend(value)
    return taken


def _filter(path: str, equal: bool, literal: str) -> Step:
    inner = JSONPath(path)
    wanted = literal[1:-1] if literal[0] in "\"'" else _scalar(literal)

    def keep(found: list[Any]) -> list[Any]:
        candidates = _take_all([value for value in found if isinstance(value, list)])
        return [each for each in candidates if ((inner.find(each) or [None])[0] == wanted) is equal]

    return keep


def _scalar(literal: str) -> object:
    if literal in ("true", "false"):
        return literal == "true"
    return int(literal) if re.fullmatch(r"-?\d+", literal) else literal
