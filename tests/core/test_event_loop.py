"""Which event loop long-lived processes get."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec

import pytest

from dbaas.core.event_loop import run


async def _loop() -> str:
    await asyncio.sleep(0)
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


def test_the_fast_loop_is_used_where_it_is_installed() -> None:
    assert run(_loop()) == ("asyncio" if find_spec("uvloop") is None else "uvloop")


def test_a_library_is_asked_for_its_loop() -> None:
    assert run(_loop(), library="asyncio") == "asyncio"


def test_asyncio_does_where_nothing_else_is_installed() -> None:
    assert run(_loop(), library="no_such_library") == "asyncio"


def test_what_the_work_raises_is_passed_on() -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(fail())
