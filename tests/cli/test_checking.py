"""What a server would say of manifests is said without one, all of it at once, with what was probably meant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dbaas.admission import Find
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.resource import Key, Kind, Resource, build_resource
from dbaas.cli.checking import Rulebook, check_manifests, is_ours, located, open_rulebook
from dbaas.cli.manifests import load_manifests
from fixtures.dialects import FURNITURE
from fixtures.registries import granite_registry, granite_spec

Check = Callable[..., Awaitable[list[str]]]

CLUSTER = """\
apiVersion: dbaas.io/v1
kind: DatabaseCluster
metadata: {name: main}
spec:
  engine: {type: granite, version: "2"}
  clusterSize: 1
"""
DATABASE = """\
apiVersion: dbaas.io/v1
kind: Database
metadata: {name: shop}
spec:
  instanceRef: {kind: DatabaseCluster, name: main}
"""
GRANT = """\
apiVersion: dbaas.io/v1
kind: DatabaseGrant
metadata: {name: reads}
spec:
  userRef: {name: app}
  privileges:
    - {"on": schema, names: [a], privileges: [USAGE]}
"""


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Checks texts in a file; answers with `line field: message`."""

    async def run(*texts: str, find: Find | None = None) -> list[str]:
        (tmp_path / "a.yaml").write_text("---\n".join(texts))
        manifests, unreadable = load_manifests([str(tmp_path / "a.yaml")])
        assert not unreadable
        problems = await check_manifests(manifests, Rulebook(granite_registry()), "default", find)
        return [f"{p.place.rpartition(':')[2]} {p.field}: {p.message}" for p in problems]

    return run


async def test_good_manifests_have_no_problems(check: Check) -> None:
    assert await check(CLUSTER, DATABASE, GRANT) == []


async def test_an_unknown_field_is_told_with_what_was_probably_meant(check: Check) -> None:
    assert await check(f"{DATABASE}  ownr: x\n") == ["6 spec.ownr: there is no such field; did you mean 'owner'?"]
    assert await check(f"{DATABASE}  zzz: x\n") == ["6 spec.zzz: there is no such field"]


async def test_a_field_in_a_wrong_place_is_told_with_the_only_one_where_it_is(check: Check) -> None:
    assert await check(f'{CLUSTER}  version: "2"\n') == [
        "7 spec.version: there is no such field; did you mean spec.engine.version?"
    ]


async def test_fields_in_items_of_lists_are_known_by_their_number(check: Check) -> None:
    text = GRANT.replace("names:", "nams:")
    assert await check(text) == ["7 spec.privileges[0].nams: there is no such field; did you mean 'names'?"]


async def test_an_unknown_choice_is_told_with_what_was_probably_meant(check: Check) -> None:
    (problem,) = await check(f"{DATABASE}  deletionPolicy: Deleet\n")
    assert problem == (
        '6 spec.deletionPolicy: Unsupported value: "Deleet": supported values: "Retain", "Delete", "Snapshot"; '
        "did you mean 'Delete'?"
    )


async def test_what_is_required_is_told(check: Check) -> None:
    head = DATABASE.partition("spec:")[0]
    assert await check(head) == ["1 spec: Required value"]
    assert await check(f"{head}spec: {{}}\n") == [
        "4 spec: Invalid value: give the server: either instanceRef or clusterInstanceRef"
    ]


async def test_a_name_that_cannot_be_one_says_where_real_names_go(check: Check) -> None:
    (problem,) = await check(DATABASE.replace("name: shop", "name: My_Shop"))
    assert problem.startswith("3 metadata.name: 'My_Shop' is not lower-case letters")
    assert problem.endswith("real names go into spec.name")


async def test_rules_of_kinds_and_providers_are_told_together(check: Check) -> None:
    text = CLUSTER.replace("clusterSize: 1", "clusterSize: 3").replace("granite", "basalt")
    assert await check(text) == [
        "5 spec.engine.type: unknown engine 'basalt': this installation has granite, slate",
        "6 spec.clusterSize: a runner has two legs",
    ]


async def test_rules_of_the_engine_count_where_the_server_is_among_the_manifests(check: Check) -> None:
    assert await check(f"{DATABASE}  name: bad\n", CLUSTER) == ["6 spec.name: bad is a bad name"]


async def test_rules_of_the_engine_count_where_the_server_can_be_found(check: Check) -> None:
    async def find(kind: Kind, key: Key) -> Resource | None:
        metadata = {"name": key.name, "namespace": key.namespace}
        found = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": granite_spec()}
        return build_resource(kind, found) if (kind, key) == (DATABASE_CLUSTER, Key("default", "main")) else None

    assert await check(f"{DATABASE}  name: bad\n", find=find) == ["6 spec.name: bad is a bad name"]


async def test_an_engine_that_is_not_known_yet_is_no_problem(check: Check) -> None:
    assert await check(f"{DATABASE}  name: bad\n") == []


async def test_a_misspelt_kind_is_suggested_and_a_strange_one_gets_the_list(check: Check) -> None:
    assert await check(DATABASE.replace("Database\n", "Databse\n")) == [
        "2 kind: there is no kind 'Databse'; did you mean 'Database'?"
    ]
    (problem,) = await check(DATABASE.replace("Database\n", "Zebra\n"))
    assert problem.startswith("2 kind: there is no kind 'Zebra': there are ClusterDatabaseGrant, ")


async def test_what_is_for_the_whole_cluster_is_in_no_namespace(check: Check) -> None:
    server = """\
apiVersion: dbaas.io/v1
kind: ClusterDatabaseInstance
metadata: {name: shared}
spec:
  engine: slate
  connection: {host: db, port: 5432, secretRef: {name: login, namespace: platform}}
"""
    assert await check(server) == []
    (problem,) = await check(server.replace(", namespace: platform", ""))
    assert "spec.connection.secretRef.namespace: say in which namespace the Secret is" in problem


async def test_kinds_of_a_foreign_group_that_are_not_served_say_why(tmp_path: Path) -> None:
    dialect = replace(FURNITURE, lacking={"Wardrobe": "it does not fit through the door"})
    rulebook = Rulebook(replace(granite_registry(), dialects={dialect.group: dialect}))
    manifest = tmp_path / "a.yaml"
    told = []
    for kind in ("Wardrobe", "Shelff"):
        manifest.write_text(f"apiVersion: {dialect.group}/v1\nkind: {kind}\nmetadata: {{name: it}}\n")
        (problem,) = await check_manifests(load_manifests([str(manifest)])[0], rulebook, "default")
        told.append(problem.message)
    assert told == ["it does not fit through the door", "there is no kind 'Shelff'; did you mean 'Shelf'?"]


async def test_a_version_that_we_do_not_have_is_told(check: Check) -> None:
    assert await check(DATABASE.replace("dbaas.io/v1", "dbaas.io/v2")) == [
        "1 apiVersion: Database has apiVersion dbaas.io/v1, not dbaas.io/v2"
    ]


async def test_kinds_of_others_are_left_to_their_server(check: Check) -> None:
    assert await check("{apiVersion: v1, kind: ConfigMap, metadata: {name: C_}, nonsense: 1}\n") == []


@pytest.mark.parametrize(
    ("version", "ours"), [("dbaas.io/v1", True), ("laptop.dbaas.io/v1", True), ("notdbaas.io/v1", False), ("v1", False)]
)
def test_kinds_are_ours_by_their_group(version: str, ours: bool, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"{{apiVersion: {version}, kind: Thing, metadata: {{name: a}}}}")
    assert is_ours(load_manifests([str(tmp_path / "a.yaml")])[0][0], open_rulebook()) is ours


def test_a_manifest_keeps_the_namespace_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"{DATABASE}---\n{DATABASE.replace('shop', 'shop, namespace: team')}")
    manifests, _ = load_manifests([str(tmp_path / "a.yaml")])
    assert [located(m, "default")["metadata"]["namespace"] for m in manifests] == ["default", "team"]


def test_the_rulebook_has_the_engines_that_are_installed() -> None:
    assert open_rulebook().registry.engine("postgres") is not None
