"""Every reader of files, tried for a short time with hostile ones; `python -m tests.fuzz` tries them for long."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz.reader import Reader, call
from hypothesis import strategies as st

ROOT = Path(__file__).parents[1]
READERS = sorted(path.stem for path in (ROOT / "tests/fuzz/readers").glob("[!_]*.py") if path.stem != "npz")


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited by what only Linux has")
@pytest.mark.parametrize("reader", READERS)
def test_hostile_files_are_read_right_or_refused(reader):
    """No other exception, nothing executed, at most 1 GB and 10 seconds a file: first its corpus, then new files."""
    limits = ["--batches=1", "--seed=2015"]  # the same files every time: what is found by chance is found by long runs
    command = [sys.executable, "-m", "tests.fuzz", *limits, reader]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=1800)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert int(done.stdout.split()[-5]) > 20, done.stdout


def out_of_memory(path):
    try:
        raise MemoryError
    except MemoryError as error:
        raise KeyError from error


def refuse(cause, path):
    """Refuse a file as readers do that take any exception for damage."""
    try:
        cause(path)
    except Exception:
        raise ValueError(path.name) from None


@pytest.mark.parametrize(("cause", "fails"), [(out_of_memory, True), (Path.read_text, False)])
def test_a_refusal_that_memory_forced_is_a_failure(tmp_path, cause, fails):
    reader = Reader("x", st.binary(), lambda path: refuse(cause, path))
    with pytest.raises(AssertionError, match="memory") if fails else contextlib.nullcontext():
        assert call(reader, tmp_path / "x") == "ValueError: x"


def test_the_corpus_is_small():
    files = list((ROOT / "tests/fuzz/corpus").rglob("*"))
    assert sum(path.stat().st_size for path in files if path.is_file()) < 200_000
    assert not [path.name for path in files if path.name.startswith("failure-")]
