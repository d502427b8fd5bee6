"""Tests of `kube.in_cluster`."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbaas.kube.access import BadKubeconfig
from dbaas.kube.in_cluster import in_cluster_access, is_in_cluster

POD = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}


@pytest.fixture
def account(tmp_path: Path) -> Path:
    for name, text in (("ca.crt", "PEM"), ("namespace", "shop\n"), ("token", "t0ken")):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_pod_has_the_access_of_its_service_account(account: Path) -> None:
    access = in_cluster_access(POD, account)
    assert (access.server, access.namespace, access.ca) == ("https://10.96.0.1:443", "shop", "PEM")
    assert access.token_file == account / "token"
    assert in_cluster_access(POD | {"KUBERNETES_SERVICE_HOST": "fd00::1"}, account).server == "https://[fd00::1]:443"


def test_a_program_that_is_no_pod_is_told_so(account: Path) -> None:
    assert is_in_cluster(POD)
    assert not is_in_cluster({})
    with pytest.raises(BadKubeconfig, match="this is no pod"):
        in_cluster_access({}, account)


def test_a_pod_without_a_service_account_is_told_what_to_look_at(tmp_path: Path) -> None:
    with pytest.raises(BadKubeconfig, match="automountServiceAccountToken"):
        in_cluster_access(POD, tmp_path)
