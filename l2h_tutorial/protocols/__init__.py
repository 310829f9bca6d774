"""Compare the GRH paper's results with ours; keep results as they come, and contrast them."""

from ..checks import load_optional

load_optional("pandas", __name__)  # all files of this room use it
