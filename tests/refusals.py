"""A table of refusals: calls, and what is said of them."""

from collections.abc import Callable
from typing import Any

import pytest


def refusals(*cases: tuple[Any, ...]) -> Callable[..., None]:
    """A test of calls, each with words of the message and, before them, the error if it is no `ValueError`."""

    @pytest.mark.parametrize("case", cases)
    def test(case: tuple[Any, ...]) -> None:
        call, *error, words = case
        with pytest.raises(*error or [ValueError], match=words):
            call()

    return test
