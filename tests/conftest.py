"""Share with the whole suite which tests can run, the data sets, the cache and the browser."""

import functools
import os
import re
import tarfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import offline
import pytest
from hypothesis import settings
from limits import thin

import l2h_tutorial
from l2h_tutorial import load_dataset, split_dataset

pytest.register_assert_rewrite("visits")  # before it is imported
from visits import ARGUMENTS, CHROMIUM, PAGES, SITE, Visit  # noqa: E402

settings.register_profile("suite", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("suite")

SLOW_DATA = ["fashion", pytest.param("cifar", marks=[pytest.mark.cifar10, pytest.mark.slow])]
CIFAR10_FILES = ("Gist512CIFAR10.mat", "cifar10-images.tar.xz", "rows.txt")
# Tests that need the book extra
BOOK_TESTS = ["book", "chapters", "editions", "faults_book", "formulas", "notebooks", "publishing"]
BOOK_TESTS += ["explorer", "hash_figures", "nbgrader", "playground", "presentation", "selftest"]
BOOK_TESTS += ["teaching"]
WITH_THE_BOOK = ["playing.py", "small_book.py", *(f"test_{name}.py" for name in BOOK_TESTS)]
# Tests that share what takes long to make, so that one worker should run them all
SMALL_BOOK_TESTS = r"tests/test_(editions|nbgrader.py::test_an|notebooks|selftest|teaching)\b"
TESTS_BY_FILE = (
    r"tests/test_(databases|explorer|grade_notebooks|lessons\w*|live|plain_code|project|protocols"
    r"|scale)\b"
)
collect_ignore = [] if find_spec("jupyter_book") else WITH_THE_BOOK


def pytest_report_header():
    header = [f"l2h_tutorial: {Path(l2h_tutorial.__file__).parent}"]
    if collect_ignore:
        header.append(f"left out, for they need the book extra: {', '.join(collect_ignore)}")
    return header


def pytest_itemcollected(item):
    """Mark a test that asks for a browser or a server, by whatever fixture."""
    if "browser" in item.fixturenames:
        item.add_marker("browser")
    if "postgres" in item.fixturenames:
        item.add_marker("postgres")
        item.add_marker("slow")


@pytest.hookimpl(trylast=True)  # after the markers have deselected tests
def pytest_collection_modifyitems(items):
    """Leave out what another test covers, and skip what cannot run on this machine."""
    # the longest test alone comes first, so that no worker waits for it in the end
    items.sort(key=lambda item: item.path.stem != "test_wasm")
    seeds = {item: item.callspec.params["seeds"] for item in items if "seeds" in item.fixturenames}
    if range(5) in seeds.values():  # the mean of five seeds says more than one of them
        items[:] = [item for item in items if seeds.get(item) != range(1)]
    needs = {
        "cifar10": (
            os.environ.get("L2H_CIFAR10"),
            f"set L2H_CIFAR10 to a folder with {', '.join(CIFAR10_FILES)}",
        ),
        "browser": (CHROMIUM, "install chromium, or set L2H_CHROMIUM to its path"),
        "index": (
            os.environ.get("L2H_INDEX") == "1",
            "set L2H_INDEX=1 where a package index can be reached",
        ),
        "postgres": (
            os.environ.get("L2H_POSTGRES"),
            "set L2H_POSTGRES to the folder of a PostgreSQL server's socket",
        ),
    }
    for item in items:
        for marker, (available, reason) in needs.items():
            # item.keywords would not do: it holds parameters too
            if item.get_closest_marker(marker) and not available:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Let one worker run the tests that share what takes long to make."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            if re.match(SMALL_BOOK_TESTS, nodeid):
                return "small book"
            if re.match(TESTS_BY_FILE, nodeid):
                return f"{nodeid.partition('::')[0]} {'cifar' in nodeid}"
            return nodeid

    return Together(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    offline.asked.clear()
    offline.allowed = item.get_closest_marker("index") is not None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    yield
    assert not offline.asked, f"a test reached for the network: {offline.asked}"


@pytest.fixture(scope="session", autouse=True)
def suite_cache(tmp_path_factory):
    """Give the suite a cache of its own, and hide data sets that the environment names."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("L2H_DATA_HOME", str(folder))
        patch.delenv("L2H_DATASET", raising=False)
        patch.delenv("L2H_SOURCE", raising=False)
        yield folder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Return an empty cache for one test. The folder does not exist yet."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("L2H_DATA_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def fashion(suite_cache):
    return load_dataset("fashion-mnist")


@pytest.fixture(scope="session")
def cifar_folder():
    """Return the folder that L2H_CIFAR10 names. Only tests marked cifar10 may ask for it."""
    folder = Path(os.environ["L2H_CIFAR10"])
    missing = [name for name in CIFAR10_FILES if not (folder / name).is_file()]
    assert not missing, f"L2H_CIFAR10 names {folder}, which lacks {missing}"
    return folder


@pytest.fixture(scope="session")
def cifar(cifar_folder):
    return load_dataset("cifar10", source=cifar_folder / "Gist512CIFAR10.mat")


@pytest.fixture(scope="session", params=SLOW_DATA)
def dataset(request):
    """Return a data set for the lessons: the quick run has the bundled images, the gate both."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def centred(dataset):
    return thin(split_dataset(dataset)).preprocessed("l2-centre")


@pytest.fixture(scope="session")
def cifar_images_folder(cifar_folder, tmp_path_factory):
    """Unpack the first fifty images of each class, as train|test/<class>/NNNN.jpg."""
    folder = tmp_path_factory.mktemp("cifar10-images")
    with tarfile.open(cifar_folder / "cifar10-images.tar.xz") as archive:
        members = [member for member in archive if Path(member.name).stem < "0050"]
        archive.extractall(folder, members, filter="data")
    return folder


@pytest.fixture(scope="session")
def site():
    """Return the folder of the built site."""
    missing = [name for name in PAGES if not (SITE / f"{name}.html").is_file()]
    if missing:
        pytest.skip(f"run `make book` first: _build/html lacks {', '.join(missing)}")
    return SITE


@pytest.fixture(scope="session")
def address(site):
    """Return the address of the site on a loopback web server."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            """Keep the tests' output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def small_book(tmp_path_factory):
    """Build a small book that has one of everything, and return its folder."""
    import small_book as book

    folder = tmp_path_factory.mktemp("book")
    result = book.build(folder, book.BOOK)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def visit(browser):
    """Return a function that opens a tab of a fresh profile."""
    visits = []

    def start(*arguments, **keywords):
        visits.append(Visit(browser, *arguments, **keywords))
        return visits[-1]

    yield start
    for each in visits:
        each.context.close()


@pytest.fixture
def read(site, visit):
    """Return a function that opens a page of the site, from its file, in a tab."""

    def start(name, width=1280, scheme="light", **options):
        tab = visit(width, scheme, **options)
        tab.read(name)
        return tab

    return start


# Seeds of the lessons: the quick run takes one of them, the gate all five, or three (`three_seeds`
# of test_lessons.py) where each takes long


@pytest.fixture(
    params=[pytest.param(seed, marks=[pytest.mark.slow] * (seed > 0)) for seed in range(5)]
)
def seed(request):
    """Return a seed, for claims that hold for every seed."""
    return request.param


@pytest.fixture(
    scope="session",
    params=[range(1), pytest.param(range(5), marks=pytest.mark.slow)],
    ids=["one", "five"],
)
def seeds(request):
    """Return seeds, for claims about the mean.

    `five_seeds` in test_lessons.py marks the claims that take all five.
    """
    return request.param
