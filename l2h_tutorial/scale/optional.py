"""What only this part of the package needs, loaded when it is used."""

from importlib import import_module
from typing import Any


def load_optional(module: str) -> Any:
    """Import a module that a plain installation does not have.

    Parameters
    ----------
    module : str
        Its dotted name.

    Raises
    ------
    ImportError
        If it cannot be imported; the message says what to install.

    Examples
    --------
    >>> load_optional("json").dumps([1, 2])
    '[1, 2]'
    >>> load_optional("a_missing_module")
    Traceback (most recent call last):
        ...
    ImportError: a_missing_module is needed here and cannot be imported: pip install l2h-tutorial[scale]
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(f"{module} is needed here and cannot be imported: pip install l2h-tutorial[scale]") from error
