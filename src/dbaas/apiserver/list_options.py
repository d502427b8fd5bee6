"""The options of a list or a watch, from the query; all that is wrong with them is told at once.

Source: apimachinery `apis/meta/internalversion/validation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dbaas.apiserver.failures import bad_request, invalid, plain_error
from dbaas.apiserver.options import read_count, read_flag
from dbaas.apiserver.schemas import Cause


@dataclass(frozen=True)
class ListOptions:
    """`version` as it was sent; `initial` None where nothing was said of it; zero for no limit and no timeout."""

    version: str
    match: str
    token: str
    limit: int
    timeout_seconds: int
    bookmarks: bool
    initial: bool | None


def asks_to_watch(query: Mapping[str, str]) -> bool:
    return bool(read_flag(query, "watch"))


def read_list_options(query: Mapping[str, str]) -> ListOptions:
    """Raises Failure 400, 422."""
    options = ListOptions(
        query.get("resourceVersion", ""),
        query.get("resourceVersionMatch", ""),
        query.get("continue", ""),
        read_count(query, "limit"),
        read_count(query, "timeoutSeconds"),
        bool(read_flag(query, "allowWatchBookmarks")),
        read_flag(query, "sendInitialEvents"),
    )
    causes = _check_watch(options) if asks_to_watch(query) else _check_list(options)
    if causes:
        raise invalid("ListOptions", "meta.k8s.io", "", causes)
    return options


def parse_version(text: str, *, watch: bool = False) -> int:
    """0 where there is none. Raises Failure 400, for a watch 500 as Kubernetes does."""
    if text and not (text.isascii() and text.isdigit()):
        wrong = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        raise plain_error(wrong) if watch else bad_request(f"invalid resource version: {wrong}")
    return int(text or "0")


def _check_list(options: ListOptions) -> list[Cause]:
    causes = []
    if options.match:
        if not options.version:
            causes.append(_forbidden("resourceVersionMatch is forbidden unless resourceVersion is provided"))
        if options.token:
            causes.append(_forbidden("resourceVersionMatch is forbidden when continue is provided"))
        if options.match not in ("Exact", "NotOlderThan"):
            causes.append(_unsupported(options.match, '"Exact", "NotOlderThan", ""'))
        if options.match == "Exact" and options.version == "0":
            causes.append(_forbidden('resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    if options.initial is not None:
        causes.append(_forbidden("sendInitialEvents is forbidden for list", "sendInitialEvents"))
    return causes


def _check_watch(options: ListOptions) -> list[Cause]:
    causes = []
    if options.initial is not None and options.match != "NotOlderThan":
        causes.append(_forbidden("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
    if options.match:
        if options.initial is None:
            causes.append(
                _forbidden("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
            )
        if options.match != "NotOlderThan":
            causes.append(_unsupported(options.match, '"NotOlderThan"'))
        if options.token:
            causes.append(_forbidden("resourceVersionMatch is forbidden when continue is provided"))
    return causes


def _forbidden(why: str, field: str = "resourceVersionMatch") -> Cause:
    return Cause(field, f"Forbidden: {why}", "FieldValueForbidden")


def _unsupported(value: str, supported: str) -> Cause:
    message = f'Unsupported value: "{value}": supported values: {supported}'
    return Cause("resourceVersionMatch", message, "FieldValueNotSupported")
