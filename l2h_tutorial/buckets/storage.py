"""A hash table as a file."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codes import WORD_BITS
from ..files import read_arrays, whole_file
from ..search.index import BucketIndex, code_dtype

_FORMAT = "l2h_tutorial hash table 1"
_ARRAYS = ("n_bits", "words", "offsets", "rows")


def save_index(index: BucketIndex, path: Path) -> None:
    """Write the arrays as they are: a reader sees the old file or the new one, never half."""
    with whole_file(path) as file:
        np.savez(
            file,
            format=np.array(_FORMAT),
            n_bits=np.array(index.n_bits, dtype=np.int64),
            words=index.words,
            offsets=index.offsets,
            rows=index.rows,
        )


def load_index(path: Path) -> BucketIndex:
    """Read what `save_index` wrote and check that it is what it says."""
    stored = read_arrays(path, ("format", *_ARRAYS))
    # a table saved on a machine with the other byte order has the same values
    arrays = {name: array.astype(array.dtype.newbyteorder("="), copy=False) for name, array in stored.items()}
    found = arrays.get("format", np.array("none"))
    if found.shape != () or str(found) != _FORMAT:
        raise ValueError(f"{path} is not a saved hash table: expected format {_FORMAT!r}, found {str(found)[:100]!r}")
    problem = _problem(arrays)
    if problem:
        raise ValueError(f"{path} is a damaged hash table: {problem}; save it again from the codes")
    return BucketIndex(int(arrays["n_bits"]), arrays["words"], arrays["offsets"], arrays["rows"])


def _problem(arrays: dict[str, NDArray[Any]]) -> str:
    """What is inconsistent about the arrays of a table, or an empty string."""
    missing = set(_ARRAYS) - set(arrays)
    if missing:
        return f"it has no {' and no '.join(sorted(missing))}"
    n_bits, words, offsets, rows = (arrays[name] for name in _ARRAYS)
    if n_bits.shape != () or n_bits.dtype != np.int64 or n_bits < 1:
        return f"n_bits must be one integer of at least 1, found {n_bits.dtype} {n_bits.shape} {n_bits.ravel()[:3]}"
    n_words = -(-int(n_bits) // WORD_BITS)
    if words.dtype != code_dtype(int(n_bits)) or words.ndim != 2 or len(words) != n_words or not words.shape[1]:
        return f"words must be ({n_words}, n_buckets) {code_dtype(int(n_bits))}, found {words.shape} {words.dtype}"
    if int(words[0].max()) >> (int(n_bits) - WORD_BITS * (n_words - 1)):
        return f"a code has more than {n_bits} bits"
    if not _ascending(words):
        return "the codes are not in ascending order"
    if offsets.dtype != np.int64 or offsets.shape != (words.shape[1] + 1,):
        return f"offsets must be ({words.shape[1] + 1},) int64, found {offsets.shape} {offsets.dtype}"
    if rows.dtype != np.int64 or rows.ndim != 1:
        return f"rows must be one-dimensional int64, found {rows.shape} {rows.dtype}"
    if offsets[0] != 0 or offsets[-1] != len(rows) or (offsets[1:] <= offsets[:-1]).any():
        return f"the offsets do not divide the {len(rows)} rows into buckets"
    if not np.array_equal(np.sort(rows), np.arange(len(rows))):
        return f"the rows are not the numbers 0 to {len(rows) - 1}, each once"
    descends = np.flatnonzero(np.diff(rows) < 0) + 1
    if not np.isin(descends, offsets).all():
        return "the rows of a bucket are not in ascending order"
    return ""


def _ascending(words: NDArray[Any]) -> bool:
    """Whether the columns, read as numbers, ascend strictly: the first word that differs must grow."""
    grows = words[:, 1:] > words[:, :-1]
    differs = words[:, 1:] != words[:, :-1]
    first = differs.argmax(axis=0)
    return bool(np.take_along_axis(grows, first[None, :], axis=0).all())
