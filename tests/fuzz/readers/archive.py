"""CIFAR-10's archive: members that leave their folder, links, devices, sizes that lie, and bombs."""

import gzip
import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from l2h_tutorial.datasets.batches import BATCHES, CLASS_NAMES, META, read_archive

from ..mutations import mutated, numbers
from ..reader import Reader

FOLDER = "cifar-10-batches-py"
PIECE = 2**24
TYPES = b"0001235678gxLKSDVNMA\0"


def read(path: Path) -> str:
    before = sorted(path.parent.iterdir())
    images, labels = read_archive(path)
    assert images.dtype == np.uint8
    assert images.shape[1:] == (32, 32, 3)
    assert labels.dtype == np.int64
    assert labels.shape == (len(images),)
    assert len(labels) >= 6
    assert sorted(path.parent.iterdir()) == before
    return "images"


def header(name: bytes, size: int, kind: int = 48, link: bytes = b"", magic: bytes = b"ustar\x0000") -> bytes:
    """A tar header with a true checksum, whatever it says."""
    number = b"%011o\0" % size if 0 <= size < 8**11 else (size % 256**12 | 1 << 95).to_bytes(12, "big")
    fields = name[:100].ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + number + b"00000000000\0" + b" " * 8
    block = (fields + bytes([kind]) + link[:100].ljust(100, b"\0") + magic).ljust(512, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def member(name: bytes, content: bytes, size: int | None = None, kind: int = 48, link: bytes = b"") -> bytes:
    return header(name, len(content) if size is None else size, kind, link) + content + bytes(-len(content) % 512)


BATCH = pickle.dumps({b"labels": [3], b"data": np.zeros((1, 3072), np.uint8)}, protocol=2)
FILES = {META: pickle.dumps({b"label_names": list(CLASS_NAMES)}), **dict.fromkeys(BATCHES, BATCH)}
NAMES = st.sampled_from(
    [
        f"{FOLDER}/data_batch_1",
        FOLDER,
        "../x",
        "/x",
        "C:\\x",
        f"{FOLDER}/../../x",
        "",
        ".",
        "a" * 99,
        "\udcff",
        f"{FOLDER}/x/",
    ]
).map(lambda name: name.encode("utf-8", "surrogateescape"))
PAX = st.sampled_from(
    [
        b"20 path=../outside\n",
        b"11 size=-9\n",
        b"18 size=99999999\n",
        b"0 size=1\n",
        b"99999999999 x=1\n",
        b"25 GNU.sparse.major=1\n",
        b"29 GNU.sparse.map=x,1,2,3,4\n",
        b"22 GNU.sparse.size=x\n",
        b"30 GNU.sparse.realsize=999999\n22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n",
        b"13 mtime=nan\n",
        b"19 linkpath=/etc/x\n",
        b"23 hdrcharset=BINARY\n",
        b"\xff" * 600,
    ]
)


@st.composite
def tars(draw) -> bytes:
    """The members of an archive, with others before, between and behind."""
    blocks = [member(f"{FOLDER}/{name}".encode(), content) for name, content in FILES.items()]
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(TYPES))
        content = draw(st.one_of(PAX, PAX, st.sampled_from([b"", b"x" * 600, BATCH, bytes(2000)])))
        size = draw(st.none() | numbers)
        extra = member(draw(NAMES), content, size, kind, draw(st.sampled_from([b"", b"/etc/passwd", b"../x"])))
        blocks.insert(draw(st.integers(0, len(blocks))), extra)
    if draw(st.integers(0, 3)) == 0:
        place = draw(st.integers(0, len(blocks) - 1))
        size = draw(numbers)
        blocks[place] = member(f"{FOLDER}/data_batch_1".encode(), BATCH, size, draw(st.sampled_from(TYPES)))
    return b"".join(blocks) + bytes(1024)


def bombs() -> list[bytes]:
    """More than 1 GB each: one header, one name, one batch, one member that is skipped, or members without end."""
    zeros = gzip.compress(bytes(PIECE), mtime=0)
    size = 80 * PIECE
    starts = [
        header(b"x", size, ord("x")),
        header(b"x", size, ord("L")),
        header(b"x", size, ord("g")),
        header(b"x", size, ord("S")),
        header(f"{FOLDER}/data_batch_1".encode(), size),
        header(b"x", 100 * size),
    ]
    endless = gzip.compress(header(b"x", 0) * (PIECE // 512), mtime=0)
    sparse = gzip.compress(b"1\n" * (PIECE // 2), mtime=0)
    said = b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
    mapped = member(b"p", said, kind=ord("x")) + header(b"x", size)
    return [gzip.compress(start, mtime=0) + 80 * zeros for start in starts] + [
        80 * endless,
        gzip.compress(mapped + b"99999999\n".ljust(512, b"1"), mtime=0) + 80 * sparse,
    ]


def packed(content: bytes) -> bytes:
    return gzip.compress(content, 1, mtime=0)


def other() -> bytes:
    """A tar that is packed otherwise, or not at all."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:bz2") as target:
        target.addfile(tarfile.TarInfo("x"))
    return file.getvalue()


CONTENTS = st.one_of(tars().map(packed), mutated(tars()).map(packed), mutated(tars().map(packed)), st.builds(other))
READER = Reader("cifar-10-python.tar.gz", CONTENTS, read, bombs)
