"""The network: bad redirections, none at all, and that nothing but a download ever asks for it."""

import socket
import subprocess
import sys
from pathlib import Path

import offline
import pytest
import requests
from test_datasets_download import Answer, archive, matlab, server  # noqa: F401

from l2h_tutorial import load_dataset

ROOT = Path(__file__).parents[1]


def redirection(target):
    return Answer(b"", status=302, location=target)


@pytest.fixture
def no_archive(server):  # noqa: F811
    server.answers["images.tar.gz"] = Answer(b"", status=404)


@pytest.mark.usefixtures("no_archive")
def test_a_redirection_is_followed(server, matlab, cache, left_behind):  # noqa: F811
    server.answers["features.mat"] = redirection(server.url("elsewhere/features.mat"))
    server.answers["elsewhere/features.mat"] = Answer(matlab)
    assert len(load_dataset("cifar10")) == 30
    assert left_behind(cache) == ["Gist512CIFAR10.mat"]


@pytest.mark.usefixtures("no_archive")
@pytest.mark.parametrize("kind", ["a file", "ftp", "itself", "nowhere"])
def test_a_redirection_that_leads_nowhere_is_refused_and_named(server, matlab, cache, kind, tmp_path):  # noqa: F811
    path = tmp_path / "secret.mat"
    path.write_bytes(matlab)
    targets = {"a file": path.as_uri(), "ftp": "ftp://127.0.0.1/x", "itself": server.url("features.mat")}
    server.answers["features.mat"] = redirection(targets.get(kind, "http://[broken"))
    with pytest.raises(ConnectionError, match="could not be") as caught:
        load_dataset("cifar10")
    assert server.url("features.mat") in str(caught.value)
    assert "L2H_SOURCE" in str(caught.value)
    assert list((cache / "cifar10").iterdir()) == []
    server.answers["features.mat"] = Answer(matlab)
    assert len(load_dataset("cifar10")) == 30


def test_tests_cannot_reach_the_network():
    for ask in (
        lambda: socket.create_connection(("192.0.2.1", 80), timeout=1),
        lambda: socket.getaddrinfo("example.org", 443),
        lambda: requests.get("http://example.org", timeout=1),
    ):
        with pytest.raises(OSError, match="tests use no network"):
            ask()
    assert len(offline.asked) == 3
    offline.asked.clear()


@pytest.mark.parametrize("host", [None, "localhost", b"127.0.0.1", "::1", "0.0.0.0", "127.8.8.8"])
def test_this_machine_is_no_network(host):
    assert offline.is_here(host)


@pytest.mark.parametrize("host", ["example.org", "10.0.0.1", b"8.8.8.8", "fe80::1%eth0", "localhost.example.org"])
def test_every_other_machine_is(host):
    assert not offline.is_here(host)


EVERYTHING = """
import pkgutil, sys
from importlib import import_module
from importlib.util import find_spec

asked = []
sys.addaudithook(lambda event, arguments: asked.append((event, *map(str, arguments)))
                 if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo")
                 or event.startswith(("socket.gethostby", "urllib.", "http.", "ftplib.", "smtplib.")) else None)
import l2h_tutorial
for module in pkgutil.walk_packages(l2h_tutorial.__path__, "l2h_tutorial."):
    of_the_book = module.name.startswith("l2h_tutorial.book.")
    if not module.name.endswith("__main__") and (find_spec("jupyter_book") or not of_the_book):
        import_module(module.name)
import matplotlib
matplotlib.use("agg")
from l2h_tutorial import GRH, LSH, HashTable, evaluate_radius_search, exercises, load_dataset, split_dataset
from l2h_tutorial.explore import explorer
data = load_dataset()
split = split_dataset(data).preprocessed("l2-centre")
for hasher in (LSH(12, random_state=0).fit(split.X_train), GRH(12, random_state=0).fit(split.X_train, split.y_train)):
    table = HashTable(hasher.transform(split.X_database))
    table.query(hasher.transform(split.X_query), 3)
    evaluate_radius_search(hasher, split, radii=[0])
l2h_tutorial.figures.bucket_sizes({"codes": table})
exercises.check("1.1", "a")
print(asked)
"""


def test_nothing_that_is_imported_or_used_asks_for_another_host():
    result = subprocess.run([sys.executable, "-c", EVERYTHING], capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "[]"
