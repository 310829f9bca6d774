"""Files that are whole or absent: what killed programs left, errors that name the file, clocks that go backwards."""

import os
import stat
import time

import numpy as np
import pytest

from l2h_tutorial import LSH, Dataset, paper_partition
from l2h_tutorial.files import ABANDONED, remove_abandoned, whole_file
from l2h_tutorial.protocols import run_trials


@pytest.fixture
def left(tmp_path):
    """A file and a folder that killed programs left, an hour and more ago."""
    part, folder = tmp_path / ".a[1].csv.0f.part", tmp_path / ".a[1].csv.xyz.part"
    part.write_text("half")
    folder.mkdir()
    (folder / "inside").write_text("half")
    old = time.time() - ABANDONED - 60
    for path in (part, folder / "inside", folder):
        os.utime(path, (old, old))
    return part, folder


def test_what_killed_programs_left_is_removed_by_the_next(tmp_path, left):
    others = [tmp_path / name for name in (".b.csv.0f.part", "a[1].csv.0f.part", ".a[1].csv.swp", ".a1.csv.0f.part")]
    for other in others:
        other.write_text("another's")
        os.utime(other, (0, 0))
    with whole_file(tmp_path / "a[1].csv") as file:
        file.write(b"whole")
    assert sorted(tmp_path.iterdir()) == sorted([*others, tmp_path / "a[1].csv"])


@pytest.mark.parametrize("hours", [-1, 0, 24])
def test_what_is_being_written_stays_also_when_the_clock_has_gone_backwards(tmp_path, left, hours):
    part, folder = left
    now = time.time() + 3600 * hours
    os.utime(part, (now + 100, now + 100))
    os.utime(folder / "inside", (now + 100, now + 100))
    remove_abandoned(tmp_path / "a[1].csv")
    assert part.exists()
    assert (folder / "inside").exists()


def test_an_error_names_the_file_and_its_cause(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"[\\/]file'"), whole_file(tmp_path / "file" / "new"):
        pass
    with pytest.raises(OSError, match=r"No space left on device: '.*[\\/]new'"), whole_file(tmp_path / "new"):
        raise OSError(28, "No space left on device")
    with pytest.raises(FileNotFoundError, match="'another'"), whole_file(tmp_path / "new"):
        raise FileNotFoundError(2, "No such file", "another")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_file_has_the_permissions_of_any_new_file(tmp_path):
    with whole_file(tmp_path / "ours") as file:
        file.write(b"whole")
    (tmp_path / "any").touch()
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE((tmp_path / "any").stat().st_mode)


def test_a_run_is_the_same_when_the_clock_goes_backwards(tmp_path, monkeypatch):
    features = np.random.default_rng(0).normal(size=(90, 5)).astype(np.float32)
    data = Dataset("toy", features, np.arange(90) % 3, None, tuple("abc"))

    def measure(trial):
        assert trial.fit_seconds >= 0
        return [{"share": trial.hasher.transform(trial.split.X_database).mean()}]

    def split(dataset, seed):
        return paper_partition(dataset, 12, 5, random_state=seed)

    def run(results=None):
        options = {"n_bits": [2, 4], "seeds": [0, 1], "protocol": split, "results": results, "quiet": False}
        return run_trials(measure, data, {"LSH": LSH()}, **options)

    expected = run()
    start = time.time()
    ticks = iter(range(10**6))
    monkeypatch.setattr(time, "time", lambda: start - 60 * next(ticks))
    monkeypatch.setattr("tqdm.std.time", time.time)
    found = run(tmp_path / "trials.csv")
    assert found["share"].tolist() == expected["share"].tolist()
    assert next(ticks) > 0
