import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from l2h_tutorial import bits_to_integers, codes, hamming_distances, integers_to_bits, pack_bits


def bit_matrices(max_bits=64, max_rows=8):
    shapes = st.tuples(st.integers(1, max_rows), st.integers(1, max_bits))
    return shapes.flatmap(lambda shape: hnp.arrays(bool, shape))


def as_python_ints(bits):
    return [int("".join("1" if bit else "0" for bit in row), 2) for row in bits]


@given(bit_matrices())
def test_integers_read_the_first_bit_as_most_significant(bits):
    codes = bits_to_integers(bits)
    assert codes.dtype == np.uint64
    assert codes.tolist() == as_python_ints(bits)


@given(bit_matrices())
def test_integers_and_bits_are_inverse(bits):
    np.testing.assert_array_equal(integers_to_bits(bits_to_integers(bits), bits.shape[1]), bits)


@given(st.lists(st.sampled_from([0, 1, 2**63 - 1, 2**63, 2**64 - 1]) | st.integers(-(2**70), 2**70), max_size=5))
def test_integers_of_any_size_are_read_as_they_are(integers):
    """NumPy alone makes floats of some lists, and objects of others."""
    outside = [code for code in integers if not 0 <= code < 2**64]
    for given_as in (integers, tuple(integers), np.array(integers, dtype=object)):
        if outside:
            with pytest.raises(ValueError, match=f"from 0 to 18446744073709551615, got {outside[0]}$"):
                integers_to_bits(given_as, 64)
        else:
            expected = np.array([[digit == "1" for digit in f"{code:064b}"] for code in integers]).reshape(-1, 64)
            np.testing.assert_array_equal(integers_to_bits(given_as, 64), expected)
            assert integers_to_bits(given_as, 64).dtype == bool


def test_integers_are_those_of_the_tutorial_formula():
    bits = np.random.default_rng(0).random((50, 16)) < 0.5
    np.testing.assert_array_equal(bits_to_integers(bits), bits @ (1 << np.arange(15, -1, -1)))


def test_single_code_gives_a_single_integer_and_back():
    code = bits_to_integers(np.array([True, False, False]))
    assert code == 4
    assert code.ndim == 0
    np.testing.assert_array_equal(integers_to_bits(4, 3), [True, False, False])


@given(bit_matrices(max_bits=200))
def test_packed_words_are_one_long_number(bits):
    words = pack_bits(bits)
    assert words.dtype == np.uint64
    assert words.shape == (len(bits), -(-bits.shape[1] // 64))
    numbers = [sum(word << 64 * place for place, word in enumerate(reversed(row))) for row in words.tolist()]
    assert numbers == as_python_ints(bits)


@given(st.data())
def test_distances_are_counts_of_differing_bits(data):
    a = data.draw(bit_matrices(max_bits=150))
    b = data.draw(hnp.arrays(bool, (data.draw(st.integers(1, 8)), a.shape[1])))
    np.testing.assert_array_equal(hamming_distances(a, b), (a[:, None] != b[None]).sum(axis=2))


def test_distances_over_many_blocks_and_beyond_a_byte():
    random = np.random.default_rng(0)
    a, b = random.random((7, 600)) < 0.5, random.random((70_000, 600)) < 0.5
    b[-1] = ~a[-1]
    distances = hamming_distances(a, b)
    assert distances[-1, -1] == 600
    np.testing.assert_array_equal(distances[:, ::7000], (a[:, None] != b[None, ::7000]).sum(axis=2))


@pytest.mark.parametrize("block_bytes", [1, 100, 10**6])
def test_distances_do_not_depend_on_the_size_of_a_block(monkeypatch, block_bytes):
    monkeypatch.setattr(codes, "_BLOCK_BYTES", block_bytes)
    a, b = (np.random.default_rng(0).random((n, 70)) < 0.5 for n in (9, 20))
    np.testing.assert_array_equal(hamming_distances(a, b), (a[:, None] != b[None]).sum(axis=2))


@pytest.mark.parametrize(
    ("bits", "error", "message"),
    [
        (np.array([[1, 0]]), TypeError, "must be a boolean array, got dtype int64"),
        (np.array([[0.5]]), TypeError, "got dtype float64"),
        (np.zeros((2, 2, 2), dtype=bool), ValueError, r"two-dimensional \(n_codes, n_bits\), got shape \(2, 2, 2\)"),
        (np.zeros((0, 4), dtype=bool), ValueError, r"at least one code of at least one bit, got shape \(0, 4\)"),
        (np.zeros((3, 0), dtype=bool), ValueError, r"got shape \(3, 0\)"),
    ],
)
@pytest.mark.parametrize("function", [bits_to_integers, pack_bits])
def test_bits_that_are_none_are_refused(function, bits, error, message):
    with pytest.raises(error, match=message):
        function(bits)


def test_one_dimensional_bits_cannot_be_packed():
    with pytest.raises(ValueError, match=re.escape("got shape (4,); for one code use `code[None, :]`")):
        pack_bits(np.zeros(4, dtype=bool))


def test_more_than_64_bits_make_no_integer():
    with pytest.raises(ValueError, match="at most 64 bits, got 65; pack_bits takes any length"):
        bits_to_integers(np.zeros((1, 65), dtype=bool))


def test_distances_need_codes_of_one_width():
    with pytest.raises(ValueError, match="b_bits must have 3 bits a code, got 4"):
        hamming_distances(np.zeros((1, 3), dtype=bool), np.zeros((1, 4), dtype=bool))


@pytest.mark.parametrize(
    ("codes", "n_bits", "error", "message"),
    [
        ([1.0], 4, TypeError, "codes must be integers, got dtype float64"),
        ([True], 4, TypeError, "codes must be integers, got dtype bool"),
        (["1"], 4, TypeError, "codes must be integers, got dtype <U1"),
        ([None, 1], 4, TypeError, "codes must be integers, got dtype object"),
        ([2**64, True], 4, TypeError, "codes must be integers, got dtype object"),
        (2**70, 64, ValueError, "from 0 to 18446744073709551615, got 1180591620717411303424"),
        ([0.5], 4, TypeError, "codes must be integers, got dtype float64"),
        ([[1]], 4, ValueError, r"one-dimensional, got shape \(1, 1\)"),
        ([3, 16], 4, ValueError, "a code of 4 bits must be from 0 to 15, got 16"),
        (-1, 4, ValueError, "from 0 to 15, got -1"),
        (1, 0, ValueError, "n_bits must be from 1 to 64, got 0"),
        (1, 65, ValueError, "n_bits must be from 1 to 64, got 65"),
        (1, 2.0, TypeError, "n_bits must be an integer from 1 to 64, got 2.0"),
        (1, True, TypeError, "n_bits must be an integer from 1 to 64, got True"),
    ],
)
def test_integers_that_are_no_codes_are_refused(codes, n_bits, error, message):
    with pytest.raises(error, match=message):
        integers_to_bits(codes, n_bits)
