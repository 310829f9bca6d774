"""A fitted `HashNeighbors` in a file: plain arrays, beside the table's, and where the vectors are.

The file is that of `HashTable.save` with more arrays in it. Nothing in it is executed when it is
read, so a hasher is kept by the name of its class, its numbers and its arrays.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .. import baselines
from ..buckets import TABLE_FORMAT, HashTable, save_codes
from ..checks import Array
from ..files import read_arrays, refused, whole_file
from ..lsh import LSH
from ..search import check_radius

_HASHERS = {name: getattr(baselines, name) for name in baselines.__all__} | {"LSH": LSH}
_PLAIN = (str, int, float, type(None))  # what JSON gives back as it was
_ARRAYS = ("ids", "mean", "query_rows", "queries", "feature_names")


def save_fitted(nn: Any, path: Path) -> None:
    """Write a fitted estimator to a file, and its vectors beside if they are in none."""
    hasher, arrays = _parts_of_hasher(nn.hasher_)
    arrays["mean"] = nn.mean_
    arrays["ids"] = _plain_ids(nn.ids_)
    arrays["query_rows"] = nn._query_rows
    if nn._queries is not None:
        arrays["queries"] = nn._queries
    if hasattr(nn, "feature_names_in_"):
        arrays["feature_names"] = nn.feature_names_in_.astype(str)
    parameters = _without_generator(nn.get_params(deep=False))
    del parameters["hasher"]
    given = None if nn.hasher is None else _without_generator(nn.hasher.get_params())
    settings = {
        "parameters": parameters,
        "hasher": hasher | {"given": given},
        "radius": nn.radius_,
        "radii": list(nn._radii.items()),
        "vectors": str(_file_of_vectors(nn._fit_X, path)),
        "dtype": str(nn._fit_X.dtype),
    }
    text = json.dumps(settings, default=np.generic.item)  # numbers of NumPy's types
    save_codes(path, nn.table_.bits, format=TABLE_FORMAT, settings=np.array(text), **arrays)


def _parts_of_hasher(hasher: Any) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return what a hasher holds, as a dictionary for JSON and arrays."""
    kind = type(hasher).__name__
    plain = {}
    arrays = {}
    others = {}
    for name, value in _without_generator(vars(hasher)).items():
        if isinstance(value, np.ndarray) and not value.dtype.hasobject:
            arrays[f"hasher.{name}"] = value
        elif isinstance(value, (*_PLAIN, np.generic)):
            plain[name] = value
        else:
            others[name] = value
    if others or _HASHERS.get(kind) is not type(hasher):
        raise TypeError(
            f"a {kind} cannot be kept as plain arrays, as {sorted(_HASHERS)} can: "
            "keep the HashNeighbors with skops or joblib"
        )
    return {"class": kind, "plain": plain, "arrays": list(arrays)}, arrays


def _without_generator(values: dict[str, Any]) -> dict[str, Any]:
    """Replace a generator of random numbers by None: what it would draw next is not kept."""
    return {
        name: None if name == "random_state" and not isinstance(value, int) else value
        for name, value in values.items()
    }


def _plain_ids(ids: Array) -> Array:
    """Return ids as an array without objects: those become JSON, an array of no dimension."""
    if not ids.dtype.hasobject:
        return ids
    if not all(isinstance(name, _PLAIN) for name in ids):
        raise TypeError("ids must be numbers and texts to be kept as plain arrays")
    return np.array(json.dumps(ids.tolist()))


def _file_of_vectors(X: Array, path: Path) -> Path:
    """Return where vectors are, as written into the file `path`; write them if they are nowhere."""
    mapped: Any = X
    while mapped is not None and not isinstance(mapped, np.memmap):
        mapped = getattr(mapped, "base", None)
    name: Any = getattr(mapped, "filename", None)
    if _is_file_of(X, name):
        file = Path(name).resolve()
        return Path(file.name) if file.parent == path.resolve().parent else file
    beside = path.with_name(f"{path.stem}.vectors.npy")
    with whole_file(beside) as opened:
        np.save(opened, X)
    return Path(beside.name)


def _is_file_of(X: Array, file: Any) -> bool:
    """Return whether `file` is a `.npy` file of exactly these vectors, judged by its header."""
    try:
        whole = np.load(file, mmap_mode="r")
    except (OSError, TypeError, ValueError):
        return False
    return (whole.shape, whole.dtype, whole.strides) == (X.shape, X.dtype, X.strides)


def load_fitted(nn: Any, path: Path) -> None:
    """Read what `save_fitted` wrote into an estimator that is not fitted."""
    nn.table_ = HashTable.load(path)
    arrays = read_arrays(path, ["settings", *_ARRAYS])
    with refused(path, "a whole HashNeighbors", "Save it again"):
        settings = json.loads(str(arrays["settings"]))
        file = path.parent / settings["vectors"]
    if not file.is_file():
        raise FileNotFoundError(f"{path} has its vectors in {file}, where no file is: put it there")
    with refused(path, "a whole HashNeighbors", "Save it again"):
        nn.set_params(**settings["parameters"])
        nn.hasher_ = _hasher_of(settings["hasher"], path)
        given = settings["hasher"]["given"]
        nn.hasher = None if given is None else type(nn.hasher_)(**given)
        nn._check_parameters(nn.hasher_)
        nn._fit_X = np.load(file, mmap_mode="r")
        nn.n_samples_fit_, nn.n_features_in_ = nn._fit_X.shape
        nn._n_features_out = nn.n_samples_fit_
        nn.mean_ = arrays["mean"]
        nn.ids_ = arrays["ids"]
        if nn.ids_.ndim == 0:
            names = json.loads(str(nn.ids_))
            nn.ids_ = np.empty(len(names), dtype=object)
            nn.ids_[:] = names
        nn._query_rows = arrays["query_rows"]
        nn._queries = arrays.get("queries")
        if "feature_names" in arrays:
            nn.feature_names_in_ = arrays["feature_names"].astype(object)
        nn.radius_ = check_radius(settings["radius"], nn.table_.n_bits)
        nn._radii = {k: check_radius(radius, nn.table_.n_bits) for k, radius in settings["radii"]}
        nn._fitted_with = nn._fixed_parameters()
        _check_vectors(nn, settings["dtype"], file)


def _hasher_of(parts: Any, path: Path) -> Any:
    """Return the fitted hasher of which `_parts_of_hasher` returned the parts."""
    hasher = _HASHERS[parts["class"]]()
    arrays = read_arrays(path, parts["arrays"])
    named = {name.removeprefix("hasher."): array for name, array in arrays.items()}
    for name, value in (parts["plain"] | named).items():
        setattr(hasher, name, value)
    return hasher


def _check_vectors(nn: Any, dtype: str, file: Path) -> None:
    """Refuse vectors that are not those of the table: another number, type, order or content."""
    n = nn.table_.n_rows
    if len(nn._fit_X) != n or len(nn.ids_) != n or nn._fit_X.dtype != dtype:
        raise ValueError(f"{file} has {nn._fit_X.shape} {nn._fit_X.dtype}, expected {n} {dtype}")
    rows = np.array([0, n // 2, n - 1])
    # a bit may differ on another machine, where a vector is on a hyperplane but for rounding
    near = nn.table_.query_radius(nn._bits(nn._fit_X[rows]), 1)
    for row, found in zip(rows, near, strict=True):
        if row not in found:
            raise ValueError(f"row {row} of {file} is not the vector that was hashed")
