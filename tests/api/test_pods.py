"""What a cluster says of its pods, and how Kubernetes is told."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from dbaas.api.pods import Expose, PodSchedulingPolicy, ResourceRequirements, as_kubernetes


def test_a_block_is_handed_on_by_the_names_of_kubernetes_without_what_nobody_said() -> None:
    said: dict[str, Any] = {
        "tolerations": [{"key": "db", "operator": "Exists", "tolerationSeconds": 5}],
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "zone"}]}},
    }
    assert as_kubernetes(PodSchedulingPolicy.model_validate(said)) == said
    assert as_kubernetes(None) == {}


def test_external_dns_is_spelled_as_people_know_it() -> None:
    assert Expose.model_validate({"externalDNS": "db.test"}).external_dns == "db.test"


def test_an_amount_that_is_no_quantity_is_refused() -> None:
    with pytest.raises(ValidationError):
        ResourceRequirements.model_validate({"limits": {"memory": "much"}})
