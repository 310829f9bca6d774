"""Download a file into the cache: retried, checked before it is used, and there whole or not at all."""

import logging
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import requests

from ..files import remove_abandoned

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # in a kernel without widgets tqdm says so, on import, into the reader's notebook
    import pooch

RETRIES = 2
TIMEOUT = 30  # seconds without an answer, or without the next bytes of it

Content = TypeVar("Content")


def download(url: str, path: Path, known_hash: str | None, read: Callable[[Path], Content]) -> Content:
    """Download ``url`` to ``path`` and return what ``read`` makes of it.

    Parameters
    ----------
    url : str
    path : Path
        Where the file is kept, once it is whole and ``read`` has accepted it.
    known_hash : str or None
        ``"sha256:..."``; None if there is none to compare with, and ``read`` alone decides.
    read : callable
        Takes the downloaded file's path; raises ValueError if the content is wrong.

    Raises
    ------
    ConnectionError
        If the server cannot be reached, stalls, breaks off, answers with an error, or sends something else.
    OSError
        If ``path`` cannot be written.
    """
    pooch.get_logger().setLevel(logging.WARNING)  # it reports each step to stderr, which a notebook would show
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(path)
        # In a folder of its own, which goes away with whatever is in it: what fails leaves nothing behind.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.", suffix=".part") as folder:
            fetcher = pooch.create(
                path=folder,
                base_url="",
                registry={path.name: known_hash},
                urls={path.name: url},
                retry_if_failed=RETRIES,
            )
            bar = sys.stderr is not None and sys.stderr.isatty()
            fetched = Path(fetcher.fetch(path.name, downloader=pooch.HTTPDownloader(progressbar=bar, timeout=TIMEOUT)))
            content = read(fetched)
            fetched.replace(path)
            return content
    except requests.RequestException as error:
        raise ConnectionError(f"{url} could not be fetched: {error}") from error
    except ValueError as error:
        raise ConnectionError(f"{url} sent something else than {path.name}: {error}") from error
    except OSError as error:
        raise OSError(
            error.errno,
            f"{path.name} cannot be kept in {path.parent} ({error.strerror or error}). Make room or give permission "
            "there, or set L2H_DATA_HOME to a folder that can be written",
        ) from error
