"""What builds the book: a Sphinx extension, loaded through ``local_extensions`` in ``_config.yml``.

It executes the chapters side by side and keys what they gave by everything it depends on; writes
formulas as MathML; brings the figures to play with to life; and puts every page on the site as a
notebook too, in three editions, with the package as a wheel beside them. A reader's notebook needs
nothing of it.
"""

from .extension import register as setup

__all__ = ["setup"]
