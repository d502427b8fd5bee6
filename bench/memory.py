"""Memory of the control plane: idle after its start, and with a thousand objects more."""

from __future__ import annotations

import asyncio

from _laptop import Laptop, empty_laptop, open_api, report, send_all

OBJECTS = 1000
MIB = 1024 * 1024


def main() -> None:
    with empty_laptop() as laptop:
        laptop.dbaas("up", "-d")
        idle = _resident(laptop)
        asyncio.run(_fill(laptop))
        full = _resident(laptop)
    report(f"memory with {OBJECTS} users that wait for a server, against idle", full, idle, "MiB", "≤ 150 MiB")


def _resident(laptop: Laptop) -> float:
    return laptop.process().memory_info().rss / MIB


async def _fill(laptop: Laptop) -> None:
    path = "/apis/dbaas.io/v1/namespaces/default/databaseusers"
    spec = {"instanceRef": {"name": "nowhere"}}
    bodies = [
        {"apiVersion": "dbaas.io/v1", "kind": "DatabaseUser", "metadata": {"name": f"u{number}"}, "spec": spec}
        for number in range(OBJECTS)
    ]
    async with open_api(laptop) as api:
        await send_all(api, [("POST", path, body, "json") for body in bodies], 16)
        async with api.session.get(f"{api.url}{path}", params={"watch": "true", "resourceVersion": "0"}) as response:
            seen: set[bytes] = set()
            while len(seen) < OBJECTS:  # until each has been looked at once
                line = await response.content.readuntil(b"\n")
                if b'"observedGeneration"' in line:
                    seen.add(line.partition(b'"name":"')[2].partition(b'"')[0])


if __name__ == "__main__":
    main()
