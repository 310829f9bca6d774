"""Calls with a mistake each, for type checkers: a line that one of them lets pass fails its run.

A checker reads the comment of a line as "there is an error here", and complains where there is
none. `make lint` runs pyright, and `test_types.py` runs mypy. Nothing calls the function.
"""

from l2h_tutorial import GRH, LSH, PCAH, HashNeighbors
from l2h_tutorial.baselines import KSH
from l2h_tutorial.quantise import RaBitQ, ScalarCodes, SignCodes


def refused() -> None:
    """Construct each estimator with a parameter that it does not have, or of the wrong type."""
    LSH(nbits=8)  # type: ignore[call-arg]
    LSH("8")  # type: ignore[arg-type]
    PCAH("8")  # type: ignore[arg-type]
    GRH(32, 0.5)  # type: ignore[call-arg]
    KSH(3, gama=2)  # type: ignore[call-arg]
    HashNeighbors(radios=2)  # type: ignore[call-arg]
    SignCodes(foo=1)  # type: ignore[call-arg]
    ScalarCodes(bits=8)  # type: ignore[call-arg]
    RaBitQ(bits=1)  # type: ignore[call-arg]
    HashNeighbors(metric="ip")  # type: ignore[arg-type]
    HashNeighbors(radius="Auto")  # type: ignore[arg-type]
    ScalarCodes(2)  # type: ignore[arg-type]
    RaBitQ(5)  # type: ignore[arg-type]
