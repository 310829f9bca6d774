"""The hash explorer: a query, a method, a radius, and what the search finds among a sample of the database."""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from ..baselines import PCAH
from ..checks import Array, Bits, Integers
from ..codes import bits_to_integers, hamming_distances
from ..datasets import Dataset
from ..gist import N_FEATURES
from ..grh import GRH, LinearModel
from ..lsh import LSH, Hasher
from ..search import check_radius, rerank
from ..splits import split_dataset
from .output import SHEET_COLUMNS, data_address, figure_data, sprite_sheet

_ANSWERS = 10  # precision at ten, as in the chapters


@dataclass(frozen=True, eq=False)
class Found:
    """What one search of the explorer found.

    Attributes
    ----------
    ids : (n_candidates,) array of int64
        Pictures of the sample within the radius, by number in ``Explorer.rows``, the nearest by
        cosine first.
    distances : (n_candidates,) array of int64
        Their Hamming distances to the query.
    right : (n_candidates,) array of bool
        Whether each is of the query's class.
    """

    ids: Integers
    distances: Integers
    right: Bits

    @property
    def precision(self) -> float:
        """Precision at 10: of the ten nearest candidates, those of the query's class, divided by ten."""
        return float(self.right[:_ANSWERS].sum() / _ANSWERS)


class Explorer:
    """Hash a sample of a data set in several ways, for a page on which the reader searches it.

    The data set is split and preprocessed as in the chapters (``split_dataset``, "l2-centre"), and
    every hasher is fitted to the whole training set. Only what the reader can search is a sample:
    pictures drawn from the database at random, and queries drawn class by class. As the last value
    of a cell, or by ``_repr_html_``, it is the page.

    Parameters
    ----------
    dataset : Dataset
        One that came without pictures is shown by the names of its classes.
    hashers : dict of str to hasher
        Cloned, given each number of bits, and fitted with the training labels.
    n_bits : iterable of int, default=(16, 32)
        Each a multiple of 4, up to 32: the page's script compares codes as 32-bit integers.
    n_queries, n_pictures : int
        Sizes of the sample; all that there are, if fewer. At most 4,096 pictures: the script reads
        the number of one from three hexadecimal digits.

    Attributes
    ----------
    rows, query_rows : arrays of int64
        Rows of the data set: the pictures that are searched, in the order of a map with 32 in a
        line (like ones lie near each other: lines follow the second principal component, and each
        line the first), and the queries.
    n_database : int
        Rows of the database that the pictures are a sample of.
    start : (int, int)
        The query and the radius that the page opens with, by no means ordinary ones: of those at
        which the first and the last method, with the first number of bits, both find ten pictures,
        where the last is furthest ahead.

    Examples
    --------
    >>> from l2h_tutorial import LSH, load_dataset
    >>> explorer = Explorer(load_dataset("fashion-mnist"), {"LSH": LSH(random_state=0)}, n_queries=10)
    >>> len(explorer.query_rows), len(explorer.rows), explorer.n_database
    (10, 768, 8500)
    >>> found = explorer.search(query=0, method="LSH", n_bits=16, radius=16)
    >>> len(found.ids), bool(found.precision == found.right[:10].mean())
    (768, True)
    """

    def __init__(
        self,
        dataset: Dataset,
        hashers: Mapping[str, Any],
        n_bits: Iterable[int] = (16, 32),
        *,
        n_queries: int = 24,
        n_pictures: int = 768,
    ) -> None:
        self.n_bits = tuple(n_bits)
        if any(width not in range(4, 33, 4) for width in self.n_bits):
            raise ValueError(
                f"n_bits must be multiples of 4 up to 32, which the page can read, got {self.n_bits}"
            )
        self.dataset = dataset
        self.methods = tuple(hashers)
        split = split_dataset(dataset).preprocessed("l2-centre")
        random = np.random.RandomState(0)
        sample = np.sort(random.permutation(len(split.y_database))[:n_pictures])
        sample = sample[_map_of(split.X_database[sample])]
        queries = _class_by_class(split.y_query, n_queries, random)
        self.n_database = len(split.y_database)
        self.rows: Integers = split.database_rows[sample]
        self.query_rows: Integers = split.query_rows[queries]
        self._X_query, self._X = split.X_query[queries], split.X_database[sample]
        self._hashers = {
            (method, width): clone(hasher)
            .set_params(n_bits=width)
            .fit(split.X_train, split.y_train)
            for method, hasher in hashers.items()
            for width in self.n_bits
        }
        self._bits: dict[tuple[str, int], tuple[Bits, Bits]] = {
            key: (fitted.transform(self._X_query), fitted.transform(self._X))
            for key, fitted in self._hashers.items()
        }
        one = dataset.features[self.query_rows[0]]
        # which "l2-centre" subtracts
        self._mean = one / (np.linalg.norm(one) or 1) - self._X_query[0]
        self.start = self._where_they_differ()

    def search(self, query: int, method: str, n_bits: int, radius: int) -> Found:
        """Search the sample: the pictures within the radius, re-ranked by cosine.

        Parameters
        ----------
        query : int
            Which of ``query_rows``.
        method : str
        n_bits, radius : int

        Returns
        -------
        Found

        Raises
        ------
        TypeError, ValueError
            As ``HashTable.query_radius``, of the radius.
        KeyError, IndexError
            If there is no such method with so many bits, or no query with so large a number.
        """
        query_bits, bits = self._bits[method, n_bits]
        distances = hamming_distances(query_bits[[query]], bits)[0]
        inside = np.flatnonzero(distances <= check_radius(radius, n_bits))
        nearest = rerank(self._X_query[[query]], self._X, [inside], len(self.rows))[0]
        labels = self.dataset.labels
        right = labels[self.rows[nearest]] == labels[self.query_rows[query]]
        return Found(nearest, distances[nearest], right)

    def _where_they_differ(self) -> tuple[int, int]:
        def gain(view: tuple[int, int]) -> tuple[bool, int, int]:
            found = [
                self.search(view[0], self.methods[i], self.n_bits[0], view[1]).right[:_ANSWERS]
                for i in (0, -1)
            ]
            first, last = (int(right.sum()) for right in found)
            return min(map(len, found)) == _ANSWERS, last - first, last

        return max(product(range(len(self.query_rows)), range(self.n_bits[0] + 1)), key=gain)

    def data(self) -> dict[str, Any]:
        """All that the page needs to search by itself, as JSON can hold it.

        Codes are hexadecimal digits, one code after another. ``order`` has, for each query, the
        numbers of all pictures from the nearest by cosine on, three digits each. Pictures and then
        queries are on one sheet.
        """
        ds, everything = self.dataset, np.arange(len(self.rows))
        order = rerank(self._X_query, self._X, [everything] * len(self.query_rows), len(self.rows))
        described = ds.images is not None and ds.features.shape[1] == N_FEATURES  # by GIST
        return {
            "dataset": ds.name,
            "classes": list(ds.class_names),
            "answers": _ANSWERS,
            "start": dict(zip(("query", "radius"), self.start, strict=True)),
            "labels": ds.labels[self.rows].tolist(),
            "queryLabels": ds.labels[self.query_rows].tolist(),
            "order": ["".join(f"{i:03x}" for i in ids) for ids in order],
            "codes": {
                m: {str(w): [*map(_digits, self._bits[m, w])] for w in self.n_bits}
                for m in self.methods
            },
            "own": self._for_own_pictures() if described else None,
        } | sprite_sheet(ds, np.concatenate([self.rows, self.query_rows]))

    def _for_own_pictures(self) -> dict[str, Any]:
        """The hyperplanes of the linear methods, for descriptors of length one: scales, thresholds,
        and in 16 bits.

        Score k of a descriptor x is ``scales[k] * (x @ normal_k) - thresholds[k]``; a file has all
        normals in turn.
        """
        planes, normals = [], []
        for (method, width), hasher in self._hashers.items():
            weights, thresholds = _planes_of(hasher)
            if weights is not None:
                scales = np.abs(weights).max(axis=0) / (2**15 - 1)
                normals.append(np.rint(weights / scales).T.astype("<i2").tobytes())
                planes.append(
                    [method, width, scales.tolist(), (thresholds + self._mean @ weights).tolist()]
                )
        file = data_address(
            "text/javascript", b"l2hNormals='%s'" % base64.b64encode(b"".join(normals))
        )
        return {"size": np.shape(self.dataset.images)[1:3], "planes": planes, "file": file}  # type: ignore[arg-type]

    def _repr_html_(self) -> str:
        return figure_data("explorer", self.data())


def _map_of(X: Array) -> Integers:
    """Order rows for a map: by their second principal component into lines, and each line by the first."""
    across, up = (X @ PCAH(2).fit(X).projections_).T
    order = np.argsort(-up, kind="stable")
    lines = np.split(order, range(SHEET_COLUMNS, len(order), SHEET_COLUMNS))
    return np.concatenate([line[np.argsort(across[line], kind="stable")] for line in lines])


def _planes_of(hasher: Any) -> tuple[Any, Any]:
    """Normals and thresholds of a hasher whose bits are ``x @ normal >= threshold``; of any other None and None."""
    if isinstance(hasher, LSH):
        return hasher.hyperplanes_, np.zeros(hasher.n_bits)
    if isinstance(hasher, GRH):
        columns, model = hasher.models_[-1]
        if type(model) is LinearModel and len(columns) == hasher.n_bits:
            return model.weights, hasher.mean_ @ model.weights - hasher.scale_ * model.intercepts
    elif hasattr(hasher, "projections_") and type(hasher)._scores is Hasher._scores:
        return hasher.projections_, hasher.mean_ @ hasher.projections_
    return None, None


def _digits(bits: Bits) -> str:
    return "".join(f"{int(code):0{bits.shape[1] // 4}x}" for code in bits_to_integers(bits))


def _class_by_class(labels: Integers, n: int, random: Any) -> Integers:
    """Draw n rows, a class after the other, so that none is left out; then in the order of their labels."""
    shuffled = random.permutation(len(labels))
    # the first of each class, then the second, ...
    turn = pd.Series(shuffled).groupby(labels[shuffled]).cumcount()
    drawn = shuffled[np.lexsort((labels[shuffled], turn))[:n]]
    return drawn[np.argsort(labels[drawn], kind="stable")]
