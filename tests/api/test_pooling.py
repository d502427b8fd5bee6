"""What a cluster may say of its pooler."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from dbaas.api.pooling import Proxy


def test_nobody_gets_a_pooler_who_does_not_ask_for_it() -> None:
    assert not Proxy().enabled
    assert Proxy().replicas == 2


@pytest.mark.parametrize("said", [{"replicas": 0}, {"replicas": 21}, {"type": "a b"}], ids=str)
def test_what_cannot_be_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Proxy.model_validate(said)
