"""Manifests find their place, are rehearsed, and go out in an order that works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from cli.conftest import put
from dbaas.api.core import NAMESPACE
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.cli.applying import Target, locate, read_live, rehearse, send
from dbaas.cli.exits import CommandError
from dbaas.cli.manifests import load_manifests
from dbaas.cli.session import Session
from dbaas.kube.verbs import RestClient, Writing
from fixtures.faults import FaultyTransport, is_list, is_write

NAMESPACED = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: team}, data: {a: b}}"
TEAM = "{apiVersion: v1, kind: Namespace, metadata: {name: team}}"


def database(name: str, **spec: str) -> str:
    more = "".join(f", {key}: {value}" for key, value in spec.items())
    return f"{{apiVersion: dbaas.io/v1, kind: Database, metadata: {{name: {name}}}, spec: {{{INSTANCE}{more}}}}}"


INSTANCE = "instanceRef: {name: main}"


@pytest.fixture
def watched(session: Session) -> tuple[Session, FaultyTransport]:
    """A session whose requests are remembered, and can be made to fail."""
    faulty = FaultyTransport(session.transport)
    return replace(session, transport=faulty), faulty


async def located(session: Session, folder: Path, *texts: str) -> list[Target]:
    (folder / "a.yaml").write_text("\n---\n".join(texts))
    manifests, problems = load_manifests([str(folder / "a.yaml")])
    targets, unknown = locate(manifests, await session.kinds(), session.namespace)
    assert not problems + unknown
    return await read_live(session, targets)


def names(targets: Sequence[Target]) -> list[str]:
    return [str(target.key) for target in targets]


async def test_what_names_no_namespace_goes_to_that_of_the_session(session: Session, tmp_path: Path) -> None:
    session.namespace = "shops"
    targets = await located(session, tmp_path, database("shop"), NAMESPACED, TEAM)
    assert names(targets) == ["shops/shop", "team/c", "team"]
    assert [target.body["metadata"].get("namespace") for target in targets] == ["shops", "team", None]  # type: ignore[attr-defined]


async def test_kinds_that_the_server_lacks_are_problems_with_their_place(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("apiVersion: v1\nkind: ConfigMapp\nmetadata: {name: c}\n")
    manifests, _ = load_manifests([str(file)])
    targets, (problem,) = locate(manifests, await session.kinds(), "default")
    assert (targets, problem.place, problem.field) == ([], f"{file}:2", "kind")
    assert problem.message == "the server has no kind 'ConfigMapp' in v1; did you mean 'ConfigMap'?"


async def test_what_is_there_is_read_in_one_list_however_many_there_are(
    watched: tuple[Session, FaultyTransport], tmp_path: Path
) -> None:
    session, faulty = watched
    await put(session, DATABASE, "b", {"instanceRef": {"name": "main"}})
    targets = await located(session, tmp_path, *(database(name) for name in "abc"))
    assert [target.live is not None for target in targets] == [False, True, False]
    assert len([request for request in faulty.requests if is_list(request)]) == 1


async def test_a_rehearsal_asks_about_what_exists_and_about_kinds_of_others(
    watched: tuple[Session, FaultyTransport], tmp_path: Path
) -> None:
    session, faulty = watched
    await put(session, DATABASE, "old", {"instanceRef": {"name": "main"}})
    in_default = NAMESPACED.replace("team", "default")
    targets = await located(session, tmp_path, database("old", owner="x"), database("new"), in_default)
    before = len(faulty.writes)
    assert await rehearse(session, targets, force=False) == []
    assert sorted(request.path.rpartition("/")[2] for request in faulty.writes[before:]) == ["c", "old"]
    assert {request.query["dryRun"] for request in faulty.writes[before:]} == {"All"}


async def test_what_goes_to_a_namespace_that_is_only_now_made_is_not_tried(session: Session, tmp_path: Path) -> None:
    targets = await located(session, tmp_path, NAMESPACED, TEAM)
    assert await rehearse(session, targets, force=False) == []


async def test_a_namespace_that_nobody_makes_is_a_problem(session: Session, tmp_path: Path) -> None:
    (problem,) = await rehearse(session, await located(session, tmp_path, NAMESPACED), force=False)
    assert problem.about == "ConfigMap team/c"
    assert 'namespaces "team" not found' in problem.message


async def test_a_field_that_somebody_else_owns_is_a_problem_with_a_way_out(session: Session, tmp_path: Path) -> None:
    other = RestClient(session.transport, Writing("gitops"))
    await other.apply(DATABASE, (await located(session, tmp_path, database("shop", owner="theirs")))[0].body)
    targets = await located(session, tmp_path, database("shop", owner="ours"))
    (problem,) = await rehearse(session, targets, force=False)
    assert "gitops" in problem.message
    assert problem.message.endswith("; --force-conflicts takes the fields over")
    assert await rehearse(session, targets, force=True) == []


async def test_namespaces_go_first_wherever_they_stand(session: Session, tmp_path: Path) -> None:
    applied = await send(session, await located(session, tmp_path, NAMESPACED, TEAM), force=False, dry_run=False)
    assert [(str(one.target.key), one.effect) for one in applied] == [("team", "created"), ("team/c", "created")]
    assert [resource.metadata.name for resource in await session.rest.list(NAMESPACE)].count("team") == 1


async def test_labels_and_annotations_count_as_a_change_and_the_status_does_not(
    session: Session, tmp_path: Path
) -> None:
    await send(session, await located(session, tmp_path, database("shop")), force=False, dry_run=False)
    await session.rest.patch(DATABASE, Key("default", "shop"), {"status": {"phase": "Ready"}}, subresource="status")
    labelled = database("shop").replace("name: shop", "name: shop, labels: {a: b}")
    effects = []
    for text in (database("shop"), labelled):
        applied = await send(session, await located(session, tmp_path, text), force=False, dry_run=False)
        effects += [one.effect for one in applied]
    assert effects == ["unchanged", "configured"]


async def test_what_fails_on_the_way_is_told_beside_what_was_done(
    watched: tuple[Session, FaultyTransport], tmp_path: Path
) -> None:
    session, faulty = watched
    targets = await located(session, tmp_path, database("good"), database("bad"))
    faulty.answer(500, "InternalError", lambda request: is_write(request) and request.path.endswith("/bad"))
    with pytest.raises(CommandError, match="1 of 2 objects failed; the others were applied") as caught:
        await send(session, targets, force=False, dry_run=False)
    assert caught.value.advice == ("cannot apply Database default/bad: injected",)
    assert [resource.metadata.name for resource in await session.rest.list(DATABASE)] == ["good"]
