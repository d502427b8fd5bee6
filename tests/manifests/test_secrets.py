"""Secrets from plain values and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbaas.api.core import SECRET
from dbaas.api.resource import build_resource
from dbaas.manifests.secrets import build_secret, read_values


@given(st.dictionaries(st.text("abc.-_", min_size=1), st.text()))
def test_what_is_built_is_read_back(values: dict[str, str]) -> None:
    secret = build_resource(SECRET, build_secret({"name": "s"}, values))
    assert {name: value.reveal() for name, value in read_values(secret).items()} == values


def test_values_that_are_no_text_are_left_out() -> None:
    body = {"metadata": {"name": "s"}, "data": {"binary": "/w==", "broken": "?", "text": "aGk="}}
    assert list(read_values(build_resource(SECRET, body))) == ["text"]


def test_a_value_that_was_read_does_not_show_itself() -> None:
    secret = build_resource(SECRET, build_secret({"name": "s"}, {"password": "hunter2"}))
    assert "hunter2" not in repr(read_values(secret))
