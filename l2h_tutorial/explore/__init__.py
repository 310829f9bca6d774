"""Figures that a reader can play with: searches on real pictures, hyperplanes in the plane.

Python computes once, and writes what it found into a piece of HTML. The book's site (``book/_ext``)
adds the scripts that show it, and puts large data into files beside the page. The page works
without a network. A notebook shows a sentence instead.
"""

from .explorer import Explorer, Found
from .plane import Playground, turning_cover

__all__ = ["Explorer", "Found", "Playground", "turning_cover"]
