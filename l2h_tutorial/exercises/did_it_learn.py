"""Exercises of chapter 9, Did it learn?"""

from functools import partial
from math import comb

import numpy as np

from .answering import codes_for_labels
from .framework import Array, Case, Compute, Generator

# 9.1


def _program_case(rng: Generator, i: int) -> Case:
    """Draw a program that ignores the labels or looks at them in one of three ways.

    A code is what the image's own bits and the bits of its label have in common. Each of the four
    kinds is among the first four cases, and among the last four.
    """
    kind = i % 4 if i < 4 or i > 19 else rng.integers(4)
    per_class = rng.integers(3, 5) + 8 * i
    y = rng.permutation(np.arange(2 * per_class) % 2)
    shuffled = 1 - y  # as many of each class, and no image has the label that it had
    if kind < 3 and rng.random() < 0.5:  # one image of each class has its label again
        unchanged = [rng.choice(np.flatnonzero(y == label)) for label in (0, 1)]
        shuffled[unchanged] = y[unchanged]
    own = rng.random((len(y), 4)) < 0.5
    if kind == 2:  # only one bit of one image looks at the label, and neither is the first
        own[:] = False
        rows = np.flatnonzero((y != shuffled) & (y == i // 20))
        own[rng.choice(rows[1:]), rng.integers(1, 4)] = True
    everything = np.ones_like(own)
    of_zeros = np.tile([[True], [False]], 4)
    of_class = [everything[:2], np.eye(2, 4, dtype=bool), of_zeros, of_zeros][kind]
    program = partial(codes_for_labels, everything if kind in (1, 3) else own, of_class)
    return program, y, shuffled


_SHUFFLE = Compute(
    reference=lambda program, y, shuffled: not np.array_equal(program(y), program(shuffled)),
    case=_program_case,
    mistakes={
        "You missed a program of which one bit changes, and not of the first image. Look at every "
        "bit of every image, with the labels as they are given.": (
            lambda program, y, shuffled: not np.array_equal(program(y)[0], program(shuffled)[0])
        ),
        "You asked whether all bits change. One that changes is enough: something looked at the "
        "labels.": (lambda program, y, shuffled: (program(y) != program(shuffled)).all()),
        "You compared how many bits are set. Other codes may have as many, and here the classes "
        "are as large as before.": (
            lambda program, y, shuffled: program(y).mean() != program(shuffled).mean()
        ),
    },
    nudge="Run the program on both labellings, and compare the two arrays of codes.",
)


# 9.2


def _codewords_case(rng: Generator, i: int) -> Case:
    n_bits = rng.integers(6, 9 + i // 4)
    repeats = 4 if i % 4 == 3 else 1  # of each bit, so that many wrong ones can be corrected
    while True:
        codewords = rng.random((rng.integers(4, 6), n_bits)) < 0.5
        if len(np.unique(codewords, axis=0)) == len(codewords):
            return (np.repeat(codewords, repeats, axis=1),)


def _smallest_distance(codewords: Array) -> int:
    """Return the number of bits in which the two nearest codewords differ."""
    distances = (codewords[:, None] != codewords).sum(axis=2)
    return distances[np.triu_indices(len(codewords), 1)].min()


_CORRECTED = Compute(
    reference=lambda codewords: (_smallest_distance(codewords) - 1) // 2,
    case=_codewords_case,
    mistakes={
        "With half of the smallest distance wrong, a code is as near to another codeword as to its "
        "own. That is a tie and not "
        "certain.": (lambda codewords: _smallest_distance(codewords) // 2),
        "With so many wrong bits it is not yet the other codeword, but it may be nearer to it.": (
            lambda codewords: _smallest_distance(codewords) - 1
        ),
        "Among your pairs is each codeword with itself, at distance 0. Leave the diagonal out.": (
            lambda codewords: -1
        ),
    },
    nudge="Take two codewords that differ in three bits, and flip one of the three, then two.",
)


# 9.3


def _split_pairs(n: int) -> int:
    """Return the largest number of pairs of n classes that one bit can tell apart."""
    return (n // 2) * (n - n // 2)


_BOUND = Compute(
    reference=lambda n_classes, n_bits: n_bits * _split_pairs(n_classes) / comb(n_classes, 2),
    case=lambda rng, i: (rng.integers(3, 8 + i), rng.integers(1, 33)),
    mistakes={
        "That is the mean for tossed codewords. A table that is drawn up with care keeps its "
        "classes further apart.": (lambda n_classes, n_bits: n_bits / 2),
        "For an odd number of classes the halves are unequal: there is no half of a class.": (
            lambda n_classes, n_bits: n_bits * n_classes**2 / 4 / comb(n_classes, 2)
        ),
        "You counted each pair of classes in both orders below the line, and in one above it.": (
            lambda n_classes, n_bits: (
                n_bits * _split_pairs(n_classes) / (n_classes * (n_classes - 1))
            )
        ),
    },
    nudge="Take one bit and four classes. How many pairs does it tell apart with one 1, and with "
    "two?",
)


EXERCISES = (_SHUFFLE, _CORRECTED, _BOUND)
