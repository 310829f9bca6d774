"""Exercises of chapter 8, Methods compared."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..controls import RandomCodes
from ..lsh import LSH
from .framework import Array, Compute, Construct, Exercise, Requirement, Trouble, call, describe

# 8.1


def _redraw_case(rng: np.random.Generator, i: int) -> tuple[Array, Array, Array]:
    n, m = int(rng.integers(3, 5 + i // 8)), int(rng.integers(2, 6))
    a, b = np.round(rng.random((2, n)), 2)
    return a, b, rng.integers(0, n, size=(m, n))


_PAIRED = Compute(
    reference=lambda a, b, draws: (a - b)[draws].mean(axis=1),
    case=_redraw_case,
    mistakes={
        "You drew queries for a only. Measure b on the same ones.": (
            lambda a, b, i: a[i].mean(axis=1) - b.mean()
        ),
        "That is the mean over the queries of all redraws: a number for each position in a row. Average along "
        "the rows.": (lambda a, b, draws: (a - b)[draws].mean(axis=0)),
        "That is one number for all redraws. How much it moves from one to the next is the question.": (
            lambda a, b, draws: float((a - b)[draws].mean())
        ),
    },
    nudge="Take a single row of `draws`, and look up a and b at the queries that it names.",
)


# 8.2


def _ties_case(rng: np.random.Generator, i: int) -> tuple[Array, Array, int]:
    n = int(rng.integers(5, 8 + i // 6))
    return rng.integers(0, 3, size=n), rng.random(n) < 0.5, int(rng.integers(2, 5))


def _share(distances: Array, relevant: Array, k: int, ties: str) -> float:
    """Precision at k if the tied rows stand in some order."""
    among = {"file": np.arange(len(relevant)), "lucky": ~relevant, "unlucky": relevant}[ties]
    return float(relevant[np.lexsort((among, distances))[:k]].mean())


def _parts(distances: Array, relevant: Array, k: int) -> tuple[Array, Array]:
    """The relevance of the rows that are among the first k for certain, and of those that may be."""
    last = np.sort(distances)[k - 1]
    return relevant[distances < last], relevant[distances == last]


def _expected(distances: Array, relevant: Array, k: int) -> float:
    certain, tied = _parts(distances, relevant, k)
    return float((certain.sum() + (k - len(certain)) * tied.mean()) / k)


_TIES = Compute(
    reference=_expected,
    case=_ties_case,
    mistakes={
        "You took tied rows in the order of the file. It knows nothing of the query: any order is as likely.": (
            lambda distances, relevant, k: _share(distances, relevant, k, "file")
        ),
        "You counted all rows that are tied at the last place. Not all of them have a place among the k.": (
            lambda distances, relevant, k: float(
                sum(part.sum() for part in _parts(distances, relevant, k)) / k
            )
        ),
        "You took the share of the relevant among all rows up to the last distance. Nearer rows have their place "
        "for certain, tied ones share what is left.": (
            lambda *case: float(np.concatenate(_parts(*case)).mean())
        ),
    },
    nudge="Take three rows at one distance, one of them relevant, and k = 1. Write down all orders.",
)


# 8.3


@dataclass
class _Trial:
    """What a hasher made of random vectors: in one go, again, row by row, a little moved; and what `fit` changed."""

    kept: bool
    bits: Any
    again: Any
    singly: list[Any]
    near: Any
    shape: tuple[int, int]


def _try(answer: Any) -> _Trial:
    from sklearn.base import clone

    if not all(callable(getattr(answer, name, None)) for name in ("fit", "transform")):
        raise Trouble(
            f"the check needs an estimator with `fit` and `transform`; it got {describe(answer)}."
        )
    rng = np.random.default_rng()
    y = np.arange(40) % 10
    X = 3 * rng.normal(size=(10, 8))[y] + rng.normal(size=(40, 8))
    settings = {"n_bits": int(rng.integers(4, 8)), "random_state": int(rng.integers(2**31))}

    def keeps(given: Array) -> bool:
        hasher = clone(answer).set_params(**settings)
        itself = hasher.fit(given, y) is hasher
        return (
            itself and np.array_equal(given, X) and settings.items() <= hasher.get_params().items()
        )

    def encode(X_new: Array) -> Any:
        hasher = clone(answer).set_params(**settings)
        hasher.fit(X.copy(), y)
        return hasher.transform(X_new)

    try:
        clone(answer).set_params(**settings)
    except Exception as error:
        raise Trouble(
            f"scikit-learn could not clone it and set `n_bits` and `random_state` ({type(error).__name__}). Derive "
            "it from BaseEstimator, and let `__init__` take both and keep them unchanged."
        ) from None
    kept, new = call(keeps, (X,)), X[:24] + rng.normal(size=(24, 8))
    bits, again, near = (
        call(encode, (new + shift,)) for shift in (0, 0, 0.01 * rng.normal(size=8))
    )
    return _Trial(
        kept,
        bits,
        again,
        [call(encode, (row[None],)) for row in new],
        near,
        (len(new), settings["n_bits"]),
    )


def _spoilt(spoil: Callable[[Array, Array], Array]) -> LSH:
    """Random hyperplanes whose bits something is done to, with the images at hand."""

    class Spoilt(LSH):
        def transform(self, X: Any) -> Any:
            return spoil(super().transform(X), X)

    return Spoilt(8)


class _Forgetful(LSH):
    def fit(self, X: Any, y: Any = None) -> Any:
        super().fit(X, y)


_OWN = Construct(
    read=_try,
    requirements=(
        Requirement(
            lambda trial: trial.kept,
            "`fit` should return self, and change neither its arguments nor `n_bits` and `random_state`.",
            _Forgetful(8),
        ),
        Requirement(
            lambda trial: (
                isinstance(trial.bits, np.ndarray)
                and trial.bits.dtype == bool
                and trial.bits.ndim == 2
            ),
            "`transform` should return an array of True and False with a row for each image. Compare the scores with a "
            "threshold.",
            _spoilt(lambda bits, X: bits.astype(float)),
        ),
        Requirement(
            lambda trial: trial.bits.shape == trial.shape,
            "`n_bits` was set to another number before `fit`, and the codes do not have that many bits, or not a row "
            "for each image.",
            _spoilt(lambda bits, X: bits[:, :3]),
        ),
        Requirement(
            lambda trial: np.array_equal(trial.bits, trial.again),
            "Fitted twice with one `random_state` it gives different codes. Draw random numbers from "
            "np.random.default_rng(self.random_state), and in `fit` only.",
            _spoilt(lambda bits, X: np.random.default_rng().random(bits.shape) < 0.5),
        ),
        Requirement(
            lambda trial: np.array_equal(trial.bits, np.concatenate(trial.singly)),
            "The code of an image depends on which others are encoded with it. Whatever is taken from the data, such "
            "as a mean or a median, is learned in `fit`.",
            _spoilt(lambda bits, X: bits ^ (X[:, :1] > np.median(X[:, :1]))),
        ),
        Requirement(
            lambda trial: len(np.unique(trial.bits, axis=0)) > 4,
            "There are hardly any different codes. Does every bit look at the features, and each at something else?",
            _spoilt(lambda bits, X: np.ones_like(bits)),
        ),
        Requirement(
            lambda trial: float(np.mean(trial.bits != trial.near)) < 0.1,
            "Images that hardly differ have codes that have nothing to do with each other: nothing can be found so.",
            RandomCodes(8),
        ),
    ),
    example=LSH(8),
)


EXERCISES: tuple[Exercise, ...] = (_PAIRED, _TIES, _OWN)
