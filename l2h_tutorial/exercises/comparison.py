"""Exercises of chapter 8, Methods compared."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..controls import RandomCodes
from ..lsh import LSH
from .framework import (
    Array,
    Case,
    Compute,
    Construct,
    Generator,
    Requirement,
    Trouble,
    call,
    describe,
)

# 8.1

_BROKEN = {"A": "cost", "B": "tuning", "C": "draws", "D": "data", "E": "opponents"}


def _read_rules(answer: Any) -> dict[str, str]:
    """Read a rule for each sentence."""
    if not isinstance(answer, dict):
        raise Trouble(
            f"it should be a dict with a rule for each letter; it got {describe(answer)}."
        )
    if set(answer) != set(_BROKEN):
        raise Trouble(f"the dict should have the keys A to E; it has {describe(list(answer))}.")
    for letter, rule in answer.items():
        if rule not in _BROKEN.values():
            wanted = ", ".join(sorted(_BROKEN.values()))
            raise Trouble(f"{letter} should be one of {wanted}; it is {describe(rule)}.")
    return answer


def _names(letter: str, hint: str) -> Requirement:
    """Ask for the rule that a sentence breaks. Without it the rule would be another one."""
    other = "draws" if _BROKEN[letter] != "draws" else "cost"
    return Requirement(
        lambda rules: rules[letter] == _BROKEN[letter],
        f"Sentence {letter}: {hint}",
        _BROKEN | {letter: other},
    )


_RULES = Construct(
    read=_read_rules,
    requirements=(
        _names("A", "how many images did each of the two searches look at?"),
        _names("B", "which choices were made with care, and which were taken over?"),
        _names("C", "what does the next reader get, who draws the start anew?"),
        _names("D", "were the methods asked the same queries, in the same database?"),
        _names("E", "what else could answer a question in which only the class counts?"),
    ),
    example=_BROKEN,
)


# 8.2


def _ties_case(rng: Generator, i: int) -> Case:
    n_rows = rng.integers(5, 8 + i // 6)
    return rng.integers(0, 3, size=n_rows), rng.random(n_rows) < 0.5, rng.integers(2, 5)


def _certain_and_tied(distances: Array, relevant: Array, k: int) -> tuple[Array, Array]:
    """Return the relevance of the rows surely among the first k, and of those tied for the rest."""
    last = np.sort(distances)[k - 1]
    return relevant[distances < last], relevant[distances == last]


def _expected(distances: Array, relevant: Array, k: int) -> float:
    """Return the mean precision at k over all orders of the tied rows."""
    certain, tied = _certain_and_tied(distances, relevant, k)
    return (certain.sum() + (k - len(certain)) * tied.mean()) / k


_TIES = Compute(
    reference=_expected,
    case=_ties_case,
    mistakes={
        "You took tied rows in the order of the file. It knows nothing of the query: any order is "
        "as likely.": (
            lambda distances, relevant, k: relevant[np.argsort(distances, kind="stable")[:k]].mean()
        ),
        "You counted all rows that are tied at the last place. Not all of them have a place among "
        "the k.": (
            lambda distances, relevant, k: (
                np.concatenate(_certain_and_tied(distances, relevant, k)).sum() / k
            )
        ),
        "You took the share of the relevant among all rows up to the last distance. Nearer rows "
        "have their place for certain, tied ones share what is left.": (
            lambda *case: np.concatenate(_certain_and_tied(*case)).mean()
        ),
    },
    nudge="Take three rows at one distance, one of them relevant, and k = 1. Write down all "
    "orders.",
)


# 8.3


def _try(answer: Any) -> SimpleNamespace:
    """Fit copies of a student's hasher to random vectors, let them encode others, and note it."""
    from sklearn.base import clone

    rng = np.random.default_rng()
    y = np.arange(40) % 10
    X = 3 * rng.normal(size=(10, 8))[y] + rng.normal(size=(40, 8))
    settings = {"n_bits": int(rng.integers(4, 8)), "random_state": int(rng.integers(2**31))}

    def copy_of_hasher() -> Any:
        return clone(answer).set_params(**settings)

    def fits_cleanly(X_train: Array) -> bool:
        """Say whether it returns self, and leaves its arguments and the parameters unchanged."""
        hasher = copy_of_hasher()
        returns_itself = hasher.fit(X_train, y) is hasher
        keeps_settings = settings.items() <= hasher.get_params().items()
        return returns_itself and np.array_equal(X_train, X) and keeps_settings

    def encode(X_new: Array) -> Any:
        hasher = copy_of_hasher()
        hasher.fit(X.copy(), y)
        return hasher.transform(X_new)

    try:
        copy_of_hasher()
    except Exception as error:
        raise Trouble(
            f"the check needs an estimator with `fit` and `transform`; it got {describe(answer)}. "
            "scikit-learn could not clone it and set `n_bits` and `random_state` "
            f"({type(error).__name__}). Derive it from BaseEstimator, and let `__init__` take both "
            "and keep them unchanged."
        ) from None
    X_new = X[:24] + rng.normal(size=(24, 8))
    X_moved = X_new + 0.01 * rng.normal(size=8)
    return SimpleNamespace(
        fit_is_clean=call(fits_cleanly, (X,)),
        bits=call(encode, (X_new,)),
        repeated_bits=call(encode, (X_new,)),  # after fitting again with the same seed
        moved_bits=call(encode, (X_moved,)),
        single_bits=[call(encode, (row[None],)) for row in X_new],
        shape=(len(X_new), settings["n_bits"]),  # that the bits should have
    )


def _spoilt(spoil: Callable[[Array, Array], Array]) -> LSH:
    """Return an LSH that encodes with `spoil`, which gets the right bits and the images."""

    class Spoilt(LSH):
        def transform(self, X: Any) -> Any:
            return spoil(super().transform(X), X)

    return Spoilt(8)


class _Forgetful(LSH):
    """Random hyperplanes whose `fit` does not return self."""

    def fit(self, X: Any, y: Any = None) -> Any:
        super().fit(X, y)


_OWN = Construct(
    read=_try,
    requirements=(
        Requirement(
            lambda trial: trial.fit_is_clean,
            "`fit` should return self, and change neither its arguments nor `n_bits` and "
            "`random_state`.",
            _Forgetful(8),
        ),
        Requirement(
            lambda trial: isinstance(trial.bits, np.ndarray) and trial.bits.dtype == bool,
            "`transform` should return an array of True and False with a row for each image. "
            "Compare the scores with a threshold.",
            _spoilt(lambda bits, X: bits.astype(float)),
        ),
        Requirement(
            lambda trial: trial.bits.shape == trial.shape,
            "`n_bits` was set to another number before `fit`, and the codes do not have that many "
            "bits, or not a row for each image.",
            _spoilt(lambda bits, X: bits[:, :3]),
        ),
        Requirement(
            lambda trial: np.array_equal(trial.bits, trial.repeated_bits),
            "Fitted twice with one `random_state` it gives different codes. Draw random numbers "
            "from np.random.default_rng(self.random_state), and in `fit` only.",
            _spoilt(lambda bits, X: np.random.default_rng().random(bits.shape) < 0.5),
        ),
        Requirement(
            lambda trial: np.array_equal(trial.bits, np.concatenate(trial.single_bits)),
            "The code of an image depends on which others are encoded with it. Whatever is taken "
            "from the data, such as a mean or a median, is learned in `fit`.",
            _spoilt(lambda bits, X: bits ^ (X[:, :1] > np.median(X[:, :1]))),
        ),
        Requirement(
            lambda trial: len(np.unique(trial.bits, axis=0)) > 4,
            "There are hardly any different codes. Does every bit look at the features, and each "
            "at something else?",
            _spoilt(lambda bits, X: np.ones_like(bits)),
        ),
        Requirement(
            lambda trial: np.mean(trial.bits != trial.moved_bits) < 0.1,
            "Images that hardly differ have codes that have nothing to do with each other: nothing "
            "can be found so.",
            RandomCodes(8),
        ),
    ),
    example=LSH(8),
)


EXERCISES = (_RULES, _TIES, _OWN)
