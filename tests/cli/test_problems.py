"""All that is wrong is told at once, each thing with its place and field."""

from __future__ import annotations

import io
from pathlib import Path

from dbaas.cli.manifests import Manifest, Problem, load_manifests
from dbaas.cli.problems import SHOWN, problems_of, refuse, show_remarks
from dbaas.cli.terminal import Terminal
from dbaas.contracts.client import Invalid

TEXT = "apiVersion: dbaas.io/v1\nkind: Database\nmetadata: {name: shop}\nspec:\n  owner: on\n"


def manifest(folder: Path) -> Manifest:
    (folder / "a.yaml").write_text(TEXT)
    return load_manifests([str(folder / "a.yaml")])[0][0]


def test_a_refusal_that_names_fields_points_to_their_lines(tmp_path: Path) -> None:
    causes = [("spec.owner", "is taken"), ("spec.name", "is missing")]
    error = Invalid("two things are wrong", code=422, reason="Invalid", causes=causes)
    found = problems_of(manifest(tmp_path), error)
    assert [(problem.place, problem.field, problem.message) for problem in found] == [
        (f"{tmp_path}/a.yaml:5", "spec.owner", "is taken"),
        (f"{tmp_path}/a.yaml:4", "spec.name", "is missing"),
    ]


def test_a_refusal_without_fields_points_to_the_object(tmp_path: Path) -> None:
    (problem,) = problems_of(manifest(tmp_path), Invalid("it is wrong", code=400, reason="BadRequest"))
    assert (problem.place, problem.field, problem.message) == (f"{tmp_path}/a.yaml:1", "", "it is wrong")
    assert problem.about == "Database shop"


def test_problems_become_an_error_that_counts_them_and_a_line_for_each() -> None:
    error = refuse([Problem("a:1", "no", "spec", "Database shop"), Problem("b:2", "not YAML")], 3)
    assert error.message == "2 problems in 3 objects; nothing was changed"
    assert error.advice == ("a:1: Database shop: spec: no", "b:2: not YAML")


def test_one_problem_in_one_object_is_said_in_the_singular() -> None:
    assert refuse([Problem("a:1", "no")], 1).message == "1 problem in 1 object; nothing was changed"


def test_what_others_may_read_otherwise_is_a_warning(tmp_path: Path) -> None:
    terminal = Terminal(io.StringIO(), err := io.StringIO())
    show_remarks([manifest(tmp_path)], terminal)
    assert err.getvalue() == (
        f"warning: {tmp_path}/a.yaml: line 5: kubectl takes an unquoted on for a truth value; quote it\n"
    )


def test_of_many_problems_the_first_are_told_and_the_others_counted() -> None:
    error = refuse([Problem(f"a.yaml:{line}", "wrong") for line in range(SHOWN + 5)], 30)
    assert error.message == f"{SHOWN + 5} problems in 30 objects; nothing was changed"
    assert error.advice[SHOWN - 1 :] == (f"a.yaml:{SHOWN - 1}: wrong", "and 5 more")
