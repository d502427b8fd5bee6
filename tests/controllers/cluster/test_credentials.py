"""The administrator's Secret is made once and never lost."""

from __future__ import annotations

import pytest

from controllers.cluster.conftest import CREDENTIALS, World
from dbaas.api.core import SECRET
from dbaas.api.resource import Key
from dbaas.contracts.reconcile import Refused

COPY = Key("default", "main-credentials-kept")


async def test_a_secret_deleted_by_hand_comes_back_with_the_same_password(serving: World) -> None:
    password = serving.password()
    serving.delete(SECRET, CREDENTIALS)
    await serving.reconcile()
    secret = serving.get(SECRET, CREDENTIALS)
    assert secret is not None and not secret.metadata.is_deleting
    assert serving.password() == password
    assert serving.get(SECRET, COPY) is None
    assert "SecretRegenerated" in serving.told()


async def test_a_crash_between_letting_go_and_making_anew_loses_nothing(serving: World) -> None:
    password = serving.password()
    serving.delete(SECRET, CREDENTIALS)
    whole = serving.client.create
    created = []

    async def create_once(kind, body):  # type: ignore[no-untyped-def]
        if created:
            raise ConnectionError
        created.append(body)
        return await whole(kind, body)

    serving.client.create = create_once  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        await serving.reconcile()
    assert serving.get(SECRET, CREDENTIALS) is None
    serving.client.create = whole  # type: ignore[method-assign]
    await serving.reconcile()
    assert serving.password() == password


async def test_a_secret_of_that_name_that_is_not_ours_is_never_overwritten(world: World) -> None:
    world.client.put_secret(CREDENTIALS, {"password": "theirs"})
    world.declare()
    with pytest.raises(Refused) as caught:
        await world.reconcile()
    assert caught.value.reason == "SecretNotOurs"
