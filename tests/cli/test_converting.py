"""Foreign manifests become ours."""

from __future__ import annotations

from pathlib import Path

from dbaas.cli.checking import Rulebook
from dbaas.cli.converting import convert_manifests
from dbaas.cli.manifests import Problem, load_manifests
from dbaas.contracts.registry import Registry
from fixtures.dialects import FURNITURE, GROUP

RULEBOOK = Rulebook(Registry(dialects={GROUP: FURNITURE}))
SHELF = (
    "{{apiVersion: furniture.example/v1, kind: Shelf, metadata: {{name: top{more}}}, spec: {{name: books{spec}}}}}\n"
)
LABEL = "{apiVersion: v1, kind: ConfigMap, metadata: {name: sticker}}\n"


def convert(folder: Path, *texts: str) -> tuple[list[dict[str, object]], list[Problem]]:
    (folder / "a.yaml").write_text("---\n".join(texts))
    return convert_manifests(load_manifests([str(folder)])[0], RULEBOOK, "default")


def test_a_foreign_object_becomes_ours_with_the_groups_own_defaults(tmp_path: Path) -> None:
    (body,), problems = convert(tmp_path, SHELF.format(more="", spec=""))
    assert problems == []
    assert body["apiVersion"] == "dbaas.io/v1" and body["metadata"] == {"name": "top"}
    assert body["spec"] == {
        "instanceRef": {"name": "main"}, "name": "books", "deletionPolicy": "Delete", "deletionProtection": False
    }  # fmt: skip


def test_a_namespace_that_was_written_stays_written(tmp_path: Path) -> None:
    (body,), _ = convert(tmp_path, SHELF.format(more=", namespace: team", spec=""))
    assert body["metadata"] == {"name": "top", "namespace": "team"}


def test_others_stay_as_they_are(tmp_path: Path) -> None:
    bodies, _ = convert(tmp_path, LABEL, SHELF.format(more="", spec=""))
    assert [body["kind"] for body in bodies] == ["ConfigMap", "Database"]


def test_what_cannot_be_said_in_ours_is_told_with_its_place(tmp_path: Path) -> None:
    _, (problem,) = convert(tmp_path, LABEL, SHELF.format(more="", spec=", wobbles: true"))
    assert (problem.field, problem.about, problem.place) == ("spec.wobbles", "Shelf top", f"{tmp_path}/a.yaml:3")
