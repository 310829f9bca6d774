"""Files that are whole or absent, whatever ends the program that writes them.

And arrays from files of anyone.
"""

import os
import re
import signal
import subprocess
import sys
import zipfile
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from limits import memory_below
from test_datasets import damaged

from l2h_tutorial.files import read_arrays, whole_file

# --- writing

WORK = """
from l2h_tutorial.files import whole_file
with whole_file(folder / "a.csv") as file:
    file.write(b"n\\nold\\n" + b"new" * 1000 + b"\\n")
"""
OLD = b"n\nold\n"
NEW = OLD + b"new" * 1000 + b"\n"
FAULT = """
import os, resource, signal, sys
from pathlib import Path

folder, kill_at, size = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])

def hook(event, arguments):
    global kill_at
    writes = event in ("os.rename", "os.remove", "os.mkdir")
    writes = writes or (event == "open" and arguments[2] & os.O_ACCMODE)
    if writes and str(arguments[0]).startswith(str(folder)):
        kill_at -= 1
        if kill_at == 0:
            os.kill(os.getpid(), signal.SIGKILL)

resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
sys.addaudithook(hook)
"""


def run(folder, kill_at=0, size=10**6):
    """Write a file anew in a process of its own, killed at one of its writes, or refused more bytes
    than a size.
    """
    command = [sys.executable, "-c", FAULT + WORK, str(folder), str(kill_at), str(size)]
    # without coverage, which writes files of its own
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")
    }
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.skipif(os.name == "nt", reason="the faults are made by what POSIX systems have")
def test_after_a_kill_a_file_is_the_old_or_the_new_one(tmp_path):
    path = tmp_path / "a.csv"
    for kill_at in count(1):
        path.write_bytes(OLD)
        result = run(tmp_path, kill_at)
        if result.returncode == 0:
            break
        assert result.returncode == -signal.SIGKILL, result.stderr
        assert path.read_bytes() in (OLD, NEW)
    assert kill_at > 2
    assert path.read_bytes() == NEW


@pytest.mark.skipif(os.name == "nt", reason="the faults are made by what POSIX systems have")
def test_without_room_the_old_file_stays(tmp_path):
    path = tmp_path / "a.csv"
    for size in (0, 1, 500):
        path.write_bytes(OLD)
        result = run(tmp_path, size=size)
        assert f"File too large: '{path}'" in result.stderr
        assert path.read_bytes() == OLD
        assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, OSError, SystemExit])
def test_an_interrupted_file_is_absent(tmp_path, interruption):
    path = tmp_path / "folder" / "file"
    with pytest.raises(interruption), whole_file(path) as file:  # noqa: PT012
        file.write(b"half")
        assert not path.exists()
        raise interruption
    assert list(path.parent.iterdir()) == []


def test_an_error_names_the_file_and_its_cause(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"[\\/]file'"), whole_file(tmp_path / "file" / "new"):
        pass
    # too long for the part
    with pytest.raises(OSError, match=r"x{250}'$"), whole_file(tmp_path / ("x" * 250)):
        pass
    with pytest.raises(FileNotFoundError, match="'another'"), whole_file(tmp_path / "new"):
        raise FileNotFoundError(2, "No such file", "another")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# --- arrays


@given(
    array=arrays(
        st.sampled_from(["u1", "<i4", ">i8", "f4", "f8", "?", "U3"]),
        array_shapes(min_dims=0, max_side=4),
    ),
    order=st.sampled_from("CF"),
    data=st.data(),
)
def test_arrays_come_out_as_they_went_in_or_not_at_all(array, order, data, tmp_path_factory):
    path = tmp_path_factory.mktemp("npz") / "x.npz"
    array = np.asarray(array, order=order)
    np.savez(path, x=array, other=np.arange(3))
    read = read_arrays(path, ["x", "absent"])
    assert list(read) == ["x"]
    assert read["x"].dtype == array.dtype
    np.testing.assert_array_equal(read["x"], array)
    path.write_bytes(data.draw(damaged(path.read_bytes())))
    try:
        again = read_arrays(path, ["x"])
    except ValueError as error:
        assert "x.npz is not a whole .npz file" in str(error)  # noqa: PT017
        assert len(str(error)) < 1000  # noqa: PT017
    else:
        np.testing.assert_array_equal(again.get("x", array), array)  # a zip file has checksums


def header(said):
    return b"\x93NUMPY\x01\x00" + len(said).to_bytes(2, "little") + said


def npy(kind, shape, content=b""):
    said = str({"descr": kind, "fortran_order": False, "shape": shape}).ljust(117) + "\n"
    return header(said.encode()) + content


HOSTILE = {
    "more than there is": (npy("<f8", (10**11,)), "cannot reshape array of size 0"),
    "a negative size": (npy("<f8", (-1, -2), bytes(16)), "one unknown dimension"),
    "a type of 2 GB": (npy("|S2000000000", (3,), bytes(16)), "buffer"),
    "values of no size, without end": (npy("|V0", (2**31 - 1, 167, 85)), "itemsize cannot be zero"),
    "bytes that belong to no value": (
        npy("<i8", (2,), bytes(24)),
        "cannot reshape array of size 3 into shape (2,)",
    ),
    "Python objects": (npy("|O", (1,), b"x"), "Python objects, which are never loaded"),
    "brackets without end": (header(b"(" * 5000 + b"\n"), ""),
    "a bomb": (
        npy("<f4", (2**15, 512), bytes(2**26)),
        "'x' is a bomb: it takes 67,108,992 bytes, and may take ",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_an_array_declares_is_not_believed(tmp_path, kind):
    content, message = HOSTILE[kind]
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(
        path, "w", zipfile.ZIP_DEFLATED if kind == "a bomb" else zipfile.ZIP_STORED
    ) as archive:
        archive.writestr("x.npy", content)
    said = rf"x\.npz is not a whole \.npz file of plain arrays .*{re.escape(message)}"
    with memory_below(2**22), pytest.raises(ValueError, match=said):
        read_arrays(path, ["x"])
