"""Pages say what is so: links lead somewhere, manifests are valid, commands exist, generated ones are up to date."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from dbaas.cli.application import execute
from dbaas.cli.commands import SUMMARIES
from docs.markdown import ROOT, blocks, called, pages

LATER = {"convert": "docs/decisions/0005: named as what a decision makes possible"}
MANIFESTS = [(page, text) for page in pages() for text in blocks(page, "yaml") if "apiVersion:" in text]


@pytest.mark.parametrize("page", pages(), ids=called)
def test_every_link_leads_to_a_file(page: Path) -> None:
    text = re.sub(r"`[^`\n]*`", "", page.read_text())  # patterns in the reference look like links
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert broken == []


@pytest.mark.parametrize(
    ("page", "text"), MANIFESTS, ids=lambda value: called(value) if isinstance(value, Path) else ""
)
def test_every_manifest_in_a_page_is_valid(page: Path, text: str, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text(text)
    assert execute(["validate", "-f", str(manifest)]) == 0, page


@pytest.mark.parametrize("page", pages(), ids=called)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    shown = "\n".join([*blocks(page, "sh"), *blocks(page, "")])
    named = re.findall(r"`dbaas ([a-z]+)", page.read_text()) + re.findall(r"^dbaas ([a-z]+)", shown, re.MULTILINE)
    assert {*named} - SUMMARIES.keys() - LATER.keys() == set()


def test_the_readme_is_short_and_its_first_commands_are_make_targets() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) < 150
    targets = re.findall(r"^make (\w+)", text, re.MULTILINE)
    assert targets == ["demo", "test"]
    assert all(re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE) for target in targets)


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text()
    assert [path.name for path in sorted(folder.glob("0*.md")) if path.name not in index] == []


@pytest.mark.slow
def test_generated_files_are_what_the_source_says() -> None:
    checked = subprocess.run(
        [sys.executable, "tools/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
