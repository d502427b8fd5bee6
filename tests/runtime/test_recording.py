"""Tests of `runtime.recording`: the status is written once, only if it differs, and to the right object."""

from __future__ import annotations

from dbaas.api.resource import Key, Resource
from dbaas.contracts.reconcile import Condition
from dbaas.runtime.caches import Caches
from dbaas.runtime.recording import StatusWriter
from dbaas.runtime.status import Verdict
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
