"""Options of writes."""

from __future__ import annotations

import pytest

from dbaas.apiserver.failures import Failure
from dbaas.apiserver.options import DeleteOptions, WriteOptions, read_delete_options, read_write_options
from dbaas.contracts.transport import Request


def write(agent: str = "", **query: str) -> WriteOptions:
    return read_write_options(Request("POST", "/", query, {"user-agent": agent}), "CreateOptions")


def delete(body: bytes = b"", **query: str) -> DeleteOptions:
    return read_delete_options(Request("DELETE", "/", query, {}, body))


def test_without_a_name_the_manager_is_the_program() -> None:
    assert write("kubectl/v1.35.4 (linux/amd64)").manager == "kubectl"
    assert write("kubectl/v1", fieldManager="me").manager == "me"
    assert write().manager == "unknown"


def test_the_defaults_are_to_write_and_to_warn() -> None:
    assert write() == WriteOptions("unknown", dry_run=False, strictness="Warn", force=False)


def test_a_manager_has_a_length() -> None:
    with pytest.raises(Failure, match="may not be more than 128 bytes"):
        write(fieldManager="x" * 129)


def test_options_of_a_deletion_come_from_the_body_or_the_query() -> None:
    assert delete() == DeleteOptions()
    body = b'{"preconditions":{"uid":"u","resourceVersion":"7"},"propagationPolicy":"Foreground","dryRun":["All"]}'
    assert delete(body) == DeleteOptions("u", "7", "Foreground", dry_run=True)
    assert delete(propagationPolicy="Orphan", dryRun="All") == DeleteOptions(propagation="Orphan", dry_run=True)
    assert delete(b'{"propagationPolicy":"Background"}', propagationPolicy="Orphan").propagation == "Background"


def test_the_old_way_to_orphan_still_works() -> None:
    assert delete(orphanDependents="true").propagation == "Orphan"
    assert delete(b'{"orphanDependents":false}').propagation == "Background"


@pytest.mark.parametrize("body", [b"[]", b'{"kind":"Pod"}', b"{"])
def test_a_body_that_holds_no_options_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(Failure) as refused:
        delete(body)
    assert refused.value.code == 400
