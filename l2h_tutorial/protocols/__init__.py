"""Run the experiments of the GRH paper again, and keep their results as they come."""

from ..checks import load_optional

load_optional("pandas", __name__)  # all files of this room use it
