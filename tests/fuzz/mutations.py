"""Damage that can be done to any file, and the numbers that formats go wrong with."""

import random
import struct

from hypothesis import strategies as st

__all__ = ["NUMBERS", "damaged", "mutated", "numbers"]

NUMBERS = (0, 1, 2, 7, 127, 128, 255, 256, 512, 4096, 65535, 60_000, 10**6, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63)
numbers = st.sampled_from((*NUMBERS, *(-n for n in NUMBERS))) | st.integers(0, 300)


def damaged(content: bytes, random: random.Random) -> bytes:
    """A content with a few bytes changed, without hypothesis and so much faster."""
    data = bytearray(content)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(data) + 1)
        match random.randrange(5):
            case 0 if at < len(data):
                data[at] ^= 1 << random.randrange(8)
            case 1 if at < len(data):
                data[at] = random.randrange(256)
            case 2:
                number = random.choice(NUMBERS) % 2**32
                data[at : at + 4] = number.to_bytes(4, random.choice(["little", "big"]))
            case 3:
                del data[at : at + random.randint(1, 8)]
            case 4 if random.random() < 0.1:
                del data[at:]
    return bytes(data)


@st.composite
def mutated(draw, contents: st.SearchStrategy[bytes], most: int = 4) -> bytes:
    """Contents, most of them changed in up to `most` places."""
    data = bytearray(draw(contents))
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(1, 16) | st.integers(1, max(1, len(data))))
        match draw(st.integers(0, 6)):
            case 0 if at < len(data):
                data[at] ^= 1 << draw(st.integers(0, 7))
            case 1:
                data[at : at + length] = draw(st.binary(max_size=16))
            case 2:
                del data[at:]
            case 3:
                del data[at : at + length]
            case 4:
                data[at:at] = data[at : at + length]
            case 5:
                number, form = draw(numbers), draw(st.sampled_from("BHIQ"))
                packed = struct.pack(draw(st.sampled_from("<>")) + form, number % 256 ** struct.calcsize(form))
                data[at : at + len(packed)] = packed
            case 6:
                there = draw(st.integers(0, len(data)))
                data[at : at + length] = data[there : there + length]
    return bytes(data)
