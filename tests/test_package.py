"""The package as a whole: light to import, documented, and layered as the chapters are."""

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from functools import partial
from graphlib import TopologicalSorter
from importlib import import_module
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import yaml
from visits import ROOT, cells_of

import l2h_tutorial
from l2h_tutorial.grh import STARTS
from l2h_tutorial.machines import CLASSIFIERS

PACKAGE = Path(l2h_tutorial.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
SHARED = ["checks", "linalg", "files"]  # small, and used by rooms of several chapters
ROOMS = [
    "gist",
    "deep",
    "datasets",
    "splits",
    "codes",
    "lsh",
    "search",
    "buckets",
    "metrics",
    "affinity",
    "machines",
    "cca",
    "baselines",
    "grh",
    "controls",
    "neighbours",
    "quantise",
    "audit",
    "tuning",
    "protocols",
    "scale",
]
OF_CHAPTERS = ["figures", "exercises", "book"]  # nothing but chapters imports these
ORDER = SHARED + ROOMS + OF_CHAPTERS


# Importing


def loaded_after(code):
    """Return the names of the modules that a fresh Python has loaded after running the code."""
    program = f"{code}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("code", "there", "absent"),
    [
        (
            "import l2h_tutorial",
            "l2h_tutorial",
            {"numpy", "scipy", "sklearn", "pandas", "matplotlib", "PIL", "tqdm"},
        ),
        (
            "from l2h_tutorial import bits_to_integers",
            "l2h_tutorial.codes",
            {"sklearn", "pandas", "matplotlib"},
        ),
        (
            "from l2h_tutorial import HashTable",
            "l2h_tutorial.buckets",
            {"scipy", "sklearn", "pandas", "matplotlib"},
        ),
        (
            "from l2h_tutorial import LSH, HashNeighbors, evaluate_radius_search, load_dataset",
            "l2h_tutorial.metrics",
            {"matplotlib", "PIL", "pooch", "requests", "platformdirs", "tqdm"},
        ),
        (
            "from l2h_tutorial import exercises; exercises.check('4.1')",
            "l2h_tutorial.exercises.radius_search",
            {"l2h_tutorial.exercises.buckets"},
        ),
        (
            "import l2h_tutorial.scale",
            "l2h_tutorial.scale",
            {"faiss", "dask", "distributed", "matplotlib"},
        ),
    ],
)
def test_a_name_loads_what_it_needs(code, there, absent):
    loaded = loaded_after(code)
    assert there in loaded
    assert loaded & absent == set()


def test_every_public_name_is_there():
    names = l2h_tutorial.__all__
    assert {"load_dataset", "split_dataset", "LSH", "HashTable", "rerank", "GRH"} <= set(names)
    for name in names:
        assert getattr(l2h_tutorial, name) is not None, name
    assert dir(l2h_tutorial) == sorted(names)
    with pytest.raises(AttributeError, match="module 'l2h_tutorial' has no attribute 'L2H'"):
        l2h_tutorial.L2H  # noqa: B018


def tree_of(file):
    return ast.parse(file.read_text(encoding="utf-8"))


def names_imported(file):
    """Return the names that a file imports from the files beside it, and from which."""
    imports = [node for node in ast.walk(tree_of(file)) if isinstance(node, ast.ImportFrom)]
    return {alias.name: node.module for node in imports if node.level == 1 for alias in node.names}


def test_type_checkers_see_the_same_names():
    """The imports that only type checkers read are those of the table of lazy names."""
    assert names_imported(PACKAGE / "__init__.py") == l2h_tutorial._HOME


@pytest.mark.parametrize("room", ["baselines", "metrics", "figures"])
def test_a_new_hasher_touches_at_most_three_files(room):
    """The file that it is written in, and the lists that name it.

    The room's, and perhaps the package's.
    """
    lists = [file for file in FILES if file.name == "__init__.py"]
    exported = import_module(f"l2h_tutorial.{room}").__all__
    assert len(exported) > 5
    for name in exported:
        named_in = {file for file in lists if name in names_imported(file)}
        assert named_in <= {PACKAGE / room / "__init__.py", PACKAGE / "__init__.py"}, name


# Layers


def room_of(file):
    """Return a file's part of the package: lsh for lsh.py, search for search/ball.py."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def names_in_full(nodes, file):
    """Yield what statements and calls of import_module import, each with all of its packages."""
    package = ["l2h_tutorial", *file.relative_to(PACKAGE).parent.parts]
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            outer = package[: len(package) - node.level + 1] if node.level else []
            inner = [node.module] if node.module else []
            yield from (".".join([*outer, *inner, alias.name]) for alias in node.names)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "import_module":
            yield from (name.value for name in node.args[:1] if isinstance(name, ast.Constant))


def rooms_imported(file):
    """Return the parts of the package that a file imports, wherever in it."""
    found = set()
    for name in names_in_full(ast.walk(tree_of(file)), file):
        top, *rest = name.split(".")
        if top == "l2h_tutorial":
            found.add(l2h_tutorial._HOME.get(rest[0], rest[0]) if rest else "__init__")
    return found


@pytest.mark.parametrize("room", sorted({room_of(file) for file in FILES} - {"__init__"}))
def test_a_room_imports_only_from_rooms_above_it(room):
    above = set(ORDER[: ORDER.index(room)]) - set(OF_CHAPTERS) | {room}
    for file in FILES:
        if room_of(file) == room:
            assert rooms_imported(file) <= above, file.name


def files_imported(file):
    """Return the files of the package that a file imports as it is loaded."""
    found = set()
    for name in names_in_full(tree_of(file).body, file):
        _, *parts = name.split(".")
        # the name of a file, or of something in a file
        for place in (PACKAGE.joinpath(*parts), PACKAGE.joinpath(*parts[:-1])):
            if place.with_suffix(".py").is_file():
                found.add(place.with_suffix(".py"))
    return found - {file}


def test_no_file_imports_one_that_imports_it():
    """`static_order` raises CycleError for a circle, and names it."""
    order = list(TopologicalSorter({file: files_imported(file) for file in FILES}).static_order())
    assert set(order) == set(FILES)
    places = {file.relative_to(PACKAGE).as_posix(): order.index(file) for file in order}
    assert places["checks.py"] < places["machines.py"] < places["grh.py"]


def test_grh_imports_nothing_of_its_opponents():
    # imports are found, also from a folder above
    assert {"buckets", "codes", "search"} <= rooms_imported(PACKAGE / "scale" / "dask_table.py")
    assert "baselines" not in rooms_imported(PACKAGE / "grh.py")


# What the wheel holds


def test_all_of_the_package_is_for_readers():
    """Chapters, exercises, benchmarks or users need it; what only the site does is in its tools."""
    pages = [page.read_text(encoding="utf-8") for page in ROOT.glob("book/*.md")]
    used = [code for page in pages if "\nnotebook: false" not in page for code in cells_of(page)]
    used += [path.read_text(encoding="utf-8") for path in ROOT.glob("tests/benchmarks/*.py")]
    new = {*l2h_tutorial._HOME, *re.findall(r"\w+", "".join(used))}
    mentions = {}
    for file in FILES:
        for node in tree_of(file).body:
            # a statement that defines no name is known by its first word, which pages use: if, for
            name = getattr(node, "name", re.match(r"\w*", ast.unparse(node))[0])
            words = {getattr(part, "id", getattr(part, "attr", "")) for part in ast.walk(node)}
            mentions.setdefault(name, set()).update(words)
            if isinstance(node, ast.Expr) or "exercises" in file.parts:
                new.add(name)
    unused = {name for name in mentions if not name.startswith("__")}
    while new:
        unused -= new
        new = {found for name in new for found in mentions.pop(name, ())}
    assert unused == set()


def test_no_two_files_have_one_name():
    """But for exercises, which are named as their chapters."""
    files = [*FILES, *ROOT.glob("book/_ext/**/*.py")]
    names = [file.name for file in files if file.parent.name != "exercises"]
    assert {name for name in names if names.count(name) > 1} == {"__init__.py"}


def test_each_kept_table_can_be_measured_again():
    """`make measure` takes its name; what tuning chose comes with what was tuned."""
    kept = [file for file in ROOT.glob("book/results/*.csv") if not file.stem.endswith("-tuning")]
    assert kept
    for file in kept:
        benchmark = ROOT / "tests/benchmarks" / f"{file.stem.replace('-', '_')}.py"
        assert "\ndef main():\n" in benchmark.read_text(encoding="utf-8"), file.name


# What a reader opens to follow one call

RANDOM = np.random.default_rng(0)
BITS = RANDOM.random((20_000, 48)) < 0.5
LABELS = RANDOM.integers(0, 3, 20_000)
IMAGES = RANDOM.integers(0, 256, (60, 28, 28), dtype=np.uint8)
TABLE = l2h_tutorial.HashTable(BITS)
X = l2h_tutorial.gist_descriptors(IMAGES)
HASHER = l2h_tutorial.LSH(8, random_state=0).fit(X)
OF_IMAGES = l2h_tutorial.HashTable(HASHER.transform(X))
mean_average_precision = l2h_tutorial.mean_average_precision


def neighbours_of(images):
    query = l2h_tutorial.gist_descriptors(images)
    candidates = OF_IMAGES.query_radius(HASHER.transform(query), 2)
    return l2h_tutorial.rerank(query, X, candidates, 5)


def train(classifier, initial):
    l2h_tutorial.GRH(8, classifier=classifier, initial=initial).fit(X, LABELS[:60])


@pytest.mark.parametrize(
    ("call", "at_most"),
    [
        # by each of the strategies
        *[(partial(TABLE.query_radius, BITS[:1], radius), 4) for radius in (0, 3, 20)],
        (partial(mean_average_precision, BITS[:9], BITS, LABELS[:9], LABELS), 3),
        *[(partial(train, *names), 6) for names in product(CLASSIFIERS, STARTS)],
        (partial(neighbours_of, IMAGES[:1]), 10),
    ],
)
def test_a_call_enters_few_files_of_the_package(call, at_most):
    entered = set()
    sys.setprofile(lambda frame, event, argument: entered.add(Path(frame.f_code.co_filename)))
    try:
        call()
    finally:
        sys.setprofile(None)
    of_package = [file for file in entered if file.is_relative_to(PACKAGE)]
    assert 1 < len(of_package) <= at_most, of_package


# Documentation


def public(file):
    """Return the public functions and classes that are written in a file."""
    parts = ["l2h_tutorial", *file.relative_to(PACKAGE).with_suffix("").parts]
    name = ".".join(part for part in parts if part != "__init__")
    return [
        item
        for key, item in vars(import_module(name)).items()
        if not key.startswith("_") and getattr(item, "__module__", None) == name
        if inspect.isroutine(item) or inspect.isclass(item)
    ]


# in a docstring: the parameters' names, and their default
STATED = re.compile(r"^ *(\w+(?:, \w+)*) : .*\bdefault=(.+)$", re.MULTILINE)
PUBLIC = [item for file in FILES for item in public(file)]
METHODS = [method for item in PUBLIC if inspect.isclass(item) for method in vars(item).values()]
DOCUMENTED = [
    item
    for item in [*PUBLIC, *filter(inspect.isfunction, METHODS)]
    if STATED.search(item.__doc__ or "")
]


@pytest.mark.parametrize(
    "item", DOCUMENTED, ids=lambda item: f"{item.__module__}.{item.__qualname__}"
)
def test_defaults_are_as_documented(item):
    parameters = inspect.signature(item).parameters
    for names, default in STATED.findall(item.__doc__):
        for name in names.split(", "):
            assert parameters[name].default == eval(default), name


def test_files_and_what_is_public_in_them_say_what_they_are():
    """Their docstrings begin with a paragraph that ends as a sentence does."""
    texts = {item.__qualname__: item.__doc__ or "" for item in PUBLIC}
    assert {"LSH", "HashTable", "load_dataset", "hamming_ball"} <= texts.keys()
    for file in FILES:
        texts[str(file)] = ast.get_docstring(tree_of(file)) or ""
    for name, text in texts.items():
        first = text.strip().split("\n\n")[0].replace("\n", " ")
        assert re.search(r".{15}[.:?]\)?$", first), name


# The project

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_no_path_of_a_machine_is_written_down():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    here = re.compile(rb"(?<![\w.~-])/(work|root|tmp|home|Users|scratch)/[\w.-]+")
    names = [name for name in listed.stdout.split("\0") if name and "test_package" not in name]
    for path in (ROOT / name for name in names):
        if path.suffix not in (".gz", ".png", ".npz"):
            assert here.findall(path.read_bytes()) == [], path


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert l2h_tutorial.__version__ == PROJECT["version"]
    assert str(citation["version"]) == PROJECT["version"]
    assert f"\n## {PROJECT['version']} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_what_the_package_needs_is_pinned_and_locked():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    required = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"(?m)^([\w.-]+)==(\S+)", required))
    assert len(pinned) == len(re.findall(r"(?m)^\w", required))
    asked = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["notebooks"]]
    assert {re.split("[=<>;[ ]", requirement)[0] for requirement in asked} <= pinned.keys()
    for name, version in pinned.items():
        assert f"\n{name}=={version} " in f"\n{lock}"


LOCKS = ("requirements.lock", "tests/wasm.lock", "lint/requirements.lock")
LOCKS += ("lint/package-lock.json", "live/package-lock.json")


def test_no_lock_names_an_address():
    """It would be that of a registry which others may not reach. pip and npm check the hashes."""
    for name in LOCKS:
        assert "://" not in (ROOT / name).read_text(encoding="utf-8"), name


def test_the_readme_maps_the_rooms_and_shows_what_is_there():
    rows = re.findall(r"(?m)^\|.*$", README)
    in_map = set(re.findall(r"`(\w+)`", "".join(rows)))
    assert {room_of(file) for file in FILES} - {"__init__", *SHARED} <= in_map
    targets = [target for target in re.findall(r"\]\(([^)#\s]+)", README) if "://" not in target]
    assert targets
    for target in targets:
        assert (ROOT / target).is_file(), target


def test_every_public_name_is_in_the_reference_with_an_example():
    files = (ROOT / "book/api").glob("*.md")
    pages = {file.stem: file.read_text(encoding="utf-8") for file in files}
    for name, room in l2h_tutorial._HOME.items():
        assert f".. automodule:: l2h_tutorial.{room}\n" in pages[room]
        assert f"   l2h_tutorial.{room}.{name}\n" in pages["index"]
        assert ">>> " in getattr(l2h_tutorial, name).__doc__, name
