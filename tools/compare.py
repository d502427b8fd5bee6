"""What the embedded API server and a real kube-apiserver answer to the same random requests, and where they differ.

    python tools/compare.py                     # 6,000 requests of every kind, right ones and wrong ones
    python tools/compare.py --seeds 100-159     # others, 600 for each seed
    python tools/compare.py --kinds pods jobs

Prints each request that is answered differently, with both answers, and at the end how many there were. What has been
answered differently is taken away on both servers, so that no difference follows from an earlier one.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from conformance.kubernetes_api.random_requests import Ask, Draw
from conformance.kubernetes_api.random_values import KINDS
from conformance.kubernetes_api.specimens import DEFINITION
from conformance.kubernetes_api.test_random_requests import (
    STEPS,
    Server,
    comparable,
    waits_for_a_collector,
)
from fixtures.control_plane import open_embedded, open_kube, require_assets, running_control_plane

PLURALS = tuple(kind.plural for kind in KINDS)


async def compare(state: Path, seed: int, plural: str) -> list[str]:
    """What is answered differently, one text for each request."""
    async with AsyncExitStack() as opened:
        apis = [await opened.enter_async_context(each) for each in (open_embedded(), open_kube(state))]
        for api in apis:
            api.namespace = f"t-{apis[0].suffix}"
            await api.post("/api/v1/namespaces", {"metadata": {"name": api.namespace}})
            await api.define(DEFINITION)
        servers = [Server(api) for api in apis]
        for server in servers:
            await server.prepare()
        found = []
        for number, ask in enumerate(Draw(seed, plural).asks(STEPS)):
            answers = [await server.send(ask) for server in servers]
            ours, theirs = map(comparable, answers)
            if ours != theirs:
                found.append(f"{seed} {plural} {number}: {_describe(ask)}\n{_describe_difference(ours, theirs)}")
            if ours != theirs or (ask.verb == "delete" and waits_for_a_collector(ask.body)):
                for server in servers:
                    await server.clear(ask)
        await apis[1].delete(f"/api/v1/namespaces/{apis[1].namespace}")
    return found


def _describe(ask: Ask) -> str:
    place = f"{ask.name}/{ask.subresource}" if ask.subresource else ask.name
    return f"{ask.verb} {place} {ask.query} {orjson.dumps(ask.body).decode()}"


def _describe_difference(ours: tuple[Any, ...], theirs: tuple[Any, ...]) -> str:
    return "\n".join(f"  {path}\n    here  {one}\n    there {other}" for path, one, other in _differences(ours, theirs))


def _differences(ours: Any, theirs: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            yield from _differences(ours.get(key), theirs.get(key), f"{path}.{key}")
    elif isinstance(ours, tuple) and isinstance(theirs, tuple):
        for name, one, other in zip(("status", "body", "warnings"), ours, theirs, strict=True):
            yield from _differences(one, other, name)
    elif isinstance(ours, list) and isinstance(theirs, list):
        here, there = ([each for each in one if each not in other] for one, other in ((ours, theirs), (theirs, ours)))
        if here or there:
            yield path, here, there
    elif ours != theirs:
        yield path, ours, theirs


def main() -> int:
    options = _read_options()
    first, _, last = options.seeds.partition("-")
    asked = differing = 0
    with tempfile.TemporaryDirectory() as folder:
        assets = require_assets("etcd", "kube-apiserver", "kubectl")
        with running_control_plane(assets, Path(folder) / "kube") as state:
            for seed in range(int(first), int(last or first) + 1):
                for plural in options.kinds:
                    found = asyncio.run(compare(state, seed, plural))
                    asked, differing = asked + STEPS, differing + len(found)
                    for each in found:
                        print(each, flush=True)
    print(f"{differing} of {asked} requests were answered differently, {1000 * differing / asked:.2f} of a thousand")
    return 0


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compares both API servers.")
    parser.add_argument("--seeds", default="0-9", metavar="FIRST-LAST")
    parser.add_argument("--kinds", nargs="+", choices=PLURALS, default=PLURALS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
