"""What a reader can play with: searches on real pictures, hyperplanes in the plane, GRH step by step.

Python computes, once, and writes what it found into a piece of HTML with the script that shows it. The script
asks for nothing else, so the page works from a file, without a network, and in a notebook.
"""

from .explorer import Explorer, Found
from .plane import Playground, Steps

__all__ = ["Explorer", "Found", "Playground", "Steps"]
