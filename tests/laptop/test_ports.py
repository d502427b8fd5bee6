"""Ports are chosen once, held until the server comes, and never given twice."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from dbaas.api.process import ProcessPort
from dbaas.api.resource import Key
from dbaas.laptop.ports import NoFreePort, Ports, is_free
from fixtures.laptop import WEB, free_port

OTHER = Key("shop", "other")


@pytest.fixture
def ports() -> Iterator[Ports]:
    made = Ports()
    yield made
    made.close()


def port(number: int, name: str = "main") -> ProcessPort:
    return ProcessPort(name=name, preferred=number)


def test_a_chosen_port_is_held_until_it_is_released(ports: Ports) -> None:
    number = free_port()
    assert ports.assign(WEB, [port(number)], {}, (), keep=False) == {"main": number}
    assert not is_free(number)
    assert ports.assign(WEB, [port(number)], {}, (), keep=False) == {"main": number}
    ports.release(WEB)
    assert is_free(number)


def test_two_agents_that_choose_at_the_same_time_get_different_ports(ports: Ports) -> None:
    number, elsewhere = free_port(), Ports()
    assert ports.assign(WEB, [port(number)], {}, (), keep=False) == {"main": number}
    assert elsewhere.assign(WEB, [port(number)], {}, (), keep=False)["main"] > number
    elsewhere.close()


def test_a_port_of_another_process_is_avoided_even_while_it_is_free(ports: Ports) -> None:
    number = free_port()
    assert ports.assign(WEB, [port(number)], {}, {number}, keep=False)["main"] > number


def test_a_port_stays_with_its_process_while_the_server_takes_its_time(ports: Ports) -> None:
    number = free_port()
    ports.assign(WEB, [port(number)], {}, (), keep=False)
    ports.hand_over(WEB)
    assert is_free(number)
    assert ports.assign(OTHER, [port(number)], {}, (), keep=False)["main"] > number
    assert ports.assign(OTHER, [port(number)], {"main": number}, (), keep=False)["main"] > number
    ports.release(WEB)
    ports.release(OTHER)
    assert ports.assign(OTHER, [port(number)], {}, (), keep=False) == {"main": number}


def test_homes_that_find_the_preferred_port_taken_go_different_ways() -> None:
    """So that a server that is stopped for a while is not robbed of its port by another home's."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        chosen = []
        for home in ("/home/one", "/home/two"):
            made = Ports(home)
            chosen.append(made.assign(WEB, [port(number)], {}, (), keep=False)["main"])
            made.close()
    assert chosen[0] != chosen[1]
    assert number + 10 <= min(chosen) <= max(chosen) < number + 10_000


def test_two_ports_of_one_process_differ(ports: Ports) -> None:
    number = free_port()
    assigned = ports.assign(WEB, [port(number), port(number, "admin")], {}, (), keep=False)
    assert assigned["main"] == number
    assert assigned["admin"] > number


def test_a_kept_port_is_not_questioned(ports: Ports) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        known = {"main": number, "old": 1}
        assert ports.assign(WEB, [port(free_port())], known, (), keep=True) == {"main": number}


def test_a_port_that_nobody_relies_on_is_chosen_anew_where_it_is_taken(ports: Ports) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        assert ports.assign(WEB, [port(number)], {"main": number}, (), keep=False)["main"] > number


def test_when_every_port_is_taken_it_says_so(ports: Ports) -> None:
    with pytest.raises(NoFreePort, match=r"no port is free on 127\.0\.0\.1 from 65535 up"):
        ports.assign(WEB, [port(65535)], {}, {65535}, keep=False)
