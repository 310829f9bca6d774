"""Test a table of refusals: calls, and the messages of the errors that they raise."""

from collections.abc import Callable
from typing import Any

import pytest


def refusals(*cases: tuple[Any, ...]) -> Callable[..., None]:
    """Return a test of cases, each of which is a call, an error class, and words of its message.

    The class may be left out if it is `ValueError`.
    """

    @pytest.mark.parametrize("case", cases)
    def test(case: tuple[Any, ...]) -> None:
        call, *error, words = case
        with pytest.raises(*error or [ValueError], match=words):
            call()

    return test
