"""Reading manifests: places, YAML that others read otherwise, and all problems at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbaas.cli.exits import WrongUsage
from dbaas.cli.manifests import Manifest, Problem, load_manifests

DATABASE = """\
apiVersion: dbaas.io/v1
kind: Database
metadata:
  name: shop
spec:
  instanceRef:
    name: main
"""


def load(folder: Path, text: str, name: str = "a.yaml") -> tuple[list[Manifest], list[Problem]]:
    (folder / name).write_text(text)
    return load_manifests([str(folder / name)])


def test_every_document_of_a_file_is_read_with_its_line(tmp_path: Path) -> None:
    manifests, problems = load(tmp_path, f"{DATABASE}---\n{DATABASE.replace('shop', 'other')}")
    assert not problems
    assert [(m.name, m.line) for m in manifests] == [("shop", 1), ("other", 9)]


def test_a_field_is_found_at_its_line_or_at_what_is_around_it(tmp_path: Path) -> None:
    (manifest,), _ = load(tmp_path, DATABASE)
    assert manifest.place("spec.instanceRef.name").endswith("a.yaml:7")
    assert manifest.place("spec.instanceRef.kind").endswith("a.yaml:6")
    assert manifest.place("status").endswith("a.yaml:1")


def test_items_of_lists_have_lines(tmp_path: Path) -> None:
    (manifest,), _ = load(tmp_path, f"{DATABASE}  items:\n    - a: 1\n    - b: 2\n")
    assert manifest.place("spec.items[1].b").endswith(":10")


def test_a_folder_is_read_with_all_below_it_in_order(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.yml").write_text(DATABASE.replace("shop", "b"))
    (tmp_path / "a.yaml").write_text(DATABASE.replace("shop", "a"))
    (tmp_path / "notes.txt").write_text("not a manifest")
    manifests, _ = load_manifests([str(tmp_path)])
    assert [manifest.name for manifest in manifests] == ["a", "b"]


def test_broken_yaml_is_told_with_its_line_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: b\n c: [\n")
    (tmp_path / "b.yaml").write_text(DATABASE)
    manifests, problems = load_manifests([str(tmp_path)])
    assert [manifest.name for manifest in manifests] == ["shop"]
    assert problems[0].place.endswith("a.yaml:2")
    assert problems[0].message.startswith("this is not YAML: ")


def test_the_word_on_stays_a_word_and_is_remarked(tmp_path: Path) -> None:
    (manifest,), _ = load(tmp_path, f"{DATABASE}  on: off\n")
    assert manifest.body["spec"]["on"] == "off"
    assert len(manifest.remarks) == 2
    assert manifest.remarks[0].startswith("line 8: kubectl takes an unquoted on for a truth value")


def test_quoted_words_are_not_remarked(tmp_path: Path) -> None:
    (manifest,), _ = load(tmp_path, f'{DATABASE}  "on": "off"\n')
    assert manifest.remarks == []


def test_times_stay_text_and_true_is_true(tmp_path: Path) -> None:
    (manifest,), _ = load(tmp_path, f"{DATABASE}  at: 2026-01-01\n  yes_: true\n")
    assert manifest.body["spec"]["at"] == "2026-01-01"
    assert manifest.body["spec"]["yes_"] is True


def test_a_key_that_stands_twice_is_a_problem(tmp_path: Path) -> None:
    manifests, problems = load(tmp_path, f"{DATABASE}  instanceRef: {{name: other}}\n")
    assert not manifests
    assert problems[0].message == "key 'instanceRef' is there already, in line 6"


def test_an_object_without_its_identity_tells_all_that_is_missing(tmp_path: Path) -> None:
    _, problems = load(tmp_path, "spec: {}\n")
    assert [problem.field for problem in problems] == ["apiVersion", "kind", "metadata.name"]


def test_a_list_is_its_items(tmp_path: Path) -> None:
    item = DATABASE.replace("\n", "\n  ").strip()
    manifests, problems = load(tmp_path, f"apiVersion: v1\nkind: List\nitems:\n- {item}\n")
    assert not problems
    assert [(m.name, m.line) for m in manifests] == [("shop", 4)]


def test_the_same_object_twice_is_a_problem_that_names_both_places(tmp_path: Path) -> None:
    _, problems = load(tmp_path, f"{DATABASE}---\n{DATABASE}")
    assert problems[0].place.endswith(":9")
    assert problems[0].message.endswith("a.yaml:1 already")


def test_comments_alone_are_no_document(tmp_path: Path) -> None:
    manifests, problems = load(tmp_path, f"# nothing\n---\n{DATABASE}---\n# nothing\n")
    assert (len(manifests), problems) == (1, [])


def test_addresses_of_the_web_are_refused() -> None:
    with pytest.raises(WrongUsage, match="download it first"):
        load_manifests(["https://example.org/a.yaml"])


def test_a_missing_file_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="there is no file"):
        load_manifests([str(tmp_path / "none.yaml")])
