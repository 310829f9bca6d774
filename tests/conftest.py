"""What the whole suite shares: which tests can run here, data sets that are loaded once, and a cache of its own."""

import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import offline
import pytest
from hypothesis import settings
from limits import thin
from visits import ARGUMENTS, PAGES, SITE, Visit

import l2h_tutorial
from l2h_tutorial import Dataset, load_dataset, split_dataset
from l2h_tutorial.splits import Split

settings.register_profile("suite", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("suite")

SLOW_DATA = ["fashion", pytest.param("cifar", marks=[pytest.mark.cifar10, pytest.mark.slow])]
CIFAR10_FILES = ("Gist512CIFAR10.mat", "cifar10-images.tar.xz", "rows.txt")
OF_THE_BOOK = ["book", "chapters", "editions", "faults_book", "formulas", "notebooks", "publishing"]
OF_THE_BOOK += [
    "explorer",
    "hash_figures",
    "nbgrader",
    "playground",
    "presentation",
    "selftest",
    "teaching",
]
WITH_THE_BOOK = ["playing.py", "small_book.py", *(f"test_{name}.py" for name in OF_THE_BOOK)]
OF_THE_SMALL_BOOK = r"tests/test_(editions|nbgrader.py::test_an|notebooks|selftest|teaching)\b"
TOGETHER = r"tests/test_(lessons\w*|explorer|grade_notebooks|protocols|scale)\b"
collect_ignore = [] if find_spec("jupyter_book") else WITH_THE_BOOK


def pytest_report_header() -> list[str]:
    left_out = (
        [f"left out, for they need the book extra: {', '.join(collect_ignore)}"]
        if collect_ignore
        else []
    )
    return [f"l2h_tutorial: {Path(l2h_tutorial.__file__).parent}", *left_out]


@pytest.hookimpl(trylast=True)  # of what the markers have left
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    seeds = {item: item.callspec.params["seeds"] for item in items if "seeds" in item.fixturenames}
    if range(5) in seeds.values():  # which say all that one of them would
        items[:] = [item for item in items if seeds.get(item) != range(1)]
    chromium = os.environ.get("L2H_CHROMIUM") or shutil.which("chromium")
    here = {
        "cifar10": (
            os.environ.get("L2H_CIFAR10"),
            f"set L2H_CIFAR10 to a folder with {', '.join(CIFAR10_FILES)}",
        ),
        "browser": (chromium, "install chromium, or set L2H_CHROMIUM to its path"),
        "index": (
            os.environ.get("L2H_INDEX") == "1",
            "set L2H_INDEX=1 where a package index can be reached",
        ),
    }
    for item in items:
        for marker, (available, reason) in here.items():
            # not keywords: they hold parameters too
            if item.get_closest_marker(marker) and not available:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What takes long to make is made by one worker, not by each: the lessons of a file on a data set, and others."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            if re.match(OF_THE_SMALL_BOOK, nodeid):
                return "small book"
            return (
                f"{nodeid.partition('::')[0]} {'cifar' in nodeid}"
                if re.match(TOGETHER, nodeid)
                else nodeid
            )

    return Together(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    offline.asked.clear()
    offline.allowed = item.get_closest_marker("index") is not None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    yield
    assert not offline.asked, f"a test reached for the network: {offline.asked}"


@pytest.fixture(scope="session", autouse=True)
def suite_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache for the whole suite, apart from the user's; data sets named by the environment are left out of it too."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("L2H_DATA_HOME", str(folder))
        patch.delenv("L2H_DATASET", raising=False)
        patch.delenv("L2H_SOURCE", raising=False)
        yield folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache for one test; the folder does not exist yet."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("L2H_DATA_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def fashion(suite_cache: Path) -> Dataset:
    return load_dataset("fashion-mnist")


@pytest.fixture(scope="session")
def cifar_folder() -> Path:
    """The folder that L2H_CIFAR10 names; only for tests marked cifar10."""
    folder = Path(os.environ["L2H_CIFAR10"])
    missing = [name for name in CIFAR10_FILES if not (folder / name).is_file()]
    assert not missing, f"L2H_CIFAR10 names {folder}, which lacks {missing}"
    return folder


@pytest.fixture(scope="session")
def cifar(cifar_folder: Path) -> Dataset:
    return load_dataset("cifar10", source=cifar_folder / "Gist512CIFAR10.mat")


@pytest.fixture(scope="session", params=SLOW_DATA)
def dataset(request: pytest.FixtureRequest) -> Dataset:
    """Of the lessons: the quick run computes them on the bundled images, the gate on both data sets."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def centred(dataset: Dataset) -> Split:
    return thin(split_dataset(dataset)).preprocessed("l2-centre")


@pytest.fixture(scope="session")
def cifar_images_folder(cifar_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first fifty images of each class as files, train|test/<class>/NNNN.jpg."""
    folder = tmp_path_factory.mktemp("cifar10-images")
    with tarfile.open(cifar_folder / "cifar10-images.tar.xz") as archive:
        archive.extractall(
            folder, [one for one in archive if Path(one.name).stem < "0050"], filter="data"
        )
    return folder


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built site."""
    missing = [name for name in PAGES if not (SITE / f"{name}.html").is_file()]
    if missing:
        pytest.skip(f"run `make book` first: _build/html lacks {', '.join(missing)}")
    return SITE


@pytest.fixture(scope="session")
def small_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small book with one of everything, built."""
    import small_book as book

    folder = tmp_path_factory.mktemp("book")
    result = book.build(folder, book.BOOK)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    path = os.environ.get("L2H_CHROMIUM") or shutil.which("chromium")
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Visit]]:
    """Open a tab of a fresh profile."""
    visits: list[Visit] = []

    def start(*arguments: Any, **keywords: Any) -> Visit:
        visits.append(Visit(browser, *arguments, **keywords))
        return visits[-1]

    yield start
    for one in visits:
        one.context.close()


# Seeds of the lessons: the quick run computes one of them, the gate all five


@pytest.fixture(
    params=[pytest.param(seed, marks=[pytest.mark.slow] * (seed > 0)) for seed in range(5)]
)
def seed(request: pytest.FixtureRequest) -> int:
    """For what is true of every seed."""
    return request.param


@pytest.fixture(
    scope="session",
    params=[range(1), pytest.param(range(5), marks=pytest.mark.slow)],
    ids=["one", "five"],
)
def seeds(request: pytest.FixtureRequest) -> range:
    """For what is true in the mean; `five_seeds` of test_lessons.py marks what takes more than one to see."""
    return request.param
