"""Images in class folders: of many formats, damaged, and larger or smaller than they say."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from l2h_tutorial.datasets.class_folders import read_class_folders

from ..mutations import mutated, numbers
from ..reader import CANARY, Reader

FORMATS = (
    "PNG",
    "JPEG",
    "GIF",
    "BMP",
    "TIFF",
    "WEBP",
    "PPM",
    "EPS",
    "TGA",
    "PCX",
    "ICO",
    "SGI",
    "PDF",
    "IM",
    "MSP",
    "XBM",
)
MODES = {"EPS": "RGB", "MSP": "1", "XBM": "1"}


def read(path: Path) -> str:
    images, labels, class_names = read_class_folders(path.parents[1])
    assert images.dtype == np.uint8
    assert images.shape in ((2, 8, 8), (2, 8, 8, 3))
    assert labels.tolist() == [0, 1]
    assert class_names == ("a", "b")
    return f"images in {images.ndim} dimensions"


def prepare(folder: Path) -> None:
    (folder / "a").mkdir()
    Image.new("L", (8, 8)).save(folder / "a" / "1.png")


def saved(kind: str, mode: str, side: int) -> bytes:
    file = io.BytesIO()
    Image.new(MODES.get(kind, mode if kind in ("PNG", "TIFF") else "L"), (side, side), 1).save(file, kind)
    return file.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


@st.composite
def pngs(draw) -> bytes:
    """A PNG whose fields are anything, and whose checksums are right."""
    sides = st.sampled_from([8, 8, 8, 0, 60_000, 2**31 - 1]) | numbers
    width, height = (draw(sides) % 2**32 for _ in range(2))
    depth, colour = draw(st.sampled_from([1, 8, 8, 8, 16, 3])), draw(st.sampled_from([0, 2, 3, 4, 6, 7]))
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, draw(st.sampled_from([0, 0, 1, 9])))
    data = zlib.compress(bytes(draw(st.sampled_from([0, 72, 200, 5000]))))
    extra = draw(
        st.sampled_from(
            [
                b"",
                chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(10**6))),
                chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(10**7))),
                chunk(b"PLTE", bytes(768)),
                chunk(b"acTL", struct.pack(">II", 2**31, 0)),
                chunk(b"tRNS", b""),
                chunk(b"IHDR", head),
            ]
        )
    )
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def other_sizes(draw_size: int) -> list[bytes]:
    """Headers of other formats that promise an image of this size."""
    n, little = draw_size % 2**31, struct.pack("<H", draw_size % 2**16)
    bmp = b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, n, n, 1, 24, 0, 0, 0, 0, 0, 0)
    ifd = b"".join(
        struct.pack("<HHII", tag, 4, 1, value)
        for tag, value in (
            (256, n),
            (257, n),
            (258, 8),
            (259, 1),
            (262, 1),
            (273, 8),
            (277, 1),
            (278, n),
            (279, 2**31 - 1),
        )
    )
    tiff = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 9) + ifd + bytes(4)
    return [b"P6 %d %d 255\n" % (n, n), b"P2 %d %d 255\n1 2 3" % (n, n), b"GIF89a" + 2 * little + bytes(99), bmp, tiff]


def program() -> bytes:
    """PostScript is a programming language, and Pillow gives it to Ghostscript."""
    return (
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n"
        b"(" + os.environ[CANARY].encode() + b") (w) file closefile\nshowpage\n%%EOF\n"
    )


def bomb() -> bytes:
    """A true PNG of 13,000 x 13,000 pixels in colour, 500 MB, in a thousandth of that."""
    side = 13_000
    packer = zlib.compressobj(1)
    rows = b"".join(packer.compress(bytes(3 * side + 1)) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


true = st.builds(
    saved, st.sampled_from(FORMATS), st.sampled_from(["L", "RGB", "1", "P"]), st.sampled_from([8, 8, 8, 12])
)
CONTENTS = st.one_of(
    true,
    mutated(true),
    mutated(true),
    pngs(),
    pngs(),
    st.builds(other_sizes, numbers | st.just(60_000)).flatmap(st.sampled_from),
    st.builds(program),
)
READER = Reader("b/2.png", CONTENTS, read, lambda: [bomb()], prepare, starves=True)  # Pillow does
