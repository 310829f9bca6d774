"""The hash explorer: a reader picks query, method and radius, and searches a sample."""

import base64
import json
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone

from l2h_tutorial.baselines import PCAH
from l2h_tutorial.checks import Array, Bits, Integers
from l2h_tutorial.codes import bits_to_integers, hamming_distances
from l2h_tutorial.datasets import Dataset
from l2h_tutorial.gist import N_FEATURES
from l2h_tutorial.search import check_radius, rerank
from l2h_tutorial.splits import split_dataset

from .plane import hyperplanes_of
from .playable import SHEET_COLUMNS, Playable, data_address, sprite_sheet

_ANSWERS = 10  # pictures that precision counts, as in the chapters
_DATABASE_AT_MOST = 10_000  # pictures whose vectors a page may ask for: some 700 bytes each


class Found(NamedTuple):
    """What one search of the explorer found.

    Attributes
    ----------
    ids : (n_candidates,) array of int64
        Pictures of the sample within the radius, as positions in ``Explorer.rows``, the nearest by
        cosine first.
    distances : (n_candidates,) array of int64
        Their Hamming distances to the query.
    right : (n_candidates,) array of bool
        Whether each is of the query's class.
    """

    ids: Integers
    distances: Integers
    right: Bits


class Explorer(Playable):
    """Hash a sample of a data set in several ways, for a page on which the reader searches it.

    The data set is split and preprocessed as in the chapters (``split_dataset``, "l2-centre"), and
    every hasher is fitted to the whole training set. The reader searches a sample: pictures drawn
    from the database at random, and queries drawn class by class.

    Parameters
    ----------
    dataset : Dataset
        One without pictures is shown by the names of its classes.
    hashers : dict of str to hasher
        Cloned, given each number of bits, and fitted with the training labels.
    learned : str, optional
        One of `hashers`, by default the last. It is also fitted with the training labels shuffled:
        that is the last of ``methods``, and named "GRH shuffled" if `learned` is "GRH linear".
    n_bits : iterable of int, default=(16, 32)
        Each a multiple of 4, up to 32: the page's script compares codes as 32-bit integers.
    n_queries, n_pictures : int
        Sizes of the sample, which is smaller where there are fewer. At most 4,096 pictures: the
        script reads the number of a picture from three hexadecimal digits.

    Attributes
    ----------
    rows, query_rows : arrays of int64
        Rows of the data set: the pictures that are searched, and the queries. Pictures stand in
        the order of a map with 32 in a line, on which pictures that are alike are near each other:
        from line to line by the second principal component, in a line by the first.
    n_database : int
        Rows of the database from which the pictures are drawn.
    methods : tuple of str
        Names of all methods.
    start : (int, int)
        The query and the radius with which the page opens. They are not typical: the last of
        ``hashers`` is there furthest ahead of the first, with the first number of bits, where both
        find ten pictures.

    Examples
    --------
    >>> from l2h_tutorial import LSH, load_dataset
    >>> hashers = {"LSH": LSH(random_state=0)}
    >>> explorer = Explorer(load_dataset("fashion-mnist"), hashers, n_queries=10)
    >>> len(explorer.query_rows), len(explorer.rows), explorer.n_database
    (10, 768, 8500)
    >>> len(explorer.search(query=0, method="LSH", n_bits=16, radius=16).ids)
    768
    """

    def __init__(
        self,
        dataset: Dataset,
        hashers: Mapping[str, Any],
        n_bits: Iterable[int] = (16, 32),
        *,
        learned: str | None = None,
        n_queries: int = 24,
        n_pictures: int = 768,
    ) -> None:
        self.n_bits = tuple(n_bits)
        self.dataset = dataset
        self._learned = learned or list(hashers)[-1]
        shuffled = f"{self._learned.split()[0]} shuffled"
        self.methods = (*hashers, shuffled)
        split = split_dataset(dataset).preprocessed("l2-centre")
        random = np.random.RandomState(0)
        sample = np.sort(random.permutation(len(split.y_database))[:n_pictures])
        sample = sample[_map_of(split.X_database[sample])]
        queries = _class_by_class(split.y_query, n_queries, random)
        self.n_database = len(split.y_database)
        self.rows: Integers = split.database_rows[sample]
        self.query_rows: Integers = split.query_rows[queries]
        self._X_query = split.X_query[queries]
        self._X = split.X_database[sample]
        self._X_database = split.X_database
        labels = dict.fromkeys(hashers, split.y_train)
        labels[shuffled] = np.random.RandomState(0).permutation(split.y_train)
        unfitted = {**hashers, shuffled: hashers[self._learned]}
        self._hashers = {
            (method, width): clone(hasher)
            .set_params(n_bits=width)
            .fit(split.X_train, labels[method])
            for method, hasher in unfitted.items()
            for width in self.n_bits
        }
        self._bits: dict[tuple[str, int], tuple[Bits, Bits]] = {
            key: (fitted.transform(self._X_query), fitted.transform(self._X))
            for key, fitted in self._hashers.items()
        }
        raw = dataset.features[self.query_rows[0]]
        # the mean that "l2-centre" has subtracted
        self._mean = raw / (np.linalg.norm(raw) or 1) - self._X_query[0]
        self.start = self._where_they_differ()
        super().__init__(self._all_data())

    def search(self, query: int, method: str, n_bits: int, radius: int) -> Found:
        """Search the sample for the pictures within the radius, and re-rank them by cosine.

        Parameters
        ----------
        query : int
            A position in ``query_rows``.
        method : str
        n_bits, radius : int

        Returns
        -------
        Found

        Raises
        ------
        TypeError, ValueError
            If the radius is one that ``HashTable.query_radius`` refuses.
        KeyError, IndexError
            If there is no such method with so many bits, or no such query.
        """
        query_bits, bits = self._bits[method, n_bits]
        distances = hamming_distances(query_bits[[query]], bits)[0]
        inside = np.flatnonzero(distances <= check_radius(radius, n_bits))
        nearest = rerank(self._X_query[[query]], self._X, [inside], len(self.rows))[0]
        labels = self.dataset.labels
        right = labels[self.rows[nearest]] == labels[self.query_rows[query]]
        return Found(nearest, distances[nearest], right)

    def _where_they_differ(self) -> tuple[int, int]:
        """Return the query and the radius at which the last hasher is furthest ahead."""
        n_bits = self.n_bits[0]
        compared = self.methods[0], self.methods[-2]  # the last is a control

        def lead(view: tuple[int, int]) -> tuple[bool, int, int]:
            query, radius = view
            first, last = (
                self.search(query, method, n_bits, radius).right[:_ANSWERS] for method in compared
            )
            both_find_ten = min(len(first), len(last)) == _ANSWERS
            return both_find_ten, int(last.sum() - first.sum()), int(last.sum())

        return max(product(range(len(self.query_rows)), range(n_bits + 1)), key=lead)

    def _all_data(self) -> dict[str, Any]:
        """Return all that the page needs to search by itself, as JSON can hold it.

        Codes are hexadecimal digits, one code after another. ``order`` has for each query the
        numbers of all pictures, three digits each, the nearest by cosine first. The pictures, and
        after them the queries, are on one sheet. ``learned`` is the method
        whose labels are shuffled in the last one.
        """
        ds = self.dataset
        everything = np.arange(len(self.rows))
        order = rerank(self._X_query, self._X, [everything] * len(self.query_rows), len(self.rows))
        described = ds.images is not None and ds.features.shape[1] == N_FEATURES  # by GIST
        own, normals = self._for_own_pictures() if described else (None, b"")
        return {
            "dataset": ds.name,
            "classes": list(ds.class_names),
            "answers": _ANSWERS,
            "start": dict(zip(("query", "radius"), self.start, strict=True)),
            "labels": ds.labels[self.rows].tolist(),
            "queryLabels": ds.labels[self.query_rows].tolist(),
            "order": ["".join(f"{i:03x}" for i in ids) for ids in order],
            "codes": {method: self._codes_of(method) for method in self.methods},
            "learned": self.methods.index(self._learned),
            "own": own,
            "numbers": self._numbers(normals),
            "database": self._database(),
        } | sprite_sheet(ds, np.concatenate([self.rows, self.query_rows]))

    def _codes_of(self, method: str) -> dict[str, list[str]]:
        """Return the codes of queries and pictures by one method, by number of bits."""
        return {str(width): [*map(_digits, self._bits[method, width])] for width in self.n_bits}

    def _for_own_pictures(self) -> tuple[dict[str, Any], bytes]:
        """Return the hyperplanes of the linear methods, for descriptors of length one.

        Bit k of a descriptor x says whether ``x @ normal_k >= thresholds[k]``. All normals stand in
        turn, as integers of 16 bits.
        """
        planes = []
        normals = []
        for (method, width), hasher in self._hashers.items():
            weights, thresholds = hyperplanes_of(hasher)
            # a GRH that learned fewer bits in its last round has others from an earlier one
            if weights is not None and weights.shape[1] == width:
                scales = np.abs(weights).max(axis=0) / 32767
                normals.append(np.rint(weights / scales).T.astype("<i2").tobytes())
                thresholds = thresholds + self._mean @ weights
                planes.append([method, width, np.round(thresholds / scales, 3).tolist()])
        size = np.shape(self.dataset.images)[1:3]  # type: ignore[arg-type]
        return {"size": size, "planes": planes}, b"".join(normals)

    def _numbers(self, normals: bytes) -> str:
        """Return the address of a script with what the page needs to compare vectors itself.

        The vectors of the pictures stand first, and after them those of the queries.
        """
        parts = {
            "vectors": _directions(np.concatenate([self._X, self._X_query])),
            "mean": self._mean.astype("<f4").tobytes(),
            "normals": normals,
        }
        texts = {name: base64.b64encode(part).decode() for name, part in parts.items()}
        return data_address("text/javascript", f"l2hNumbers={json.dumps(texts)}".encode())

    def _database(self) -> dict[str, Any] | None:
        """Return where the vectors and the first method's codes of the whole database are."""
        if self.n_database > _DATABASE_AT_MOST:
            return None
        first = self._hashers[self.methods[0], self.n_bits[0]]
        parts = {
            "vectors": base64.b64encode(_directions(self._X_database)).decode(),
            "codes": _digits(first.transform(self._X_database)),
        }
        script = f"l2hDatabase={json.dumps(parts)}".encode()
        file = data_address("text/javascript", script)
        return {"file": file, "bytes": len(script), "count": self.n_database}


def _map_of(X: Array) -> Integers:
    """Order rows for a map: lines by the second principal component, each line by the first."""
    first, second = (X @ PCAH(2).fit(X).projections_).T
    order = np.argsort(-second, kind="stable")
    lines = np.split(order, range(SHEET_COLUMNS, len(order), SHEET_COLUMNS))
    return np.concatenate([line[np.argsort(first[line], kind="stable")] for line in lines])


def _directions(X: Array) -> bytes:
    """Write vectors as integers of 8 bits, the largest of each 127: only directions count."""
    largest = np.abs(X).max(axis=1, keepdims=True)
    return np.rint(127 * X / largest).astype(np.int8).tobytes()


def _digits(bits: Bits) -> str:
    """Write codes in hexadecimal digits, one after another."""
    return "".join(f"{int(code):0{bits.shape[1] // 4}x}" for code in bits_to_integers(bits))


def _class_by_class(labels: Integers, n: int, random: Any) -> Integers:
    """Draw n rows at random, as evenly from all classes as can be, in the order of labels."""
    shuffled = random.permutation(len(labels))
    # the first row of each class has turn 0, the second turn 1, ...
    turn = pd.Series(shuffled).groupby(labels[shuffled]).cumcount()
    drawn = shuffled[np.lexsort((labels[shuffled], turn))[:n]]
    return drawn[np.argsort(labels[drawn], kind="stable")]
