"""Exercises of chapter 8, Did it learn?"""

from collections.abc import Callable
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .framework import Choose, Compute, Exercise, Mistake

__all__ = ["EXERCISES"]

Array = NDArray[Any]
Program = Callable[[Array], Array]


# 8.1

_ALL_VOTE = Choose(
    number="8.1",
    right="a",
    hints={
        "b": "At alpha = 1 the image's own bit has no weight left. Whose sign is it then?",
        "c": "Run `mistaken(1.0, wrong)` too. What does it ask, that it did not ask below one half?",
        "d": "That is what happens where the two signs cancel. Which weight do both have there?",
    },
)


# 8.2


def _program_case(rng: np.random.Generator, i: int) -> tuple[Program, Array, Array]:
    """A program that ignores the labels, or looks at them in one of three ways; each is among the first four."""
    kind = i if i < 4 else int(rng.integers(4))
    y = rng.permutation(np.arange(2 * int(rng.integers(3, 5))) % 2)
    shuffled = 1 - y  # as many of each class, and no image has the label that it had
    if kind < 3 and rng.random() < 0.5:
        kept = [0, int(np.argmax(y != y[0]))]
        shuffled[kept] = y[kept]
    own = rng.random((len(y), 4)) < 0.5
    own[:, 0] = np.arange(len(y)) == len(y) - 1

    def program(labels: Array) -> Array:
        of_class = np.tile((labels == 0)[:, None], 4)
        return [own, np.eye(2, 4, dtype=bool)[labels], own & of_class, of_class][kind]

    return program, y, shuffled


def _labels_matter(program: Program, y: Array, shuffled: Array) -> bool:
    return not np.array_equal(program(y), program(shuffled))


_SHUFFLE = Compute(
    number="8.2",
    reference=_labels_matter,
    case=_program_case,
    mistakes=(
        Mistake(
            "You looked at the first image only. Its label may be the same after shuffling.",
            lambda program, y, shuffled: not np.array_equal(program(y)[0], program(shuffled)[0]),
        ),
        Mistake(
            "You asked whether all bits change. One that changes is enough: something looked at the labels.",
            lambda program, y, shuffled: bool((program(y) != program(shuffled)).all()),
        ),
        Mistake(
            "You compared how many bits are set. Other codes may have as many, and here the classes are as large as "
            "before.",
            lambda program, y, shuffled: bool(program(y).mean() != program(shuffled).mean()),
        ),
        Mistake(
            "You compared the labels, which differ whatever the program does. Compare what comes out.",
            lambda program, y, shuffled: not np.array_equal(y, shuffled),
        ),
        Mistake(
            "You ran it twice on the same labels. That tells whether it repeats itself.",
            lambda program, y, shuffled: not np.array_equal(program(y), program(y)),
        ),
        Mistake(
            "The other way round: codes that stay the same show that the labels do not matter.",
            lambda program, y, shuffled: np.array_equal(program(y), program(shuffled)),
        ),
    ),
    nudge="Run the program on both labellings, and compare the two arrays of codes.",
)


# 8.3


def _codewords_case(rng: np.random.Generator, i: int) -> tuple[Array]:
    n_bits = int(rng.integers(6, 9 + i // 4))
    while True:
        codewords = rng.random((int(rng.integers(4, 6)), n_bits)) < 0.5
        if len(np.unique(codewords, axis=0)) == len(codewords):
            return (codewords,)


def _apart(codewords: Array) -> Array:
    """The bits in which each pair of codewords differs."""
    differ = (codewords[:, None] != codewords).sum(axis=2)
    return np.asarray(differ[np.triu_indices(len(codewords), 1)])


_CORRECTED = Compute(
    number="8.3",
    reference=lambda codewords: int(_apart(codewords).min() - 1) // 2,
    case=_codewords_case,
    mistakes=(
        Mistake(
            "You compared each codeword with the next one only. The closest two may stand anywhere.",
            lambda codewords: int((codewords[1:] != codewords[:-1]).sum(axis=1).min() - 1) // 2,
        ),
        Mistake(
            "With half of the smallest distance wrong, a code is as near to another codeword as to its own. That is a "
            "tie and not certain.",
            lambda codewords: int(_apart(codewords).min()) // 2,
        ),
        Mistake(
            "With so many wrong bits it is not yet the other codeword, but it may be nearer to it.",
            lambda codewords: int(_apart(codewords).min()) - 1,
        ),
        Mistake(
            "That is the smallest distance of two codewords. How far may a code go and still be nearer to its own?",
            lambda codewords: int(_apart(codewords).min()),
        ),
        Mistake(
            "You took the mean distance. What is certain depends on the two codewords that are closest.",
            lambda codewords: int(_apart(codewords).mean() - 1) // 2,
        ),
        Mistake(
            "You took the largest distance. What is certain depends on the two codewords that are closest.",
            lambda codewords: int(_apart(codewords).max() - 1) // 2,
        ),
        Mistake(
            "Among your pairs is each codeword with itself, at distance 0. Leave the diagonal out.",
            lambda codewords: 0,
        ),
    ),
    nudge="Take two codewords that differ in three bits, and flip one of the three, then two.",
)


# 8.4 to 8.6

_HALF_SHUFFLED = Choose(
    number="8.4",
    right="b",
    hints={
        "a": "The codewords are much the same, that is right. But which codeword is each image taught?",
        "c": "Half of the labels are true, and they vote together. Is nothing of that in the codewords?",
        "d": "The classifiers see contradictions, that is true. Are there not as many images that teach them right?",
    },
)

_LINEAR = Choose(
    number="8.5",
    right="c",
    hints={
        "a": "A code asks its classifier sixteen questions, the predicted class ten. Can a straight boundary answer "
        "them as well as a curved one?",
        "b": "Sixteen answers help if most of them are right. How well does a linear classifier split ten classes into "
        "two arbitrary halves?",
        "d": "They saw the same images and labels, and are scored by the same ranking. What else is needed?",
    },
)

_TOO_GOOD = Choose(
    number="8.6",
    right="d",
    hints={
        "a": "How likely is it that a random answer is right for one query? And for all of them, again and again?",
        "b": "A class with half of the images would be the first answer half of the time. Here it is always right.",
        "c": "More bits of noise are noise. Which image has exactly the bits of the query?",
    },
)


# 8.7


def _table_case(rng: np.random.Generator, i: int) -> tuple[int, int]:
    return int(rng.integers(3, 8 + i)), int(rng.integers(1, 33))


def _split_pairs(n: int) -> int:
    """The most pairs of n classes that one bit tells apart."""
    return (n // 2) * (n - n // 2)


_BOUND = Compute(
    number="8.7",
    reference=lambda n_classes, n_bits: n_bits * _split_pairs(n_classes) / comb(n_classes, 2),
    case=_table_case,
    mistakes=(
        Mistake(
            "That is the mean for tossed codewords. A table that is drawn up with care keeps its classes further "
            "apart.",
            lambda n_classes, n_bits: n_bits / 2,
        ),
        Mistake(
            "For an odd number of classes the halves are unequal: there is no half of a class.",
            lambda n_classes, n_bits: n_bits * n_classes**2 / 4 / comb(n_classes, 2),
        ),
        Mistake(
            "You counted each pair twice, or a class with itself: how many pairs have ten classes?",
            lambda n_classes, n_bits: n_bits * _split_pairs(n_classes) / n_classes**2,
        ),
        Mistake(
            "You counted each pair of classes in both orders below the line, and in one above it.",
            lambda n_classes, n_bits: n_bits * _split_pairs(n_classes) / (n_classes * (n_classes - 1)),
        ),
        Mistake(
            "That is for a single bit. A table has n_bits of them.",
            lambda n_classes, n_bits: _split_pairs(n_classes) / comb(n_classes, 2),
        ),
        Mistake(
            "That is the sum over all pairs. The exercise asks for their mean.",
            lambda n_classes, n_bits: float(n_bits * _split_pairs(n_classes)),
        ),
        Mistake(
            "Two codewords can differ in all bits, but three cannot do so pairwise.",
            lambda n_classes, n_bits: float(n_bits),
        ),
    ),
    nudge="Take one bit and four classes. How many pairs does it tell apart with one 1, and with two?",
)


EXERCISES: tuple[Exercise, ...] = (_ALL_VOTE, _SHUFFLE, _CORRECTED, _HALF_SHUFFLED, _LINEAR, _TOO_GOOD, _BOUND)
