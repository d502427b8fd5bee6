"""Where names lead, with a DNS that answers when the test says so."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence

import pytest

from dbaas.contracts.engine import Unreachable
from dbaas.core.offload import InlineOffload, ThreadOffload
from dbaas.engines.postgres.resolving import Names, look_up

PATIENCE_SECONDS = 60.0


class Dns:
    """Names that begin with `lost` are answered when `heals` is set, the others at once."""

    def __init__(self) -> None:
        self.heals = threading.Event()
        self.asked: list[str] = []

    def look_up(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        if host.startswith("lost"):
            self.heals.wait(PATIENCE_SECONDS)
        if host.startswith("no"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return ["192.0.2.1", "192.0.2.2"] if host.startswith("two") else ["192.0.2.1"]


@pytest.fixture
def dns() -> Dns:
    return Dns()


@pytest.fixture
def names(dns: Dns) -> Iterator[Names]:
    threads = ThreadOffload(8, "names")
    yield Names(threads, dns.look_up)
    dns.heals.set()
    threads.close()


async def test_a_name_gets_its_addresses_and_stays_what_certificates_are_compared_with(names: Names) -> None:
    one = await names.add_addresses({"host": "one.test", "port": 5432}, PATIENCE_SECONDS)
    assert one == {"host": "one.test", "hostaddr": "192.0.2.1", "port": 5432}
    two = await names.add_addresses({"host": "two.test", "port": 5432}, PATIENCE_SECONDS)
    assert two == {"host": "two.test,two.test", "hostaddr": "192.0.2.1,192.0.2.2", "port": 5432}


@pytest.mark.parametrize(
    "place",
    [{"host": "192.0.2.9"}, {"host": "::1"}, {"host": "/run/postgresql"}, {"host": "a.test,b.test"}, {"host": ""},
     {"host": "a.test", "hostaddr": "192.0.2.9"}],
)  # fmt: skip
async def test_what_is_no_single_name_is_left_alone(names: Names, dns: Dns, place: dict[str, str]) -> None:
    assert await names.add_addresses(place, PATIENCE_SECONDS) == place
    assert dns.asked == []


async def test_a_name_that_nobody_knows_is_said_to_be_so(names: Names) -> None:
    with pytest.raises(Unreachable, match=r"^failed to resolve host 'no\.test': Name or service not known$"):
        await names.add_addresses({"host": "no.test"}, PATIENCE_SECONDS)


async def test_what_can_be_no_name_is_unreachable_too() -> None:
    with pytest.raises(Unreachable, match="failed to resolve host"):
        await Names(InlineOffload(), look_up).add_addresses({"host": "a..test"}, PATIENCE_SECONDS)


async def test_a_name_whose_dns_is_silent_is_waited_for_no_longer_than_for_a_connection(names: Names) -> None:
    with pytest.raises(Unreachable, match=r"nobody says within 0 s which address 'lost\.test' has"):
        await names.add_addresses({"host": "lost.test"}, 0.01)


async def test_such_a_name_holds_one_thread_however_often_it_is_asked_for(names: Names, dns: Dns) -> None:
    for _ in range(20):  # more than there are threads
        with pytest.raises(Unreachable):
            await names.add_addresses({"host": "lost.test"}, 0.001)
    assert (await names.add_addresses({"host": "one.test"}, PATIENCE_SECONDS))["hostaddr"] == "192.0.2.1"
    assert dns.asked.count("lost.test") == 1


async def test_who_asks_together_shares_the_answer_and_the_next_one_asks_anew(names: Names, dns: Dns) -> None:
    asking = [asyncio.create_task(names.add_addresses({"host": "lost.test"}, PATIENCE_SECONDS)) for _ in range(5)]
    await names.add_addresses({"host": "one.test"}, PATIENCE_SECONDS)
    dns.heals.set()
    assert {found["hostaddr"] for found in await asyncio.gather(*asking)} == {"192.0.2.1"}
    await names.add_addresses({"host": "lost.test"}, PATIENCE_SECONDS)
    assert dns.asked.count("lost.test") == 2


def test_the_system_knows_this_machine() -> None:
    assert set(look_up("localhost")) & {"127.0.0.1", "::1"}
