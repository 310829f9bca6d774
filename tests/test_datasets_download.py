"""CIFAR-10 by download, from servers on this machine that behave well or badly."""

import errno
import hashlib
import http.server
import io
import os
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pooch
import pytest

from l2h_tutorial import load_dataset
from l2h_tutorial.datasets import cifar10, download


@dataclass
class Answer:
    """How the server answers for one file."""

    content: bytes
    status: int = 200
    sent: float = 1.0  # share of the content that is sent before the connection is closed
    pause: float = 0.0  # seconds before each tenth of the content
    failures: int = 0  # answers 503 that many times first
    location: str = ""  # where a redirection leads


class Server:
    def __init__(self):
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.stop = threading.Event()
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def url(self, name):
        return f"http://127.0.0.1:{self._server.server_port}/{name}"

    def close(self):
        self.stop.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    owner: Server

    def do_GET(self):
        name = self.path.strip("/")
        self.owner.asked.append(name)
        answer = self.owner.answers.get(name, Answer(b"no such file", status=404))
        if answer.failures:
            answer.failures -= 1
            answer = Answer(b"busy", status=503)
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(answer.content)))
        if answer.location:
            self.send_header("Location", answer.location)
        self.end_headers()
        tenth = len(answer.content) // 10 + 1
        for start in range(0, int(len(answer.content) * answer.sent), tenth):
            if self.owner.stop.wait(answer.pause):
                return
            try:
                self.wfile.write(answer.content[start : start + tenth])
            except OSError:  # the client has given up
                return

    def log_message(self, *args):
        pass


@pytest.fixture
def server(cache, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "RETRIES", 0)
    monkeypatch.setattr(download, "TIMEOUT", 0.5)
    server = Server()
    monkeypatch.setattr(cifar10, "MATLAB_URL", server.url("features.mat"))
    monkeypatch.setattr(cifar10, "ARCHIVE_URL", server.url("images.tar.gz"))
    yield server
    server.close()


@pytest.fixture
def matlab(write_matlab):
    return write_matlab().read_bytes()


@pytest.fixture
def archive(write_archive, cifar_batches, monkeypatch):
    content = write_archive(cifar_batches).read_bytes()
    monkeypatch.setattr(cifar10, "ARCHIVE_HASH", f"sha256:{hashlib.sha256(content).hexdigest()}")
    return content


def test_downloads_the_features_once(server, matlab, cache, left_behind):
    server.answers["features.mat"] = Answer(matlab)
    first = load_dataset("cifar10")
    assert first.features.shape == (30, 512)
    assert left_behind(cache) == ["Gist512CIFAR10.mat"]
    np.testing.assert_array_equal(load_dataset("cifar10").features, first.features)
    assert server.asked == ["features.mat"]


def test_a_slow_server_is_waited_for(server, matlab, cache):
    server.answers["features.mat"] = Answer(matlab, pause=0.1)  # longer than the timeout as a whole
    assert len(load_dataset("cifar10")) == 30


def test_a_server_that_fails_at_first_is_asked_again(server, matlab, monkeypatch):
    monkeypatch.setattr(download, "RETRIES", 2)
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    server.answers["features.mat"] = Answer(matlab, failures=2)
    assert len(load_dataset("cifar10")) == 30
    assert len(server.asked) == 3


bad_answers = {
    "missing": lambda content: None,
    "cut": lambda content: Answer(content, sent=0.5),
    "stalled": lambda content: Answer(content, pause=60),
    "wrong": lambda content: Answer(b"<html>this file has moved</html>" * 50),
    "truncated": lambda content: Answer(content[: len(content) // 2]),
    "empty": lambda content: Answer(b""),
    "error": lambda content: Answer(b"", status=500),
}


@pytest.mark.parametrize("kind", bad_answers)
def test_without_the_features_the_archive_is_downloaded(server, matlab, archive, cache, left_behind, kind):
    server.answers["images.tar.gz"] = Answer(archive)
    if bad := bad_answers[kind](matlab):
        server.answers["features.mat"] = bad
    data = load_dataset("cifar10")
    assert data.images.shape == (120, 32, 32, 3)
    assert server.asked == ["features.mat", "images.tar.gz"]
    kept, features = left_behind(cache)
    assert kept == "cifar-10-python.tar.gz"
    assert features.endswith(".npz")
    np.testing.assert_array_equal(load_dataset("cifar10").features, data.features)
    assert len(server.asked) == 2


messages = {
    "missing": "404",
    "cut": "(?i)broken|incomplete",
    "stalled": "(?i)timed out",
    "wrong": "sent something else than",
    "truncated": "sent something else than",
    "empty": "sent something else than",
    "error": "500",
}


@pytest.mark.parametrize("kind", bad_answers)
def test_when_both_fail_the_error_says_what_was_tried_and_nothing_is_left(
    server, matlab, archive, cache, left_behind, kind
):
    for name, content in (("features.mat", matlab), ("images.tar.gz", archive)):
        if bad := bad_answers[kind](content):
            server.answers[name] = bad
    with pytest.raises(ConnectionError, match=messages[kind]) as caught:
        load_dataset("cifar10")
    text = str(caught.value)
    assert server.url("features.mat") in text
    assert server.url("images.tar.gz") in text
    assert "L2H_SOURCE" in text
    assert left_behind(cache) == []
    assert [path.name for path in cache.iterdir()] == ["cifar10"]
    assert list((cache / "cifar10").iterdir()) == []


def test_a_stalled_server_is_given_up(server, matlab):
    server.answers["features.mat"] = Answer(matlab, pause=60)
    started = time.monotonic()
    with pytest.raises(ConnectionError, match="timed out"):
        load_dataset("cifar10")
    assert time.monotonic() - started < 5


def test_an_archive_with_another_hash_is_refused(server, archive, cache, left_behind, monkeypatch):
    monkeypatch.setattr(cifar10, "ARCHIVE_HASH", "sha256:" + "0" * 64)
    server.answers["images.tar.gz"] = Answer(archive)
    with pytest.raises(ConnectionError, match=r"images.tar.gz sent something else.*hash"):
        load_dataset("cifar10")
    assert left_behind(cache) == []


def test_without_a_network_the_error_says_how_to_go_on(server, cache, left_behind):
    server.close()
    started = time.monotonic()
    with pytest.raises(ConnectionError, match=r"could not be fetched(.|\n)*give what you have as the source"):
        load_dataset("cifar10")
    assert time.monotonic() - started < 5
    assert left_behind(cache) == []


def test_a_damaged_file_in_the_cache_is_downloaded_again(server, matlab, cache):
    server.answers["features.mat"] = Answer(matlab)
    load_dataset("cifar10")
    kept = cache / "cifar10" / "Gist512CIFAR10.mat"
    kept.write_bytes(matlab[:1000])
    assert len(load_dataset("cifar10")) == 30
    assert kept.read_bytes() == matlab


def test_what_is_in_the_cache_needs_no_network(server, write_archive, cifar_batches, cache):
    server.close()
    (cache / "cifar10").mkdir(parents=True)
    write_archive(cifar_batches).rename(cache / "cifar10" / "cifar-10-python.tar.gz")
    assert len(load_dataset("cifar10")) == 120


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_without_room_or_permission_the_error_names_the_folder(server, matlab, cache, left_behind, monkeypatch, code):
    server.answers["features.mat"] = Answer(matlab)

    def refuse(self, url, output_file, pooch):
        Path(output_file).write_bytes(matlab[:100])
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("pooch.HTTPDownloader.__call__", refuse)
    folder = re.escape(str(cache / "cifar10"))
    with pytest.raises(OSError, match=f"{folder}.*{os.strerror(code)}.*L2H_DATA_HOME") as caught:
        load_dataset("cifar10")
    assert caught.value.errno == code
    assert left_behind(cache) == []


def test_a_cache_that_is_a_file_is_named(server, matlab, tmp_path, monkeypatch):
    server.answers["features.mat"] = Answer(matlab)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("L2H_DATA_HOME", str(tmp_path / "file"))
    with pytest.raises(OSError, match=r"file[\\/]cifar10.*L2H_DATA_HOME"):
        load_dataset("cifar10")


def test_an_interrupt_leaves_nothing_behind(server, matlab, cache, left_behind, monkeypatch):
    def interrupt(self, url, output_file, pooch):
        Path(output_file).write_bytes(matlab[:100])
        raise KeyboardInterrupt

    monkeypatch.setattr("pooch.HTTPDownloader.__call__", interrupt)
    with pytest.raises(KeyboardInterrupt):
        load_dataset("cifar10")
    assert left_behind(cache) == []
    assert list((cache / "cifar10").iterdir()) == []


def test_a_download_prints_nothing_where_there_is_no_terminal(server, matlab, capfd, monkeypatch):
    log = io.StringIO()
    for handler in pooch.get_logger().handlers:
        monkeypatch.setattr(handler, "stream", log)
    server.answers["features.mat"] = Answer(matlab)
    load_dataset("cifar10")
    captured = capfd.readouterr()
    assert captured.out == captured.err == log.getvalue() == ""
