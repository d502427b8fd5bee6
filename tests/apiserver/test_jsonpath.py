"""The paths of printer columns."""

from __future__ import annotations

import pytest

from dbaas.apiserver.jsonpath import JSONPath, PathError

OBJECT = {
    "metadata": {"annotations": {"a.b/c": "dotted"}},
    "spec": {"size": 3, "list": [1, 2, 3], "parts": [{"name": "a", "on": True}, {"name": "b", "on": False}]},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".spec.size", [3]),
        ("{.spec.size}", [3]),
        ("$.spec.size", [3]),
        (".spec.missing.deeper", []),
        (".spec.list[0]", [1]),
        (".spec.list[-1]", [3]),
        (".spec.list[9]", []),
        (".spec.list[*]", [1, 2, 3]),
        (".spec.parts[*].name", ["a", "b"]),
        ('.spec.parts[?(@.name=="b")].on', [False]),
        (".spec.parts[?(@.on==true)].name", ["a"]),
        ('.spec.parts[?(@.name!="b")].name', ["a"]),
        ("['spec']['size']", [3]),
        (".metadata.annotations.a\\.b/c", ["dotted"]),
        (".metadata.annotations['a.b/c']", ["dotted"]),
    ],
)
def test_a_path_leads_to_its_values(path: str, expected: list[object]) -> None:
    assert JSONPath(path).find(OBJECT) == expected


@pytest.mark.parametrize("path", [".spec[", ".a[?(@.b)]", ".a..b", ".a[1:2]", "{range .items[*]}{.a}{end}"])
def test_a_path_that_we_do_not_read_is_refused(path: str) -> None:
    with pytest.raises(PathError, match="cannot read the path"):
        JSONPath(path)
