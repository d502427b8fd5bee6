"""What is in a ConfigMap, and what of it means another pod."""

from __future__ import annotations

from dataclasses import replace

from dbaas.contracts.provider import File, Instance, SecretKey
from dbaas.providers.statefulset.configs import build_config_map, checksum_of
from dbaas.providers.statefulset.places import PLACES

LOGIN = SecretKey("main", "password")
FILES = (
    File("slow.conf", "a = 1\n", on_change="restart"),
    File("more/quick.conf", "b = $(PASSWORD)\n", on_change="reload", secrets={"PASSWORD": LOGIN}),
    File("key", secret=LOGIN, on_change="reload"),
)
INSTANCE = Instance("main", ("serve",), files=FILES)


def test_what_comes_from_a_secret_is_not_in_it() -> None:
    made = build_config_map({"name": "main-config"}, INSTANCE, {"run": "exec serve\n"})
    assert made["data"] == {"run": "exec serve\n", "slow.conf": "a = 1\n", "more..quick.conf": "b = $(PASSWORD)\n"}
    assert (made["kind"], made["metadata"]) == ("ConfigMap", {"name": "main-config"})


def test_only_what_cannot_be_read_again_has_another_checksum() -> None:
    slow, quick, key = FILES
    before = checksum_of(INSTANCE, PLACES)
    assert checksum_of(replace(INSTANCE, files=(slow, replace(quick, content="b = 2\n"), key)), PLACES) == before
    assert checksum_of(replace(INSTANCE, files=(replace(slow, content="a = 2\n"), quick, key)), PLACES) != before
    assert checksum_of(replace(INSTANCE, command=("serve", "otherwise")), PLACES) != before
