"""Files that were cut or overwritten, as by a loss of power: the store opens as it once was, or says what is wrong."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from dbaas.apiserver.store.errors import StorageError, StoreDamaged
from soak.tearing import LOG, NAME, Damage, Specimen, draw_damage, make_specimen, open_damaged, read

pytestmark = pytest.mark.slow

TRIALS = 60


@pytest.fixture(scope="module")
def young(tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    """All that was written is still in the log."""
    return make_specimen(tmp_path_factory.mktemp("young") / "store", random.Random(1), 60)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    """The log was written back and begun anew."""
    return make_specimen(tmp_path_factory.mktemp("old") / "store", random.Random(2), 400)


@pytest.fixture(scope="module")
def written_back(tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    """The log is in the file, and still there."""
    return make_specimen(tmp_path_factory.mktemp("back") / "store", random.Random(6), 100, written_back=True)


def test_a_damaged_log_gives_exactly_what_was_written_before_the_place(young: Specimen, tmp_path: Path) -> None:
    chance = random.Random(3)
    for _ in range(TRIALS):
        damage = draw_damage(chance, young.folder, LOG)
        assert open_damaged(young, damage, tmp_path / "copy") == young.before(damage.place), damage


def test_a_damaged_log_that_was_begun_anew_leaves_a_moment_of_the_past(old: Specimen, tmp_path: Path) -> None:
    assert old.moments[-1].log_bytes == old.moments[-20].log_bytes  # it has not grown: it was begun anew
    chance = random.Random(4)
    for _ in range(TRIALS):
        damage = draw_damage(chance, old.folder, LOG)
        found = open_damaged(old, damage, tmp_path / "copy")
        assert found in [moment.contents for moment in old.moments], damage


@pytest.mark.parametrize("file", [NAME, LOG])
def test_a_damaged_file_is_as_it_once_was_or_is_not_opened_at_all(
    file: str, written_back: Specimen, tmp_path: Path
) -> None:
    """Without the end of a log that is in the file already, the file is of two moments at once."""
    chance = random.Random(5)
    refused = 0
    for _ in range(TRIALS):
        damage = draw_damage(chance, written_back.folder, file)
        found = open_damaged(written_back, damage, tmp_path / "copy")
        assert found is None or found in [moment.contents for moment in written_back.moments], damage
        refused += found is None
    assert refused


def test_without_damage_everything_is_there(young: Specimen, old: Specimen, tmp_path: Path) -> None:
    for specimen in (young, old):
        nothing = Damage(NAME, 0, cut=False)
        assert open_damaged(specimen, nothing, tmp_path / "copy") == specimen.last


def test_a_lost_log_leaves_what_was_written_back(old: Specimen, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes((old.folder / NAME).read_bytes())
    try:
        found = read(tmp_path / NAME)
    except StoreDamaged:
        return
    assert found in [moment.contents for moment in old.moments]


def test_an_index_file_that_another_program_left_is_no_matter(young: Specimen, tmp_path: Path) -> None:
    for name in (NAME, LOG):
        (tmp_path / name).write_bytes((young.folder / name).read_bytes())
    (tmp_path / f"{NAME}-shm").write_bytes(b"rubbish" * 5000)
    assert read(tmp_path / NAME) == young.last


def test_a_lost_file_is_not_made_anew_over_its_log(young: Specimen, tmp_path: Path) -> None:
    (tmp_path / LOG).write_bytes((young.folder / LOG).read_bytes())
    with pytest.raises(StoreDamaged, match="only its log is there"):
        read(tmp_path / NAME)
    assert (tmp_path / LOG).stat().st_size


def test_an_empty_file_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    (tmp_path / NAME).touch()
    with pytest.raises(StorageError, match="it is empty"):
        read(tmp_path / NAME)
