"""Read pickles that hold data, and refuse those that hold anything else.

A pickle is a small program: unpickling it can call any function that it names. CIFAR-10's batches are pickles, so
they are read by an unpickler that knows no function at all. What a NumPy array needs is replaced by stand-ins that
only take notes; the arrays are made from the notes afterwards, and only plain numeric ones.
"""

import io
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

NUMBER_TYPES = {"b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"}


def load_plain_pickle(content: bytes) -> Any:
    """Unpickle dictionaries, lists, tuples, bytes, text, numbers and numeric arrays; Python 2's text becomes bytes.

    Raises
    ------
    ValueError
        If the content is damaged, or would make anything else or call anything.

    Examples
    --------
    >>> import pickle
    >>> load_plain_pickle(pickle.dumps({b"labels": [1, 2]}, protocol=2))
    {b'labels': [1, 2]}
    >>> load_plain_pickle(pickle.dumps(print))
    Traceback (most recent call last):
    ValueError: it would run code: it asks for builtins.print
    """
    try:
        return _plain(_PlainUnpickler(io.BytesIO(content), encoding="bytes").load())
    except _Refused as refused:
        raise ValueError(str(refused)) from None
    except Exception as error:  # damaged pickles raise nearly anything
        raise ValueError(f"it is damaged: {type(error).__name__}: {error}") from error


class _Refused(Exception):
    """The pickle holds something other than plain data."""


class _DataType:
    """Notes on a NumPy data type."""

    def __init__(self, code: bytes | str, *_: Any) -> None:
        self.code = code.decode("ascii") if isinstance(code, bytes) else code
        self.byte_order = "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        order = state[1].decode("ascii") if isinstance(state[1], bytes) else state[1]
        self.byte_order = {"|": "=", "<": "<", ">": ">", "=": "="}[order]

    def made(self) -> np.dtype[Any]:
        if self.code not in NUMBER_TYPES:
            raise _Refused(f"it holds an array of type {self.code!r}, and only numbers are read")
        return np.dtype(self.byte_order + self.code)


class _Array:
    """Notes on a NumPy array."""

    state: tuple[Any, ...] = ()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.state = state

    def made(self) -> np.ndarray:
        _, shape, data_type, column_major, content = self.state
        if not isinstance(data_type, _DataType):
            raise _Refused("it holds an array without a data type")
        kind = data_type.made()
        if not isinstance(content, bytes) or len(content) != math.prod(shape) * kind.itemsize:
            raise _Refused(f"it holds an array of shape {shape} whose content is of another size")
        return np.frombuffer(content, dtype=kind).reshape(shape, order="F" if column_major else "C")


def _start_array(*_: Any) -> _Array:
    return _Array()


def _latin1(text: str, encoding: bytes | str) -> bytes:
    """Protocol 2 has no bytes: Python 3 writes them there as text to be encoded."""
    if encoding not in ("latin1", b"latin1"):
        raise _Refused(f"it asks for the encoding {encoding!r}")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    """Protocol 2 writes empty bytes as a call without arguments."""
    return b""


_STAND_INS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy.core.multiarray", "_reconstruct"): _start_array,
    ("numpy._core.multiarray", "_reconstruct"): _start_array,
    ("numpy", "ndarray"): _start_array,
    ("numpy", "dtype"): _DataType,
    ("_codecs", "encode"): _latin1,
    ("__builtin__", "bytes"): _no_bytes,
}


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _STAND_INS[module, name]
        except KeyError:
            raise _Refused(f"it would run code: it asks for {module}.{name}") from None


def _plain(value: Any) -> Any:
    """The same value with the arrays made; whatever is not plain data is refused."""
    if isinstance(value, _Array):
        return value.made()
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_plain(item) for item in value)
    if value is None or isinstance(value, bool | int | float | bytes | str):
        return value
    raise _Refused(f"it holds {type(value).__name__}, and only data are read")
