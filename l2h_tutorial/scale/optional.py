"""What only this part of the package needs, loaded when it is used."""

from importlib import import_module
from typing import Any


def load_optional(module: str) -> Any:
    """Import a module that a plain installation does not have, or say what to install."""
    try:
        return import_module(module)
    except ImportError as error:
        how = "pip install '.[scale]' in the folder of this project"
        raise ImportError(f"{module} is needed here and cannot be imported: {how}") from error
