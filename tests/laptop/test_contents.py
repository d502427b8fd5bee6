"""Where the content of files comes from."""

from __future__ import annotations

import json

import pytest

from dbaas.api.process import ProcessSpec
from dbaas.api.resource import Key
from dbaas.laptop.contents import SecretMissing, read_contents, secret_names
from fixtures.clients import FakeClient

SPEC = ProcessSpec.model_validate(
    {
        "programs": "/bin",
        "command": ["true"],
        "files": [
            {"path": "plain", "content": "as it is: $(DIRECTORY)"},
            {"path": "hidden", "secretKeyRef": {"name": "login", "key": "password"}},
        ],
    }
)


async def test_contents_come_from_the_object_word_for_word_and_from_secrets() -> None:
    client = FakeClient()
    client.put_secret(Key("shop", "login"), {"password": "grün"})
    contents = await read_contents(SPEC, "shop", client)
    assert contents.files == {"plain": b"as it is: $(DIRECTORY)", "hidden": "grün".encode()}
    assert contents.secrets == {"hidden": "grün".encode()}
    assert "gr" not in repr(contents)


async def test_only_secrets_of_the_own_namespace_are_read() -> None:
    client = FakeClient()
    client.put_secret(Key("other", "login"), {"password": "x"})
    with pytest.raises(SecretMissing, match="Secret 'login' does not exist"):
        await read_contents(SPEC, "shop", client)


def test_the_secrets_that_a_process_needs_are_known() -> None:
    assert secret_names(SPEC) == {"login"}


async def test_values_of_secrets_within_a_content_cannot_end_the_string_that_they_are_in() -> None:
    client = FakeClient()
    client.put_secret(Key("shop", "login"), {"password": 'a"b\\c\n$(OTHER)'})
    reference = {"name": "login", "key": "password"}
    content = '{"password": "$(PASSWORD)", "place": "$(DIRECTORY)"}'
    file = {"path": "conf", "content": content, "secrets": [{"name": "PASSWORD", "secretKeyRef": reference}]}
    spec = ProcessSpec.model_validate({"programs": "/bin", "command": ["true"], "files": [file]})
    contents = await read_contents(spec, "shop", client)
    assert json.loads(contents.files["conf"]) == {"password": 'a"b\\c\n$(OTHER)', "place": "$(DIRECTORY)"}
    assert list(contents.secrets.values()) == [b'a"b\\c\n$(OTHER)']
    assert secret_names(spec) == {"login"}
