"""The package as a whole: light to import, documented, layered as the chapters are, and small."""

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

import l2h_tutorial

ROOT = Path(__file__).parents[1]
PACKAGE = Path(l2h_tutorial.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
ORDER = [
    "checks",
    "files",
    "gist",
    "datasets",
    "splits",
    "codes",
    "lsh",
    "search",
    "buckets",
    "label_sets",
    "affinity",
    "baselines",
    "grh",
]
ORDER += ["metrics", "tuning", "protocols", "scale", "figures", "explore", "book", "exercises"]
LAST = {"figures", "explore", "book", "exercises"}  # only chapters import these


def named(files):
    return pytest.mark.parametrize("file", files, ids=lambda file: file.relative_to(PACKAGE).as_posix())


# Importing


def loaded_after(code):
    """Names of the modules that a fresh Python has loaded after some code."""
    program = f"{code}\nimport sys\nprint(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    )


def test_importing_the_package_is_light():
    loaded = loaded_after("import l2h_tutorial")
    heavy = {"numpy", "scipy", "sklearn", "pandas", "matplotlib", "PIL", "requests", "pooch", "tqdm"}
    assert "l2h_tutorial" in loaded
    assert loaded & heavy == set()


def test_a_name_loads_its_own_module_only():
    loaded = loaded_after("from l2h_tutorial import bits_to_integers")
    assert "l2h_tutorial.codes" in loaded
    assert loaded & {"sklearn", "pandas", "matplotlib", "l2h_tutorial.datasets"} == set()


def test_figures_are_not_drawn_unless_asked_for():
    assert "matplotlib" not in loaded_after("from l2h_tutorial import LSH, HashTable, evaluate_radius_search")


def test_every_public_name_is_there():
    assert {"load_dataset", "split_dataset", "LSH", "HashTable", "rerank", "GRH"} <= set(l2h_tutorial.__all__)
    for name in l2h_tutorial.__all__:
        assert getattr(l2h_tutorial, name) is not None
    assert dir(l2h_tutorial) == sorted(l2h_tutorial.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'l2h_tutorial' has no attribute 'L2H'"):
        l2h_tutorial.L2H  # noqa: B018


def test_type_checkers_see_the_same_names():
    """The lazy table and the imports that only type checkers read name the same things from the same modules."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 1]
    assert {alias.name: node.module for node in imports for alias in node.names} == l2h_tutorial._HOME


# Layers


def module_of(file):
    """The part of the package that a file belongs to: lsh for lsh.py, search for search/ball.py."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def parts_imported(file):
    """Parts of the package that a file imports, wherever in it."""
    package = ["l2h_tutorial", *file.relative_to(PACKAGE).parent.parts]
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, *(node.module or "").split(".")] if node.module else base
            names = [".".join([*base, alias.name]) for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "import_module":
            names = [node.args[0].value] if isinstance(node.args[0], ast.Constant) else []
        for name in names:
            top, *rest = name.split(".")
            if top == "l2h_tutorial":
                found.add(l2h_tutorial._HOME.get(rest[0], rest[0]) if rest else "__init__")
    return found


def test_every_module_has_its_place_in_the_order():
    modules = {module_of(file) for file in FILES} - {"__init__"}
    assert modules <= set(ORDER)
    assert set(l2h_tutorial._HOME.values()) <= modules - LAST | {"exercises"}


def test_imports_are_read_from_the_code():
    assert parts_imported(PACKAGE / "lsh.py") == {"checks"}
    assert parts_imported(PACKAGE / "splits.py") == {"checks", "datasets"}
    assert {"buckets", "search", "splits"} <= parts_imported(PACKAGE / "metrics/radius_search.py")
    assert parts_imported(PACKAGE / "book/__init__.py") == {"book"}


@named([file for file in FILES if module_of(file) != "__init__"])
def test_a_module_imports_only_from_modules_above_it(file):
    module = module_of(file)
    above = set(ORDER[: ORDER.index(module)]) - LAST | {module}
    if module == "book":
        above = {"book", "files"}
    assert parts_imported(file) <= above


# Documentation


def public(file):
    """Public functions and classes that are written in a file."""
    parts = ["l2h_tutorial", *file.relative_to(PACKAGE).with_suffix("").parts]
    name = ".".join(part for part in parts if part != "__init__")
    module = import_module(name)
    return [
        item
        for key, item in vars(module).items()
        if not key.startswith("_")
        and callable(item)
        and getattr(item, "__module__", None) == name
        and inspect.isroutine(item) | inspect.isclass(item)
    ]


IMPORTABLE = [file for file in FILES if module_of(file) != "book" or find_spec("jupyter_book")]
PUBLIC = [item for file in IMPORTABLE for item in public(file)]
EXPORTED = [item for name in l2h_tutorial.__all__ if callable(item := getattr(l2h_tutorial, name))]


def test_public_things_are_found():
    names = {item.__name__ for item in PUBLIC}
    assert {"LSH", "HashTable", "load_dataset", "hamming_ball", "radius_sweep"} <= names


@pytest.mark.parametrize("item", PUBLIC, ids=lambda item: f"{item.__module__.partition('.')[2]}.{item.__name__}")
def test_what_is_public_says_what_it_is(item):
    text = item.__doc__ or ""
    first = text.strip().split("\n\n")[0].replace("\n", " ")
    assert len(first) >= 20
    assert re.search(r"[.:]\)?$", first), f"one line that ends with a full stop, not {first!r}"


@pytest.mark.parametrize("item", EXPORTED, ids=lambda item: item.__name__)
def test_what_the_package_exports_has_an_example_that_runs(item):
    methods = (
        [value.__doc__ or "" for key, value in vars(item).items() if callable(value)] if inspect.isclass(item) else []
    )
    assert ">>>" in "\n".join([item.__doc__ or "", *methods])


@named(FILES)
def test_every_file_says_what_it_holds(file):
    assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))


# The project


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_path_of_a_machine_is_written_down():
    here = re.compile(r"(?<![\w.~-])/(work|root|tmp|home|Users|scratch)/[\w.-]+")
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # an image, or packed data
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in here.finditer(text)]
    assert [line for line in found if not line.startswith("tests/test_package.py")] == []


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert project["version"] == l2h_tutorial.__version__ == str(citation["version"])
    assert re.search(rf"(?m)^## {re.escape(project['version'])}\b", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))


def test_the_licences_are_where_the_project_says():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "MIT AND CC-BY-4.0"
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in project["license-files"]]
    assert all("Permission is hereby granted" in text for text in texts)
    assert "CC BY 4.0" in texts[0] or "Creative Commons" in texts[0]


def test_requirements_pin_what_the_package_needs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = {re.split("[=<>;[ ]", line)[0] for line in lines if re.match(r"[\w.-]+(\[\w+\])?==[\w.]+", line)}
    needed = {re.split("[=<>;[ ]", requirement)[0] for requirement in project["dependencies"]}
    assert needed <= pinned


def test_the_readme_maps_the_modules_that_there_are():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    in_map = set(re.findall(r"`(\w+)`", "".join(line for line in readme.splitlines() if line.startswith("|"))))
    assert {module_of(file) for file in FILES} - {"__init__"} <= in_map


def test_the_pictures_and_files_of_the_readme_are_there():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#\s]+)", readme) if "://" not in target]
    assert targets
    assert [target for target in targets if not (ROOT / target).is_file()] == []


def test_the_lines_that_the_readme_shows_run():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"(?s)```python\n(.*?)```", readme)
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    share = float(result.stdout.split()[-1])
    assert 0 < share < 0.2, "the example shows a search that looks at little"
