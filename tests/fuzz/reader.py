"""What a fuzz target is, and what may happen to a hostile file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis.strategies import SearchStrategy

__all__ = ["CANARY", "Reader", "call", "described"]

CANARY = "code-was-run"  # what the payloads in hostile files would make


@dataclass(frozen=True)
class Reader:
    """A reader of files and the files to try it with.

    Attributes
    ----------
    file : str
        Name of the file in a working folder.
    contents : strategy of bytes
        Valid and hostile files.
    read : callable
        Takes the file's path, asserts that the result is what is documented, and says in a few words what it is.
    bombs : callable
        Returns contents that would take more memory or time than there is; tried once each, as they are.
    prepare : callable
        Puts what the file needs around it into the working folder, once.
    refusals : tuple of exception types
        What the reader's documentation allows.
    named : bool
        Whether a refusal must name the file.
    starves : bool
        Whether the library that reads the file may ask for as much memory as it declares, and be refused that.
    """

    file: str
    contents: SearchStrategy[bytes]
    read: Callable[[Path], str]
    bombs: Callable[[], list[bytes]] = list
    prepare: Callable[[Path], None] = field(default=lambda folder: None)
    refusals: tuple[type[Exception], ...] = (ValueError, OSError)
    named: bool = True
    starves: bool = False


def call(reader: Reader, path: Path) -> str:
    """Read a file and return what happened: what was read, or how it was refused.

    Raises
    ------
    Exception
        Whatever must not happen.
    """
    try:
        return f"read {reader.read(path)}"
    except reader.refusals as error:
        said = str(error)
        starved = any(isinstance(cause, MemoryError) for cause in _causes(error))
        assert reader.starves or not starved, f"refused only because it took more memory than there is: {said[:200]!r}"
        assert path.name in said or not reader.named, f"the refusal does not name {path.name}: {said[:200]!r}"
        assert len(said) < 2000, f"the refusal has {len(said)} characters: {said[:200]!r}"
        return f"{type(error).__name__}: {said.replace(str(path.parent), '')}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and those it came from, also when it hides them."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def described(array: Any) -> str:
    """Type and dimensions of an array, without the sizes."""
    return f"{array.dtype} in {array.ndim} dimensions"
