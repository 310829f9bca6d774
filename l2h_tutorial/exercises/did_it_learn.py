"""Exercises of chapter 9, Did it learn?"""

from math import comb

import numpy as np

from .answering import LabelProgram
from .framework import Array, Compute, Exercise

# 9.1


def _program_case(rng: np.random.Generator, i: int) -> tuple[LabelProgram, Array, Array]:
    """A program that ignores the labels, or looks at them in one of three ways; all are among the first and last."""
    kind = i % 4 if i < 4 or i > 19 else int(rng.integers(4))
    y = rng.permutation(np.arange(2 * (int(rng.integers(3, 5)) + 8 * i)) % 2)
    shuffled = 1 - y  # as many of each class, and no image has the label that it had
    if kind < 3 and rng.random() < 0.5:
        kept = [rng.choice(np.flatnonzero(y == label)) for label in (0, 1)]
        shuffled[kept] = y[kept]
    own = rng.random((len(y), 4)) < 0.5
    if kind == 2:  # one bit of one image, the first of neither
        own[:] = False
        own[
            rng.choice(np.flatnonzero((y != shuffled) & (y == i // 20))[1:]), rng.integers(1, 4)
        ] = True
    everything, of_zeros = np.ones_like(own), np.tile([[True], [False]], 4)
    of_class = [everything[:2], np.eye(2, 4, dtype=bool), of_zeros, of_zeros][kind]
    return LabelProgram(everything if kind in (1, 3) else own, of_class), y, shuffled


def _labels_matter(program: LabelProgram, y: Array, shuffled: Array) -> bool:
    return not np.array_equal(program(y), program(shuffled))


_SHUFFLE = Compute(
    reference=_labels_matter,
    case=_program_case,
    mistakes={
        "You missed a program of which one bit changes, and not of the first image. Look at every bit of every image, "
        "with the labels as they are given.": (
            lambda program, y, shuffled: not np.array_equal(program(y)[0], program(shuffled)[0])
        ),
        "You asked whether all bits change. One that changes is enough: something looked at the labels.": (
            lambda program, y, shuffled: bool((program(y) != program(shuffled)).all())
        ),
        "You compared how many bits are set. Other codes may have as many, and here the classes are as large as "
        "before.": (
            lambda program, y, shuffled: bool(program(y).mean() != program(shuffled).mean())
        ),
    },
    nudge="Run the program on both labellings, and compare the two arrays of codes.",
)


# 9.2


def _codewords_case(rng: np.random.Generator, i: int) -> tuple[Array]:
    n_bits = int(rng.integers(6, 9 + i // 4))
    while True:
        codewords = rng.random((int(rng.integers(4, 6)), n_bits)) < 0.5
        if len(np.unique(codewords, axis=0)) == len(codewords):
            return (np.repeat(codewords, 4 if i % 4 == 3 else 1, axis=1),)


def _apart(codewords: Array) -> Array:
    """The bits in which each pair of codewords differs."""
    differ = (codewords[:, None] != codewords).sum(axis=2)
    return np.asarray(differ[np.triu_indices(len(codewords), 1)])


_CORRECTED = Compute(
    reference=lambda codewords: int(_apart(codewords).min() - 1) // 2,
    case=_codewords_case,
    mistakes={
        "With half of the smallest distance wrong, a code is as near to another codeword as to its own. That is a "
        "tie and not certain.": (lambda codewords: int(_apart(codewords).min()) // 2),
        "With so many wrong bits it is not yet the other codeword, but it may be nearer to it.": (
            lambda codewords: int(_apart(codewords).min()) - 1
        ),
        "Among your pairs is each codeword with itself, at distance 0. Leave the diagonal out.": (
            lambda codewords: -1
        ),
    },
    nudge="Take two codewords that differ in three bits, and flip one of the three, then two.",
)


# 9.3


def _table_case(rng: np.random.Generator, i: int) -> tuple[int, int]:
    return int(rng.integers(3, 8 + i)), int(rng.integers(1, 33))


def _split_pairs(n: int) -> int:
    """The most pairs of n classes that one bit tells apart."""
    return (n // 2) * (n - n // 2)


_BOUND = Compute(
    reference=lambda n_classes, n_bits: n_bits * _split_pairs(n_classes) / comb(n_classes, 2),
    case=_table_case,
    mistakes={
        "That is the mean for tossed codewords. A table that is drawn up with care keeps its classes further apart.": (
            lambda n_classes, n_bits: n_bits / 2
        ),
        "For an odd number of classes the halves are unequal: there is no half of a class.": (
            lambda n_classes, n_bits: n_bits * n_classes**2 / 4 / comb(n_classes, 2)
        ),
        "You counted each pair of classes in both orders below the line, and in one above it.": (
            lambda n_classes, n_bits: (
                n_bits * _split_pairs(n_classes) / (n_classes * (n_classes - 1))
            )
        ),
    },
    nudge="Take one bit and four classes. How many pairs does it tell apart with one 1, and with two?",
)


EXERCISES: tuple[Exercise, ...] = (_SHUFFLE, _CORRECTED, _BOUND)
