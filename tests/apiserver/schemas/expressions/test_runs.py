"""One evaluation."""

from __future__ import annotations

import pytest

from dbaas.apiserver.schemas.expressions.failures import TooDear
from dbaas.apiserver.schemas.expressions.runs import LIMIT_OF_CALL, Fixed, Run


def test_names_of_a_scope_end_with_it() -> None:
    run = Run({"a": 1})
    with run.scope("a", "b"):
        run.names |= {"a": 2, "b": 3}
    assert run.names == {"a": 1}


def test_the_names_given_stay_as_they_are() -> None:
    given = {"a": 1}
    Run(given).names["a"] = 2
    assert given == {"a": 1}


def test_what_costs_too_much_ends() -> None:
    run = Run({})
    run.spent = LIMIT_OF_CALL
    run.check()
    run.spent += 1
    with pytest.raises(TooDear):
        run.check()


def test_what_is_fixed_costs_nothing() -> None:
    run = Run({})
    assert (Fixed(5)(run), run.spent) == (5, 0)
