"""What stands in a field is never read as one."""

from __future__ import annotations

import pytest

from dbaas.providers.statefulset.texts import fill_in


def test_fields_are_filled_in_one_pass_and_the_braces_of_shells_stay() -> None:
    assert fill_in("{ a=${b%c}; {first} {second} }", first="{second}", second="x") == "{ a=${b%c}; {second} x }"


def test_a_field_that_nobody_fills_is_a_defect() -> None:
    with pytest.raises(KeyError):
        fill_in("{nobody}")
