"""Read pickles that hold data, and refuse those that hold anything else.

A pickle is a small program: unpickling it can call any function that it names. CIFAR-10's batches are pickles, so
they are read by an unpickler that knows no function at all. What a NumPy array needs is replaced by stand-ins that
only take notes; the arrays are made from the notes afterwards, and only plain numeric ones.
"""

import io
import math
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import numpy as np

MOST_STEPS = 1_000_000  # of the program that a pickle is; an official batch has a tenth of them
MOST_KEYS = 100
MOST_BITS = 4096
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
        raise ValueError(str(refused)[:300]) from None
    except Exception as error:  # damaged pickles raise nearly anything
        raise ValueError(f"it is damaged: {type(error).__name__}: {str(error)[:200]}") from error


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
        if not isinstance(shape, tuple) or not all(isinstance(side, int) and 0 <= side < 2**63 for side in shape):
            raise _Refused("it holds an array whose shape is no shape")
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
_STEPS: dict[int, Any] = pickle._Unpickler.dispatch
_NOT_DATA = {
    f"load_{step}"
    for step in (
        *("persid", "binpersid", "inst", "obj", "newobj", "newobj_ex", "ext1", "ext2", "ext4", "dup", "empty_set"),
        *("additems", "frozenset", "bytearray8", "next_buffer", "readonly_buffer"),
    )
}


class _Dict(dict[Any, Any]):
    """Takes few keys, and only such as take no time to compare."""

    def __setitem__(self, key: Any, value: Any) -> None:
        if not isinstance(key, str | bytes | int | float | None) or len(self) == MOST_KEYS:
            raise _Refused(f"it holds a dictionary of more than {MOST_KEYS} keys, or of others than text and numbers")
        super().__setitem__(key, value)


def _step(unpickler: "_PlainUnpickler", name: str) -> None:
    unpickler.steps += 1
    if name in _NOT_DATA or unpickler.steps > MOST_STEPS:
        raise _Refused(f"it holds more than data: {name} in step {unpickler.steps}")
    getattr(unpickler, name)()
    if name.endswith("get") and isinstance(unpickler.stack[-1], list | tuple | dict):
        raise _Refused("it holds a list, tuple or dictionary twice")  # doubled often enough, it fills any memory


class _PlainUnpickler(pickle._Unpickler):
    """Python's unpickler in its version written in Python, with the steps that data need and no others."""

    stack: list[Any]
    pop_mark: Callable[[], list[Any]]
    steps = 0

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _STAND_INS[module, name]
        except KeyError:
            raise _Refused(f"it would run code: it asks for {module}.{name}") from None

    def load_empty_dictionary(self) -> None:
        self.stack.append(_Dict())

    def load_dict(self) -> None:
        if self.pop_mark():
            raise _Refused("it holds a dictionary that no pickler writes")
        self.load_empty_dictionary()

    def load_build(self) -> None:
        if not isinstance(self.stack[-2], _Array | _DataType):
            raise _Refused("it gives a state to something other than an array")
        super().load_build()  # type: ignore[misc]

    dispatch: ClassVar = {code: partial(_step, name=load.__name__) for code, load in _STEPS.items()}


def _plain(value: Any) -> Any:
    """The same value with the arrays made; whatever is not plain data is refused."""
    if isinstance(value, _Array):
        return value.made()
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_plain(item) for item in value)
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise _Refused(f"it holds a number of {value.bit_length()} bits")
    if value is None or isinstance(value, bool | int | float | bytes | str):
        return value
    raise _Refused(f"it holds {type(value).__name__}, and only data are read")
