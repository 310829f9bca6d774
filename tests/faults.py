"""Work that the system kills or refuses while it writes: ``python tests/faults.py FOLDER killed:table``.

Every attempt is a process of its own, forked from one that has imported everything. It is killed at the k-th time that
it opens a file for writing, renames, removes or makes something; or by the system at the first byte that is too many.
"""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import traceback
from itertools import count
from pathlib import Path

from writers import WRITERS

CAUSES = ("File too large", "No space left on device", "disk I/O error", "disk is full")  # the last two are SQLite's
WRITES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate", "os.link", "os.symlink"}


def writes(event, arguments, folder):
    """Whether an audit event is one that changes something in the folder."""
    if event == "open":
        path, mode, flags = arguments
        return str(path).startswith(folder) and (set(mode or "") & set("wxa+") or flags & (os.O_WRONLY | os.O_RDWR))
    if event not in WRITES:
        return False
    path, *_, within = arguments
    if isinstance(within, int) and within >= 0:  # the path is relative to an open folder
        path = os.path.join(os.readlink(f"/proc/self/fd/{within}"), path)
    return str(path).startswith(folder)


def fatal_at(k, folder, how):
    """Have this process send itself a signal at its k-th write."""
    left = k

    def hook(event, arguments):
        nonlocal left
        if left and writes(event, arguments, str(folder)):
            left -= 1
            if not left:
                os.kill(os.getpid(), how)

    sys.addaudithook(hook)


def limited_to(size, fatal):
    """Let this process write so many bytes into a file; the next one kills it, or is refused."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL if fatal else signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def start(work, prepare=lambda: None):
    """Begin the work in another process; return what waits for it and tells (what killed it, or 0; what it said)."""
    sys.stdout.flush()
    hear, say = os.pipe()
    process = os.fork()
    if not process:
        os.close(hear)
        code = 1
        with contextlib.suppress(BaseException):
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(say, 2)
            try:
                prepare()
                work()
                code = 0
            except BaseException:
                os.write(say, traceback.format_exc().encode())
        os._exit(code)
    os.close(say)

    def wait():
        with os.fdopen(hear, "rb") as ear:
            said = ear.read().decode()
        status = os.waitpid(process, 0)[1]
        return (os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status) and "failed"), said

    return wait


def hidden(folder):
    return sorted(path for path in folder.rglob(".*") if path.name.endswith(".part"))


def attempts(writer, folder):
    """Give a fresh folder to each attempt, with what has to be in it, and what may be there afterwards."""
    whole = folder / "whole"
    whole.mkdir()
    writer.before(whole)
    old = writer.read(whole)
    with contextlib.redirect_stdout(sys.stderr):
        writer.write(whole)  # in this process, so that the others find imported what it needs
    new = writer.read(whole)
    assert new != old
    for k in count(1):
        place = folder / str(k)
        place.mkdir()
        writer.before(place)
        yield k, place, old, new


def check_whole(found, old, new):
    """Every part is the old one or the new one; what was not there before may be absent."""
    for name, content in found.items():
        assert content in (old.get(name), new.get(name)), f"half of {name}: {content!r:.200}"
    assert set(found) >= set(old) & set(new), f"lost: {set(old) - set(found)}"


def check_again(writer, place, new):
    """Done again, everything is there, and, an hour later, what a killed program left is gone."""
    for path in hidden(place):
        os.utime(path, (0, 0))
        for inside in path.rglob("*"):
            os.utime(inside, (0, 0))
    ended = start(lambda: writer.write(place))()
    assert ended == (0, ""), ended
    assert writer.read(place) == new
    assert hidden(place) == []


def check_refusal(writer, place, ended, said):
    """The error names its cause, nothing unfinished stays, and work that can do without the file has gone on."""
    assert writer.error in said, said
    assert any(cause in said for cause in CAUSES), said
    assert ended == (0 if writer.goes_on else "failed"), (ended, said)
    assert hidden(place) == []


def killed(writer, folder, how=signal.SIGKILL):
    """Kill the work at every write, then in the middle of writing; do it again each time."""
    tried = attempts(writer, folder)
    for k, place, old, new in tried:
        ended, said = start(lambda p=place: writer.write(p), lambda k=k, p=place: fatal_at(k, p, how))()
        if ended == 0:
            break
        assert ended == how or "KeyboardInterrupt" in said, (k, ended, said)
        left = [path for path in hidden(place) if path.is_file() or any(path.iterdir())]  # while it removed a folder
        assert len(left) <= (how == signal.SIGKILL), left
        check_whole(writer.read(place), old, new)
        check_again(writer, place, new)
    sizes = writer.sizes(folder / "whole") if how == signal.SIGKILL else []
    for size, (_, place, old, new) in zip(sizes, tried, strict=False):
        ended, said = start(lambda p=place: writer.write(p), lambda s=size: limited_to(s, fatal=True))()
        assert ended == signal.SIGXFSZ, (size, ended, said)
        check_whole(writer.read(place), old, new)
        check_again(writer, place, new)
    assert k > 3


def interrupted(writer, folder):
    """Interrupt the work at every write; do it again each time."""
    return killed(writer, folder, signal.SIGINT)


def refused(writer, folder):
    """Let the system refuse every byte beyond some size; do it again without a limit."""
    sizes = None
    for _, place, old, new in attempts(writer, folder):
        sizes = writer.sizes(folder / "whole") if sizes is None else sizes
        if not sizes:
            return
        size = sizes.pop()
        ended, said = start(lambda p=place: writer.write(p), lambda s=size: limited_to(s, fatal=False))()
        check_refusal(writer, place, ended, said)
        check_whole(writer.read(place), old, new)
        check_again(writer, place, new)


def full(writer, folder):
    """On a disk of its own, with room for one page more each time, until there is enough."""
    _, _, old, new = next(attempts(writer, folder))
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "full", disk], check=True)
    writer.before(disk)
    ballast = disk / ".ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    for pages in count():
        ended, said = start(lambda: writer.write(disk))()
        if not said:
            assert pages
            assert writer.read(disk) == new
            return
        check_refusal(writer, disk, ended, said)
        check_whole(writer.read(disk), old, new)
        os.truncate(ballast, ballast.stat().st_size - 4096)


def together(writer, folder, n=4, rounds=3):
    """Let several programs do the same at the same time: none fails, and all is there once."""
    tried = attempts(writer, folder)
    for _, (_, place, _, new) in zip(range(rounds), tried, strict=False):
        gate, go = os.pipe()
        waiting = [start(lambda p=place: writer.write(p), lambda g=gate: os.read(g, 1)) for _ in range(n)]
        os.write(go, b"g" * n)
        ended = [wait() for wait in waiting]
        assert ended == [(0, "")] * n, ended
        assert writer.read(place) == new
        assert hidden(place) == []


if __name__ == "__main__":
    folder, *faults = sys.argv[1:]
    for pair in faults:
        fault, name = pair.split(":")
        place = Path(folder, fault, name).resolve()
        place.mkdir(parents=True)
        print(pair, flush=True)
        with WRITERS[name]() as writer:
            globals()[fault](writer, place)
