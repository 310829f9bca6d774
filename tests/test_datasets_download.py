"""CIFAR-10 by download, from servers on this machine that behave well or badly."""

import errno
import hashlib
import http.server
import logging
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import offline
import pooch
import pytest
import requests
from test_datasets import archive, matlab, official

from l2h_tutorial import load_dataset
from l2h_tutorial.datasets import load

ARCHIVE = archive(official())
FEATURES = matlab()
ARCHIVE_NAME = "cifar-10-python.tar.gz"
FEATURES_NAME = "Gist512CIFAR10.mat"


@dataclass
class Answer:
    """How the server answers for one file."""

    content: bytes
    status: int = 200
    sent: float = 1.0  # share of the content that is sent before the connection is closed
    pause: float = 0.0  # seconds before each tenth of the content
    failures: int = 0  # answers 503 that many times first
    location: str = ""  # where a redirection leads


class Server(http.server.ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.stop = threading.Event()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}).start()

    def url(self, name):
        return f"http://127.0.0.1:{self.server_port}/{name}"

    def close(self):
        self.stop.set()
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.strip("/")
        self.server.asked.append(name)
        answer = self.server.answers.get(name, Answer(b"no such file", status=404))
        if answer.failures:
            answer.failures -= 1
            answer = Answer(b"busy", status=503)
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(answer.content)))
        self.send_header("Location", answer.location)
        self.end_headers()
        tenth = len(answer.content) // 10 + 1
        for start in range(0, int(len(answer.content) * answer.sent), tenth):
            if self.server.stop.wait(answer.pause):
                return
            with suppress(OSError):  # the client has given up
                self.wfile.write(answer.content[start : start + tenth])

    def log_message(self, *args):
        pass


@pytest.fixture
def server(cache, monkeypatch):
    """A server that has the archive, and in the place of the other file an error."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(load, "RETRIES", 0)
    monkeypatch.setattr(load, "TIMEOUT", 0.5)
    server = Server()
    known_hash = f"sha256:{hashlib.sha256(ARCHIVE).hexdigest()}"
    downloads = {
        ARCHIVE_NAME: (server.url(ARCHIVE_NAME), known_hash),
        FEATURES_NAME: (server.url(FEATURES_NAME), None),
    }
    monkeypatch.setattr(load, "DOWNLOADS", downloads)
    server.answers[ARCHIVE_NAME] = Answer(ARCHIVE)
    yield server
    server.close()


def kept(cache):
    """What was left in the cache of downloads, hidden or not."""
    return sorted(path.name for path in cache.rglob("*") if path.parent.name == "cifar10")


def test_the_official_archive_is_downloaded_once_and_checked(server, cache, capfd):
    first = load_dataset("cifar10")
    assert first.images.shape == (24, 32, 32, 3)
    assert kept(cache) == [ARCHIVE_NAME]
    np.testing.assert_array_equal(load_dataset("cifar10").features, first.features)
    assert server.asked == [ARCHIVE_NAME]
    # damaged since: it is fetched again
    (cache / "cifar10" / ARCHIVE_NAME).write_bytes(ARCHIVE[:1000])
    assert len(load_dataset("cifar10")) == 24
    server.close()
    assert len(load_dataset("cifar10")) == 24
    assert (*capfd.readouterr(), pooch.get_logger().level) == ("", "", logging.WARNING)


BAD = {  # how the server answers, and what is said of it
    "missing": ({"content": b"", "status": 404}, "404"),
    "cut": ({"sent": 0.5}, "(?i)broken|incomplete"),
    "stalled": ({"pause": 60}, "(?i)timed out"),
    "wrong": ({"content": b"<html>this file has moved</html>" * 50}, "hash|versions 5 to 7"),
    "a file": ({"status": 302, "location": Path(__file__).as_uri()}, "file:"),
    "nowhere": ({"status": 302, "location": "http://[broken"}, "(?i)url"),
}


@pytest.mark.parametrize("kind", BAD)
def test_without_the_archive_the_features_come(server, cache, kind):
    bad, message = BAD[kind]
    for name, content in ((ARCHIVE_NAME, ARCHIVE), (FEATURES_NAME, FEATURES)):
        server.answers[name] = Answer(**{"content": content} | bad)
    with pytest.raises(ConnectionError, match=message) as caught:
        load_dataset("cifar10")
    for said in (
        server.url(ARCHIVE_NAME),
        server.url(FEATURES_NAME),
        "L2H_SOURCE",
        "a folder of class folders",
    ):
        assert said in str(caught.value)
    assert kept(cache) == []
    server.answers[FEATURES_NAME] = Answer(b"", status=302, location=server.url("elsewhere"))
    server.answers["elsewhere"] = Answer(FEATURES)
    data = load_dataset("cifar10")
    assert (len(data), data.images) == (30, None)
    assert kept(cache) == [FEATURES_NAME]
    asked = len(server.asked)
    np.testing.assert_array_equal(load_dataset("cifar10").features, data.features)
    assert len(server.asked) == asked


def test_a_slow_server_is_waited_for_and_a_busy_one_asked_again(server, monkeypatch):
    monkeypatch.setattr(load, "RETRIES", 2)
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    # longer than the timeout as a whole
    server.answers[ARCHIVE_NAME] = Answer(ARCHIVE, pause=0.1, failures=2)
    assert len(load_dataset("cifar10")) == 24
    assert len(server.asked) == 3


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_nothing_is_left_of_a_refused_download(server, cache, monkeypatch, error):
    beside = []

    def stop(self, url, output_file, pooch):
        Path(output_file).write_bytes(ARCHIVE[:100])
        beside.append(cache in Path(output_file).parents)
        raise error

    monkeypatch.setattr("pooch.HTTPDownloader.__call__", stop)
    with pytest.raises(
        type(error),
        match="No space left(.|\n)*L2H_DATA_HOME" if isinstance(error, OSError) else None,
    ):
        load_dataset("cifar10")
    assert kept(cache) == []
    assert beside
    assert all(beside), "written where there is no room reserved for it"


# --- nothing else asks for the network


def test_tests_cannot_reach_the_network():
    with pytest.raises(OSError, match="tests use no network"):
        requests.get("http://example.org", timeout=1)
    assert offline.asked
    offline.asked.clear()
    assert all(map(offline.is_here, [None, "localhost", b"127.0.0.1", "::1", "127.8.8.8"]))
    assert not any(map(offline.is_here, ["example.org", "10.0.0.1", "localhost.example.org"]))
