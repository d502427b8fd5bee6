"""Tests of `runtime.recording`: the status is written once, only if it differs, and to the right object."""

from __future__ import annotations

import pytest

from dbaas.api.resource import Key, Resource
from dbaas.contracts.client import WriteConflict
from dbaas.contracts.reconcile import Condition
from dbaas.runtime.caches import Caches
from dbaas.runtime.recording import StatusWriter
from dbaas.runtime.status import Verdict
from fixtures.faults import is_write
from fixtures.operating import WIDGET, Operator, operating, virtually

FINE = Verdict([Condition("Ready", "True", "Fine")], "Ready", "", {"size": 1})


async def _writer(operator: Operator) -> tuple[StatusWriter, Caches, Resource]:
    caches = Caches()
    widget = await operator.make("one")
    caches.open(WIDGET).observe(widget)
    return StatusWriter(operator.rest, caches, operator.clock), caches, widget


@virtually
async def test_it_is_written_once_and_then_never_again() -> None:
    async with operating() as operator:
        writer, _, widget = await _writer(operator)
        assert await writer.write_verdict(widget, FINE)
        assert not await writer.write_verdict(widget, FINE)
        assert (await operator.read("one")).status["size"] == 1
        assert len(operator.faults.writes) == 1


@virtually
async def test_what_the_reconciler_wrote_meanwhile_counts_as_known() -> None:
    async with operating() as operator:
        writer, caches, widget = await _writer(operator)
        early = {"status": {"size": 1, "record": "x"}}
        caches.take(await operator.rest.patch(WIDGET, widget.key, early, subresource="status"))
        await writer.write_verdict(widget, FINE)
        assert "record" not in (await operator.read("one")).status


@virtually
async def test_another_object_of_the_same_name_is_left_alone() -> None:
    async with operating() as operator:
        writer, caches, widget = await _writer(operator)
        await operator.user.delete(WIDGET, widget.key)
        second = await operator.make("one")
        caches.open(WIDGET).observe(second)
        assert not await writer.write_verdict(widget, FINE)
        assert (await operator.read("one")).status == {}


@virtually
async def test_an_object_that_is_gone_is_no_error() -> None:
    async with operating() as operator:
        writer, _, widget = await _writer(operator)
        await operator.user.delete(WIDGET, Key("default", "one"))
        assert not await writer.write_verdict(widget, FINE)


@virtually
async def test_a_pause_is_written_once() -> None:
    async with operating() as operator:
        writer, _, widget = await _writer(operator)
        assert await writer.write_paused(widget)
        assert not await writer.write_paused(widget)
        assert (await operator.read("one")).status["phase"] == "Paused"


APPROVED = {
    "type": "Approved",
    "status": "True",
    "reason": "Checked",
    "message": "",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
}


async def _approve(operator: Operator, widget: Resource) -> None:
    """Somebody else states something of their own, and no watch has told us yet."""
    conditions = (await operator.read(widget.metadata.name)).status.get("conditions", [])
    patch = {"status": {"conditions": [*conditions, APPROVED]}}
    await operator.user.patch(WIDGET, widget.key, patch, subresource="status")


@virtually
async def test_a_condition_of_somebody_else_stays_even_if_we_have_not_seen_it_yet() -> None:
    async with operating() as operator:
        writer, _, widget = await _writer(operator)
        await writer.write_verdict(widget, FINE)
        await _approve(operator, widget)
        assert await writer.write_verdict(widget, Verdict([Condition("Ready", "False", "Broken")], "Failed", "", {}))
        status = (await operator.read("one")).status
        assert [(c["type"], c["status"]) for c in status["conditions"]] == [("Ready", "False"), ("Approved", "True")]
        assert "size" not in status


@virtually
async def test_who_loses_to_other_writers_again_and_again_gives_up_for_now() -> None:
    async with operating() as operator:
        writer, _, widget = await _writer(operator)
        operator.faults.answer(409, "Conflict", is_write, times=3)
        with pytest.raises(WriteConflict):
            await writer.write_verdict(widget, FINE)
        assert await writer.write_verdict(widget, FINE)
