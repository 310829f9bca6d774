"""Quantise vectors to a few bytes: sign codes, scalar codes and RaBitQ.

All three work alike. ``fit`` learns the mean of the vectors. ``encode`` subtracts it from each
vector, perhaps rotates the difference at random, and writes the result in a few bytes. A code
stands for a vector of floats again. A search estimates the inner product of the query, in floats,
with that vector, and may rescore the best candidates in floats.

Scalar codes and RaBitQ also keep the vector's product with the mean. So they search for the inner
product of the vectors themselves, wherever these lie. Sign codes say nothing about lengths, and
keep no product.
"""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from sklearn.utils import check_random_state

from .checks import (
    Array,
    ArrayLike,
    Bytes,
    Floats,
    Integers,
    Singles,
    check_choice,
    check_finite,
    check_integer,
)
from .codes import distances_of_all, words_of_bytes
from .lsh import Estimator, in_blocks, row_blocks

__all__ = ["Quantiser", "RaBitQ", "ScalarCodes", "SignCodes", "highest", "random_rotation"]


_BLOCK_QUERIES = 256  # queries searched at a time: bounds the table of their scores
# By bits, the width of equal cells that suits normally distributed numbers best, in standard
# deviations. With one bit there are two cells, whose width does not matter.
_WIDTHS = {1: 1.0, 2: 0.9957, 3: 0.5860, 4: 0.3352}


def random_rotation(n: int, random_state: Any = None) -> Floats:
    """Draw a rotation of n dimensions, each as likely as any other.

    It is the orthogonal factor of a Gaussian matrix.

    Parameters
    ----------
    n : int
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    (n, n) array of float64, whose columns are orthonormal

    References
    ----------
    F. Mezzadri, "How to generate random matrices from the classical compact groups", Notices of the
    AMS 54(5), 2007.

    Examples
    --------
    >>> R = random_rotation(3, random_state=0)
    >>> bool(np.allclose(R.T @ R, np.eye(3)))
    True
    """
    Q, R = np.linalg.qr(check_random_state(random_state).standard_normal((n, n)))
    return Q * np.sign(np.diag(R))


class Quantiser(Estimator):
    """Encode and search vectors: the base of all codes of a few bytes.

    A subclass says in ``_learn``, ``_write`` and ``_read`` what its bytes mean.

    Attributes
    ----------
    mean_ : (d,) array of float64
        Subtracted from every vector.
    rotation_ : (d, d) array of float64, or None
        Multiplies the difference from the right.
    bytes_per_item_ : int
        Bytes of a code.
    n_features_in_ : int
    """

    centre = True
    rotate = False
    random_state = None
    _products = True  # a code ends with the vector's product with the mean, as float32

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the mean, and what else the codes need, from vectors like those to be searched.

        Parameters
        ----------
        X : (n, d) array of numbers
        y : ignored

        Raises
        ------
        TypeError, ValueError
            If a parameter is not one of those listed, or `X` is not a finite two-dimensional array.
        """
        vectors = self._checked(X)
        d = vectors.shape[1]
        self.mean_: Floats = vectors.mean(axis=0, dtype=float) if self.centre else np.zeros(d)
        self.rotation_ = random_rotation(d, self.random_state) if self.rotate else None
        self.bytes_per_item_ = self._learn(vectors) + 4 * self._products
        return self

    def _learn(self, X: Array) -> int:
        """Learn what else the codes need; return the bytes of a code without the product."""
        raise NotImplementedError

    def _write(self, vectors: Array) -> Bytes:
        """Return the codes, without products, of a block of centred and rotated vectors."""
        raise NotImplementedError

    def _read(self, codes: Bytes) -> Array:
        """Return the centred and rotated vectors that codes stand for, as float32."""
        raise NotImplementedError

    def _rotated(self, X: Array) -> Floats:
        """Subtract the mean, and rotate if there is a rotation."""
        centred = X - self.mean_
        return centred if self.rotation_ is None else centred @ self.rotation_

    def encode(self, X: ArrayLike) -> Bytes:
        """Write each vector in a few bytes.

        Parameters
        ----------
        X : (n, d) array of numbers

        Returns
        -------
        (n, bytes_per_item_) array of uint8

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        ValueError
            If `X` has another number of features than in `fit`, or is not a finite two-dimensional
            array.
        """
        return in_blocks(self._encode, self._new_points(X))

    def _encode(self, vectors: Array) -> Bytes:
        """Return the codes of a block of vectors."""
        codes = self._write(self._rotated(vectors))
        if not self._products:
            return codes
        return np.hstack([codes, _as_bytes(vectors @ self.mean_)])

    def scores(self, Q: ArrayLike, codes: ArrayLike) -> Singles:
        """Estimate ``(Q - mean_) @ (X - mean_).T`` from the queries and the codes of X.

        Parameters
        ----------
        Q : (n_queries, d) array of numbers
        codes : (n, bytes_per_item_) array of uint8
            As this quantiser's `encode` returns them. Those of another quantiser are refused only
            if they have another number of bytes.

        Returns
        -------
        (n_queries, n) array of float32

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As `encode`, or if `codes` are not such an array.
        """
        estimates = self._estimates(self._new_points(Q), self._stored(codes))
        return np.multiply(estimates, self._unit, dtype=np.float32)

    @property
    def _unit(self) -> float:
        """Return the factor that turns estimates into inner products."""
        return 1.0

    def _estimates(self, Q: Array, stored: Bytes) -> Array:
        """Multiply queries with the vectors that codes stand for, a block of codes at a time."""
        queries = self._rotated(Q).astype(np.float32)
        estimates = np.empty((len(queries), len(stored)), dtype=np.float32)
        codes = stored[:, :-4] if self._products else stored
        for rows in row_blocks(len(codes)):
            estimates[:, rows] = queries @ self._read(codes[rows]).T
        return estimates

    def _stored(self, codes: ArrayLike) -> Bytes:
        """Return codes as an array, or refuse another type or another number of bytes."""
        array = np.asarray(codes)
        if array.dtype != np.uint8:
            raise TypeError(f"codes must be uint8, as encode returns them, got {array.dtype}")
        if array.shape[1:] != (self.bytes_per_item_,) or len(array) == 0:
            raise ValueError(
                f"codes must have shape (n, {self.bytes_per_item_}), n at least 1, "
                f"got {array.shape}"
            )
        return array

    def search(
        self, Q: ArrayLike, codes: ArrayLike, k: int, *, rescore: Any = None, factor: int = 10
    ) -> tuple[Array, Integers]:
        """Find the k rows with the highest ``q @ x``, estimated from codes or rescored in floats.

        The scores of all codes are held for 256 queries at a time. Signs are compared with signs as
        bits. All other codes become floats again: they save bytes, not time.

        Parameters
        ----------
        Q : (n_queries, d) array of numbers
        codes : (n, bytes_per_item_) array of uint8
        k : int
            From 1 to n.
        rescore : (n, d) array of numbers, optional
            The vectors that were encoded. The ``factor * k`` rows with the best estimates are
            sorted by the exact ``q @ x``, which is the cosine for vectors of length 1. Only these
            rows are read, so the array may be a memory-mapped file.
        factor : int, default=10
            Candidates that are rescored, as a multiple of k.

        Returns
        -------
        scores : (n_queries, k) array of float64
            Estimates of ``q @ x`` or, with ``rescore``, the exact values. Estimates by signs are
            those of `scores`.
        rows : (n_queries, k) array of int64
            The best first; equal scores by row number. Signs that are compared with signs are
            ranked by Hamming distance, which gives the same rows on every machine. Other estimates
            are sums of float32: rows may change places where their scores differ by less than 1e-5
            of the query's largest.

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As `scores`, or if `k` or `factor` is out of range, ``rescore`` is not (n, d), or a row
            that is read of it has a NaN or infinity.
        """
        queries = self._new_points(Q)
        stored = self._stored(codes)
        k = check_integer(k, "k", high=len(stored), of="codes")
        n_candidates = k
        if rescore is not None:
            rescore = np.asanyarray(rescore)
            expected = (len(stored), self.n_features_in_)
            n_candidates = min(len(stored), k * check_integer(factor, "factor"))
            if rescore.shape != expected:
                raise ValueError(f"rescore must have shape {expected}, got {rescore.shape}")

        # With m the mean, q @ x = (q - m) @ (x - m) + m @ x + (q - m) @ m.
        row_products: Any = 0
        query_products = np.zeros(len(queries))
        if self._products:
            row_products = _numbers(stored, 1)[:, 0]
            query_products = (queries - self.mean_) @ self.mean_

        scores = np.empty((len(queries), k))
        rows = np.empty(scores.shape, dtype=np.int64)
        for start in range(0, len(queries), _BLOCK_QUERIES):
            block = queries[start : start + _BLOCK_QUERIES]
            for i, estimates in enumerate(self._estimates(block, stored), start):
                estimates += row_products
                candidates = highest(estimates, n_candidates)
                values = self._unit * estimates[candidates] + query_products[i]
                if rescore is not None:
                    vectors = np.array(rescore[candidates], dtype=np.float64, order="C")
                    check_finite(vectors, "rescore")
                    # Summed row by row, so that equal rows have equal scores.
                    values = (vectors * queries[i]).sum(axis=1)
                    order = np.lexsort((candidates, -values))[:k]
                    values = values[order]
                    candidates = candidates[order]
                scores[i] = values
                rows[i] = candidates
        return scores, rows


def highest(values: Array, k: int) -> Integers:
    """Return the places of the k highest values, the highest first, equal ones by place.

    Examples
    --------
    >>> highest(np.array([1.0, 3.0, 2.0, 3.0]), 3)
    array([1, 3, 2])
    """
    places = np.flatnonzero(values >= np.partition(values, -k)[-k])
    return places[np.argsort(-values[places], kind="stable")[:k]]


class SignCodes(Quantiser):
    """Write one bit a dimension: on which side of the mean a vector lies.

    A code stands for the vector with plus or minus ``scale_`` in each dimension, which has the root
    mean square length of the vectors.

    Parameters
    ----------
    rotate : bool, default=False
        Rotate the vectors at random first, so that every bit says something about all dimensions.
    asymmetric : bool, default=False
        Compare the codes with the query's floats. By default the query is a code too, and the order
        of the scores is that of Hamming distances.
    centre : bool, default=True
        Subtract the mean first; otherwise ``mean_`` is 0.
    random_state : int, RandomState instance or None, default=None
        Draws the rotation.

    Attributes
    ----------
    scale_ : float
        Root mean square of a coordinate.
    mean_, rotation_, bytes_per_item_, n_features_in_
        See `Quantiser`. A code has a bit a dimension. The first bit is the most significant of the
        first byte; unused bits of the last byte are 0.

    References
    ----------
    A. Gordo, F. Perronnin, Y. Gong and S. Lazebnik, "Asymmetric distances for binary embeddings",
    IEEE Transactions on Pattern Analysis and Machine Intelligence 36(1), 2014.

    Examples
    --------
    >>> X = np.array([[2.0, 1, 1], [0, 1, 3], [1, 3, 2], [1, -1, 2]])
    >>> codes = SignCodes().fit(X).encode(X)
    >>> np.unpackbits(codes, axis=1, count=3)
    array([[1, 1, 0],
           [0, 1, 1],
           [1, 1, 1],
           [1, 0, 1]], dtype=uint8)
    """

    _products = False

    def __init__(
        self,
        *,
        rotate: bool = False,
        asymmetric: bool = False,
        centre: bool = True,
        random_state: Any = None,
    ) -> None:
        self.rotate = rotate
        self.asymmetric = asymmetric
        self.centre = centre
        self.random_state = random_state

    def _learn(self, X: Array) -> int:
        squares = sum(((X[rows] - self.mean_) ** 2).sum() for rows in row_blocks(len(X)))
        self.scale_ = np.sqrt(squares / X.size)  # a rotation does not change it
        return -(-X.shape[1] // 8)

    def _write(self, vectors: Array) -> Bytes:
        return np.packbits(vectors >= 0, axis=1)

    def _read(self, codes: Bytes) -> Array:
        return np.float32(self.scale_) * signs(codes, self.n_features_in_)

    @property
    def _unit(self) -> float:
        return 1.0 if self.asymmetric else float(self.scale_) ** 2

    def _estimates(self, Q: Array, stored: Bytes) -> Array:
        """Return how many bits agree, less how many differ: integers, whose order is exact."""
        if self.asymmetric:
            return super()._estimates(Q, stored)
        query_codes = self._write(self._rotated(Q))
        distances = distances_of_all(words_of_bytes(query_codes), words_of_bytes(stored))
        estimates = distances.astype(np.int32)
        estimates *= -2
        estimates += self.n_features_in_
        return estimates


def signs(codes: Bytes, n: int) -> Singles:
    """Write the first n bits of each code as +1 and -1.

    Examples
    --------
    >>> signs(np.array([[0b10100000]], dtype=np.uint8), 3)
    array([[ 1., -1.,  1.]], dtype=float32)
    """
    return np.unpackbits(codes, axis=1, count=n) * np.float32(2) - 1


class ScalarCodes(Quantiser):
    """Write each coordinate as the number of a cell, one of 256 or 16 of equal width.

    The cells divide the range of the coordinate. A number stands for the middle of its cell.

    Parameters
    ----------
    n_bits : {8, 4}, default=8
        Bits a coordinate.

    Attributes
    ----------
    low_, step_ : (d,) arrays of float64
        Where the first cell of each centred coordinate begins, and the width of a cell. The range
        that `fit` saw is 255 or 15 cells wide. Within it a coordinate changes by at most half a
        cell; a coordinate outside is moved into the nearest cell.
    mean_, rotation_, bytes_per_item_, n_features_in_
        See `Quantiser`. With 4 bits, the first of two coordinates is in the upper half of their
        byte. A code ends with the product with the mean, a float32, least significant byte first.

    Notes
    -----
    The cells are those of faiss's ``QT_8bit`` and ``QT_4bit``, trained on the centred vectors.

    Examples
    --------
    >>> X = np.array([[0.0, 10], [255, 11], [100.2, 12]])
    >>> ScalarCodes().fit(X).encode(X)[:, :-4]
    array([[  0,   0],
           [255, 127],
           [100, 255]], dtype=uint8)
    >>> ScalarCodes(4).fit(X).encode(X)[:, :-4]  # 15 and 7, for example, in one byte: 16 * 15 + 7
    array([[  0],
           [247],
           [ 95]], dtype=uint8)
    """

    def __init__(self, n_bits: Literal[8, 4] = 8) -> None:
        self.n_bits = n_bits

    def _learn(self, X: Array) -> int:
        check_choice(self.n_bits, "n_bits", (8, 4))
        low = X.min(axis=0).astype(float)
        self.low_ = low - self.mean_
        self.step_ = (X.max(axis=0) - low) / (2**self.n_bits - 1)
        return -(-X.shape[1] * self.n_bits // 8)

    def _write(self, vectors: Array) -> Bytes:
        steps = np.where(self.step_ > 0, self.step_, 1)  # 0 for a coordinate that never varies
        cells = (vectors - self.low_) // steps
        levels = cells.clip(0, 2**self.n_bits - 1).astype(np.uint8)
        if self.n_bits == 8:
            return levels
        codes = levels[:, ::2] << 4
        codes[:, : levels.shape[1] // 2] |= levels[:, 1::2]
        return codes

    def _read(self, codes: Bytes) -> Array:
        levels = codes
        if self.n_bits == 4:
            halves = np.stack([codes >> 4, codes & 15], axis=2)
            levels = halves.reshape(len(codes), -1)[:, : self.n_features_in_]
        first_middle = self.low_ + self.step_ / 2
        return levels * self.step_.astype(np.float32) + first_middle.astype(np.float32)


class RaBitQ(Quantiser):
    """Write a few bits a dimension after a random rotation, and two numbers for unbiased estimates.

    Let x be a centred and rotated vector, and s its signs. The code stands for the multiple of s
    whose projection on x is x itself: ``r = s * |x|**2 / (s @ x)``. So the error r - x is at right
    angles to x. Its direction is random, because the rotation is. Its part in the estimate
    ``q @ r`` is above 0 as often as below. The second number bounds this part.

    With b bits a dimension, s has odd whole numbers from ``1 - 2**b`` to ``2**b - 1`` instead of
    signs: the numbers of cells of equal width. After the rotation the numbers of a vector are
    nearly normally distributed, so the cells have the width that suits such numbers. All else is
    the same.

    Parameters
    ----------
    n_bits : {1, 2, 3, 4}, default=1
        Bits a dimension.
    random_state : int, RandomState instance or None, default=None
        Draws the rotation.

    Attributes
    ----------
    mean_, rotation_, bytes_per_item_, n_features_in_
        See `Quantiser`. A code has the most significant bit of each dimension, which are the bits
        of `SignCodes`, then the next bit of each, and so on. Three float32 follow, least
        significant byte first. The first is what s is multiplied with. The second is the standard
        deviation of the estimate's error for a query at distance 1 from the mean,
        ``|r - x| / sqrt(d - 1)``. The third is the product of the given vector with the mean.

    References
    ----------
    J. Gao and C. Long, "RaBitQ: quantizing high-dimensional vectors with a theoretical error bound
    for approximate nearest neighbor search", SIGMOD 2024. Their query has 4 bits a dimension; here
    it keeps its floats.

    J. Gao and others, "Practical and asymptotically optimal quantization of high-dimensional
    vectors in Euclidean space for approximate nearest neighbor search", SIGMOD 2025, for more than
    one bit. They search for the best width of the cells for each vector.

    J. Max, "Quantizing for minimum distortion", IRE Transactions on Information Theory 6(1), 1960,
    for the width of the cells.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(100, 64)).cumsum(axis=1)
    >>> rabitq = RaBitQ(random_state=0).fit(X)
    >>> codes = rabitq.encode(X)
    >>> codes.shape, codes.dtype
    ((100, 20), dtype('uint8'))
    >>> exact = (X[:1] - rabitq.mean_) @ (X - rabitq.mean_).T
    >>> within = np.abs(rabitq.scores(X[:1], codes) - exact) <= rabitq.error_bounds(X[:1], codes)
    >>> bool(within.mean() > 0.9)
    True
    """

    rotate = True

    def __init__(self, n_bits: Literal[1, 2, 3, 4] = 1, *, random_state: Any = None) -> None:
        self.n_bits = n_bits
        self.random_state = random_state

    def _learn(self, X: Array) -> int:
        check_choice(self.n_bits, "n_bits", tuple(_WIDTHS))
        return -(-X.shape[1] * self.n_bits // 8) + 8

    def _write(self, vectors: Array) -> Bytes:
        d = vectors.shape[1]
        steps = self._steps(vectors)
        squared = (vectors**2).sum(axis=1)
        products = (steps * vectors).sum(axis=1)
        size = squared / np.where(products > 0, products, 1)
        # |r - x|**2, by Pythagoras
        squared_error = (size**2 * (steps**2).sum(axis=1) - squared).clip(0)
        error = np.sqrt(squared_error / max(d - 1, 1))
        levels = (steps.astype(int) + 2**self.n_bits - 1) // 2
        planes = [levels >> place & 1 for place in reversed(range(self.n_bits))]
        bits = np.packbits(np.hstack(planes), axis=1)
        return np.hstack([bits, _as_bytes(size), _as_bytes(error)])

    def _steps(self, vectors: Array) -> Floats:
        """Return the odd whole numbers that stand for the cells of each vector's numbers."""
        n_cells = 2 ** (self.n_bits - 1)  # to each side of zero
        spread = np.sqrt((vectors**2).mean(axis=1, keepdims=True))
        width = _WIDTHS[self.n_bits] * np.where(spread > 0, spread, 1)
        cells = np.floor(vectors / width).clip(-n_cells, n_cells - 1)
        return 2 * cells + 1

    def _read(self, codes: Bytes) -> Array:
        planes = signs(codes[:, :-8], self.n_bits * self.n_features_in_)
        planes = planes.reshape(len(codes), self.n_bits, self.n_features_in_)
        steps = planes[:, 0]
        for place in range(1, self.n_bits):
            steps = 2 * steps + planes[:, place]
        return _numbers(codes, 2)[:, :1] * steps

    def error_bounds(self, Q: ArrayLike, codes: ArrayLike) -> Floats:
        """Bound the errors of `scores` by 1.9 standard deviations, as in the paper.

        About 94 of 100 errors are within the bound.

        Parameters
        ----------
        Q : (n_queries, d) array of numbers
        codes : (n, bytes_per_item_) array of uint8

        Returns
        -------
        (n_queries, n) array of float64

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As `scores`.
        """
        lengths = np.linalg.norm(self._new_points(Q) - self.mean_, axis=1)
        errors = _numbers(self._stored(codes), 2)[:, 0]
        return 1.9 * np.outer(lengths, errors)


def _as_bytes(numbers: Floats) -> Bytes:
    """Write a number for each code as four bytes, the least significant first."""
    return numbers.astype("<f4")[:, None].view(np.uint8)


def _numbers(codes: Bytes, n: int) -> Singles:
    """Return the last n numbers of each code."""
    return np.ascontiguousarray(codes[:, -4 * n :]).view("<f4")
