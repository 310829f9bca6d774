"""What ties the package to the book.

:func:`record` gives a sentence its number. As a Sphinx extension (``l2h_tutorial.book`` in ``_config.yml``) the
package keys the folder of executed chapters by everything that their outputs depend on, and puts every chapter on
the site as a notebook that runs in plain Jupyter, with the wheel that it needs beside it.
"""

from typing import Any

from l2h_tutorial.book.cache import execution_key
from l2h_tutorial.book.numbers import record

__all__ = ["execution_key", "record", "setup"]


def setup(app: Any) -> dict[str, Any]:
    """Register with Sphinx, which a reader's notebook need not have installed."""
    from l2h_tutorial.book.extension import register

    return register(app)
