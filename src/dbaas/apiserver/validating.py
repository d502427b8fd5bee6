"""What is wrong with an object that is about to be written: its schema, then its kind's own rules."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Literal

from dbaas.apiserver.resources import Resource
from dbaas.apiserver.schemas import Cause, TakesLong
from dbaas.core.offload import Offload

_UNKNOWN_VALUE = "FieldValueNotSupported"
_INDEX = re.compile(r"\[\d+\]")
_UNUSABLE = frozenset({"FieldValueTypeInvalid", "FieldValueRequired"})


class Validation:
    """Rules of a definition may cost seconds of processor: others are answered meanwhile. No two take so long at once.

    What they cost is known only when they have been evaluated. So a trial on the loop is short, and only what it cannot
    finish begins anew elsewhere.
    """

    def __init__(self, offload: Offload) -> None:
        self._offload = offload
        self._turn = asyncio.Lock()

    async def causes(
        self, resource: Resource, new: Mapping[str, Any], old: Mapping[str, Any] | None, subresource: str = ""
    ) -> list[Cause]:
        """`old` is the stored object on an update. Nobody may change either meanwhile."""
        if not resource.custom:
            return _validate_builtin(resource, new, old, subresource)
        try:
            return _validate_custom(resource, new, old, subresource, is_trial=True)
        except TakesLong:
            async with self._turn:
                return await self._offload.run(_validate_custom, resource, new, old, subresource)


def _validate_custom(
    resource: Resource,
    new: Mapping[str, Any],
    old: Mapping[str, Any] | None,
    subresource: str,
    *,
    is_trial: bool = False,
) -> list[Cause]:
    """Raises TakesLong in a trial."""
    part: Literal["", "status"] = "status" if subresource == "status" else ""
    return resource.schema.validate(new, old, subresource=part, is_trial=is_trial)


def _validate_builtin(
    resource: Resource, new: Mapping[str, Any], old: Mapping[str, Any] | None, subresource: str
) -> list[Cause]:
    """The schema first; a kind's own rules may rely on it."""
    causes, checks = resource.schema.validate(new, old), resource.strategy.checks
    causes = [each for each in causes if not (each.reason == _UNKNOWN_VALUE and _INDEX.sub("", each.field) in checks)]
    unusable = {cause.field for cause in causes if cause.reason in _UNUSABLE and "." not in cause.field}
    if unusable - {*resource.strategy.copes_without} or any(each.reason == "FieldValueTypeInvalid" for each in causes):
        return causes
    if subresource == "status":
        causes = []  # of a status only the kind's own rules are looked at
    own = resource.strategy.validate(new, old)
    if not own:
        return causes
    told = {(cause.field, cause.reason) for cause in own} | {(cause.field, "FieldValueRequired") for cause in own}
    return [*(cause for cause in causes if (cause.field, cause.reason) not in told), *own]
