"""What builds the book: a Sphinx extension, loaded through ``local_extensions`` in ``_config.yml``.

It executes the chapters side by side and keys what they gave by everything it depends on; writes
formulas as MathML; brings the figures to play with to life; and puts every page on the site as a
notebook too, in three editions, with the package as a wheel beside them. A reader's notebook needs
nothing of it.
"""

from typing import Any


def setup(app: Any) -> dict[str, Any]:
    """Register the extension. A kernel that takes one of its modules does not load Sphinx."""
    from .extension import register

    return register(app)
