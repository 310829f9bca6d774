import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from refusals import refusals

from l2h_tutorial import (
    HashTable,
    bits_to_integers,
    codes,
    hamming_distances,
    integers_to_bits,
    pack_bits,
)


def bit_matrices(max_bits=64, max_rows=8):
    shapes = st.tuples(st.integers(1, max_rows), st.integers(1, max_bits))
    return shapes.flatmap(lambda shape: hnp.arrays(bool, shape))


def as_python_ints(bits):
    return [int("".join("1" if bit else "0" for bit in row), 2) for row in bits]


@given(bit_matrices())
def test_integers_read_the_first_bit_as_most_significant(bits):
    integers = bits_to_integers(bits)
    assert integers.dtype == np.uint64
    assert integers.tolist() == as_python_ints(bits)
    np.testing.assert_array_equal(integers_to_bits(integers, bits.shape[1]), bits)
    one = bits_to_integers(bits[0])
    assert one.ndim == 0
    assert one == integers[0]
    np.testing.assert_array_equal(integers_to_bits(one, bits.shape[1]), bits[0])


@given(st.lists(st.sampled_from([0, 1, 2**63 - 1, 2**63]) | st.integers(0, 2**64 - 1), max_size=5))
def test_integers_of_any_size_are_read_as_they_are(integers):
    """NumPy by itself makes floats of some of these lists, and objects of others."""
    expected = np.array([list(f"{code:064b}") for code in integers]).reshape(-1, 64) == "1"
    for given_as in (integers, tuple(integers), np.array(integers, dtype=object)):
        np.testing.assert_array_equal(integers_to_bits(given_as, 64), expected)


@given(bit_matrices(max_bits=200))
def test_packed_words_are_one_long_number(bits):
    words = pack_bits(bits)
    assert words.dtype == np.uint64
    assert words.shape == (len(bits), -(-bits.shape[1] // 64))
    numbers = [
        sum(word << 64 * place for place, word in enumerate(reversed(row)))
        for row in words.tolist()
    ]
    assert numbers == as_python_ints(bits)


@given(st.data())
def test_distances_are_counts_of_differing_bits(data):
    a = data.draw(bit_matrices(max_bits=150))
    b = data.draw(hnp.arrays(bool, (data.draw(st.integers(1, 8)), a.shape[1])))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "_BLOCK", data.draw(st.sampled_from([1, 10, 1 << 17])))
        np.testing.assert_array_equal(hamming_distances(a, b), (a[:, None] != b[None]).sum(axis=2))


def test_distances_beyond_a_byte():
    a = np.zeros((2, 600), dtype=bool)
    np.testing.assert_array_equal(hamming_distances(a, ~a[:1]), [[600], [600]])
    assert HashTable(~a[:1]).query(a, 1)[0].tolist() == [[600], [600]]
    assert HashTable(~a[:1]).query_radius(a, 599, count_only=True).tolist() == [0, 0]


test_what_is_no_code_and_no_count_is_refused = refusals(
    (
        lambda: bits_to_integers(np.array([[1, 0]])),
        TypeError,
        "must be a boolean array, got dtype int",
    ),
    (lambda: pack_bits(np.zeros((3, 0), dtype=bool)), r"at least one code .*, got shape \(3, 0\)"),
    (
        lambda: pack_bits(np.zeros(4, dtype=bool)),
        r"got shape \(4,\); for one code use `code\[None, :\]`",
    ),
    (
        lambda: bits_to_integers(np.zeros((1, 65), dtype=bool)),
        "at most 64 bits, got 65; pack_bits takes",
    ),
    (
        lambda: hamming_distances(np.eye(3) > 0, np.eye(4) > 0),
        "b_bits must have 3 bits a code, got 4",
    ),
    (
        lambda: integers_to_bits([1.0], 4),
        TypeError,
        "a code of 4 bits must be an integer from 0 to 15, got 1.0",
    ),
    (
        lambda: integers_to_bits([True, 2**64], 4),
        TypeError,
        "a code of 4 bits must be an integer from 0 to 15, got True",
    ),
    (lambda: integers_to_bits([[1]], 4), r"one-dimensional, got shape \(1, 1\)"),
    (lambda: integers_to_bits([3, 16], 4), "a code of 4 bits must be from 0 to 15, got 16"),
    (lambda: integers_to_bits(1, 65), "n_bits must be from 1 to 64, got 65"),
    (lambda: integers_to_bits([1, 2**64], 64), "from 0 to 18446744073709551615, got 18446744073"),
    (lambda: integers_to_bits((2**63, -1), 64), "from 0 to 18446744073709551615, got -1"),
)
