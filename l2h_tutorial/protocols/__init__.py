"""Compare the GRH paper's results with ours, and contrast methods on the same splits."""

from ..checks import load_optional

load_optional("pandas", __name__)  # all files of this room use it
