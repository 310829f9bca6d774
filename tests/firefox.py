"""Firefox for tests, by WebDriver BiDi.

Playwright speaks BiDi too, but sends a command (`emulation.setMediaFeaturesOverride`) that Firefox
153 does not know, so that it opens no page.
"""

import asyncio
import itertools
import json
import subprocess
import threading
import time
from typing import Any

# Nothing reaches another host: a proxy that is not there stands before all but this machine.
PREFERENCES = {
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.no_proxies_on": "127.0.0.1",
}
LONGEST = 120  # seconds that Firefox may take to answer


class Firefox:
    """A window of a fresh profile."""

    def __init__(self, path, profile):
        lines = [
            f'user_pref("{name}", {json.dumps(value)});' for name, value in PREFERENCES.items()
        ]
        (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
        options = ["--headless", "--no-remote", "--remote-debugging-port=0"]
        silent = subprocess.DEVNULL
        self._process = subprocess.Popen(
            [path, *options, "--profile", profile], stdout=silent, stderr=silent
        )
        told = profile / "WebDriverBiDiServer.json"  # where it listens, once it does
        while not (told.is_file() and told.stat().st_size):
            assert self._process.poll() is None, "Firefox did not start"
            time.sleep(0.1)
        port = json.loads(told.read_text(encoding="utf-8"))["ws_port"]
        # in a thread of its own, because Playwright's loop runs in this one
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._socket = self._wait_for(_connect(f"ws://127.0.0.1:{port}/session"))
        self._numbers = itertools.count(1)
        self._send("session.new", capabilities={})
        (tab,) = self._send("browsingContext.getTree")["contexts"]
        self._tab = tab["context"]

    def go(self, url):
        self._send("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def ask(self, expression) -> Any:
        """Return the value of a JavaScript expression, or of what it promises."""
        answer = self._send(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then(JSON.stringify)",
            target={"context": self._tab},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"].get("value", "null"))

    def wait(self, expression):
        """Wait until an expression is true."""
        end = time.monotonic() + LONGEST
        while not self.ask(expression):
            assert time.monotonic() < end, f"Firefox waits in vain for {expression}"
            time.sleep(0.2)

    def close(self):
        self._process.terminate()
        self._process.wait()
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _send(self, method, **parameters):
        """Send a command, and return what it gives."""
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": parameters}
        answer = self._wait_for(self._exchange(command))
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['message']}")
        return answer["result"]

    def _wait_for(self, coroutine):
        """Return what a coroutine gives."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(LONGEST)

    async def _exchange(self, command):
        """Write a message, and return its answer: what else is told goes by."""
        await self._socket.write_message(json.dumps(command))
        answer: dict[str, Any] = {}
        while answer.get("id") != command["id"]:
            answer = json.loads(await self._socket.read_message())
        return answer


async def _connect(address):
    """Open a connection."""
    from tornado.websocket import websocket_connect  # only the book extra brings it

    return await websocket_connect(address, max_message_size=2**26)
