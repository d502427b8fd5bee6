"""What leads clients to the members of a cluster: rendered for both programs; HAProxy's own judgement of its file."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from dbaas.contracts.provider import CheckCommand, ClusterFacts, Instance, InstanceFacts, Port, SecretKey, Workload
from dbaas.providers.process.entrances import (
    HAPROXY,
    build_entrance,
    build_haproxy,
    build_relay,
    find_members,
)
from dbaas.providers.process.installed import find_program
from dbaas.providers.process.relay import WAYS, Address

MEMBERS = (Address("shop", "127.0.0.1", 5433, 8009), Address("shop-2", "127.0.0.1", 5434, 8010))


def content(instance: Instance, path: str) -> str:
    return next(file.content or "" for file in instance.files if file.path == path)


def require_haproxy() -> str:
    found = find_program(HAPROXY)
    if found is None:
        reason = "HAProxy is not installed"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return str(found)


def test_our_own_program_is_given_as_a_file_with_the_members_beside_it() -> None:
    made = build_relay("shop", MEMBERS, 5432, ("some",))
    assert made.name == "shop-proxy"
    assert made.packages == ("some",)
    assert made.command[:2] == ("$(DIRECTORY)/relay.py", "$(DIRECTORY)/members.json")
    assert made.command[-3:] == tuple(f"{way}=$(HOST):$(PORT_{way.upper()})" for way in WAYS)
    assert json.loads(content(made, "members.json")) == [
        {"name": "shop", "host": "127.0.0.1", "port": 5433, "api": 8009},
        {"name": "shop-2", "host": "127.0.0.1", "port": 5434, "api": 8010},
    ]
    assert "import dbaas" not in content(made, "relay.py")
    assert {file.path: file.on_change for file in made.files} == {"relay.py": "nothing", "members.json": "reload"}


def test_haproxy_asks_for_each_way_what_leads_there() -> None:
    made = build_haproxy("shop", MEMBERS, 5432)
    config = content(made, "haproxy.cfg")
    sections = dict(zip(WAYS, config.split("listen ")[1:], strict=True))
    assert "OPTIONS /primary" in sections["rw"]
    assert "OPTIONS /replica" in sections["ro"]
    assert "OPTIONS /health" in sections["r"]
    for section in sections.values():
        assert "server shop 127.0.0.1:5433 check port 8009" in section
        assert "server shop-2 127.0.0.1:5434 check port 8010" in section
    assert made.reload_signal == "SIGUSR2"


def test_haproxy_takes_its_file(tmp_path: Path) -> None:
    file = tmp_path / "haproxy.cfg"
    file.write_text(content(build_haproxy("shop", MEMBERS, 5432), "haproxy.cfg"))
    ports = {f"PORT_{way.upper()}": str(15000 + number) for number, way in enumerate(WAYS)}
    checked = subprocess.run(
        [require_haproxy(), "-c", "-f", str(file)], env={"HOST": "127.0.0.1", **ports},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr
    assert "warning" not in checked.stderr.lower()


def test_only_members_whose_ports_are_known_are_led_to() -> None:
    ports, alive = (Port("sql", 5432), Port("control", 8008)), CheckCommand(port="control", path="/alive")
    instances = tuple(Instance(name, ("x",), ports=ports, alive=alive) for name in ("shop", "shop-2", "shop-3"))
    workload = Workload("granite", "1", instances, SecretKey("s", "k"), "root")
    facts = ClusterFacts(
        (
            InstanceFacts("shop", True, host="127.0.0.1", ports={"sql": 5433, "control": 8009}),
            InstanceFacts("shop-2", False, host="127.0.0.1", ports={"sql": 5434}),
            InstanceFacts("shop-4", True, host="127.0.0.1", ports={"sql": 5436, "control": 8012}),
        )
    )
    assert find_members(workload, facts) == [MEMBERS[0]]
    assert build_entrance("shop", workload, facts, haproxy=True).command[0] == HAPROXY
    assert build_entrance("shop", workload, facts, haproxy=False).command[0] == "$(DIRECTORY)/relay.py"


def test_a_cluster_without_members_yet_has_its_ports_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "haproxy.cfg"
    file.write_text(content(build_haproxy("shop", (), 5432), "haproxy.cfg"))
    ports = {f"PORT_{way.upper()}": str(15000 + number) for number, way in enumerate(WAYS)}
    checked = subprocess.run(
        [require_haproxy(), "-c", "-f", str(file)], env={"HOST": "127.0.0.1", **ports},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr
    assert [port.name for port in build_relay("shop", (), 5432, ()).ports] == list(WAYS)
