"""What paths mean."""

from __future__ import annotations

import pytest

from dbaas.apiserver.failures import Failure
from dbaas.apiserver.kinds import builtin_resources
from dbaas.apiserver.resources import Catalogue
from dbaas.apiserver.routing import Target, check_method, find_target


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    made = Catalogue()
    for resource in builtin_resources():
        made.add(resource)
    return made


def found(catalogue: Catalogue, path: str) -> tuple[str, str, str, str]:
    target = find_target(path, catalogue)
    assert target is not None
    return target.resource.plural, target.namespace, target.name, target.subresource


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v1/namespaces", ("namespaces", "", "", "")),
        ("/api/v1/namespaces/a", ("namespaces", "", "a", "")),
        ("/api/v1/namespaces/a/status", ("namespaces", "", "a", "status")),
        ("/api/v1/namespaces/a/finalize", ("namespaces", "", "a", "finalize")),
        ("/api/v1/namespaces/a/pods", ("pods", "a", "", "")),
        ("/api/v1/namespaces/a/pods/b/status", ("pods", "a", "b", "status")),
        ("/api/v1/pods", ("pods", "", "", "")),
        ("/apis/batch/v1/namespaces/a/jobs/b", ("jobs", "a", "b", "")),
        ("/apis/batch/v1/jobs", ("jobs", "", "", "")),
        ("/api/v1/namespaces/pods/pods/pods", ("pods", "pods", "pods", "")),
    ],
)
def test_a_path_names_a_target(catalogue: Catalogue, path: str, expected: tuple[str, str, str, str]) -> None:
    assert found(catalogue, path) == expected


@pytest.mark.parametrize("path", ["/", "/api", "/api/v1", "/apis/batch", "/apis/batch/v1", "/api/v2/pods", "/version"])
def test_a_path_that_names_no_kind_is_left_to_others(catalogue: Catalogue, path: str) -> None:
    assert find_target(path, catalogue) is None


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/gadgets",
        "/api/v1/pods/a",
        "/api/v1/namespaces/a/pods/b/gadgets",
        "/api/v1/namespaces/a/pods/b/status/c",
        "/api/v1/namespaces/a/gadgets",
    ],
)
def test_a_part_that_is_not_there_is_not_found(catalogue: Catalogue, path: str) -> None:
    with pytest.raises(Failure, match="the server could not find the requested resource"):
        find_target(path, catalogue)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/v1/namespaces/a/pods", {"GET", "POST", "DELETE"}),
        ("/api/v1/pods", {"GET"}),
        ("/api/v1/namespaces/a/pods/b", {"GET", "PUT", "PATCH", "DELETE"}),
        ("/api/v1/namespaces/a/pods/b/status", {"GET", "PUT", "PATCH"}),
        ("/api/v1/namespaces/a/finalize", {"PUT"}),
        ("/api/v1/namespaces", {"GET", "POST"}),
    ],
)
def test_each_target_has_its_methods(catalogue: Catalogue, path: str, methods: set[str]) -> None:
    target = find_target(path, catalogue)
    assert target is not None
    assert {
        method for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE") if allows(target, method)
    } == methods


def allows(target: Target, method: str) -> bool:
    try:
        check_method(target, method)
    except Failure as failure:
        assert failure.code == 405
        return False
    return True
