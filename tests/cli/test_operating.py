"""Words of a command line and the OpsRequest that they mean."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.operation import OpsRequestSpec
from dbaas.cli.exits import WrongUsage
from dbaas.cli.operating import WORDS, build_spec, find_word
from fixtures.operations import OPERATIONS


@pytest.mark.parametrize(
    ("words", "spec"),
    [
        ("start main", {"type": "Start"}),
        ("STOP main", {"type": "Stop"}),
        ("restart main", {"type": "Restart"}),
        ("scale main replicas=3", {"type": "HorizontalScaling", "horizontalScaling": {"replicas": 3}}),
        (
            "vertical-scaling main cpu=2 memory-limit=4Gi",
            {
                "type": "VerticalScaling",
                "verticalScaling": {"resources": {"requests": {"cpu": "2"}, "limits": {"memory": "4Gi"}}},
            },
        ),
        ("scale main 3", {"type": "HorizontalScaling", "horizontalScaling": {"replicas": 3}}),
        ("switchover main main-2", {"type": "Switchover", "switchover": {"targetInstance": "main-2"}}),
        ("expand main size=20Gi", {"type": "VolumeExpansion", "volumeExpansion": {"size": "20Gi"}}),
        (
            "reconfigure main a=1 b=x=y",
            {
                "type": "Reconfiguring",
                "reconfiguring": {"config": [{"name": "a", "value": "1"}, {"name": "b", "value": "x=y"}]},
            },
        ),
        ("upgrade main version=18", {"type": "Upgrade", "upgrade": {"targetVersion": "18"}}),
        ("expose main type=NodePort port=5433", {"type": "Expose", "expose": {"type": "NodePort", "port": 5433}}),
        ("switchover main", {"type": "Switchover"}),
        ("switchover main to=main-1", {"type": "Switchover", "switchover": {"targetInstance": "main-1"}}),
        (
            "rebuild main instance=main-1 source=main-2",
            {"type": "RebuildInstance", "rebuildInstance": {"instanceName": "main-1", "sourceInstance": "main-2"}},
        ),
        (
            "custom main operation=vacuum table=a",
            {"type": "Custom", "custom": {"operation": "vacuum", "parameters": {"table": "a"}}},
        ),
        (
            "custom main vacuum table=a",
            {"type": "Custom", "custom": {"operation": "vacuum", "parameters": {"table": "a"}}},
        ),
    ],
    ids=str,
)
def test_words_become_the_spec_that_they_mean(words: str, spec: dict[str, Any]) -> None:
    operation, cluster, *rest = words.split()
    built = build_spec(find_word(operation), cluster, rest)
    assert built == {"clusterRef": {"name": "main"}, **spec}
    assert OpsRequestSpec.model_validate(built).type == spec["type"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("dance main", "there is no operation 'dance'"),
        ("restrat main", "did you mean 'restart'?"),
        ("scale main", "missing: replicas"),
        ("scale main clusterSize=3", "missing: replicas; unknown: clusterSize"),
        ("scale main 3 4", "'4' is no NAME=VALUE"),
        ("scale main replicas=many", "'many' is no number"),
        ("restart main now", "'now' is no NAME=VALUE"),
        ("restart main when=now", "unknown: when"),
        ("custom main", "missing: operation"),
        ("custom main vacuum table", "'table' is no NAME=VALUE"),
        ("resize main", "say what it shall have"),
        ("reconfigure main", "say which settings"),
        ("expose main type=NodePort port=x", "port: 'x' is no number"),
    ],
)
def test_what_makes_no_sense_is_told(words: str, told: str) -> None:
    operation, cluster, *rest = words.split()
    with pytest.raises(WrongUsage) as caught:
        build_spec(find_word(operation), cluster, rest)
    assert told in caught.value.message


def test_every_type_but_those_of_backups_has_a_word() -> None:
    assert {word.type for word in WORDS.values()} == set(OPERATIONS) - {"Backup", "Restore"}
