"""Parts of pods."""

from __future__ import annotations

from dbaas.manifests.pods import CONTAINER_SECURITY, build_api_access, build_pod_security, build_probe


def test_a_pod_has_no_rights_that_the_restricted_standard_forbids() -> None:
    security = build_pod_security(70, 71)
    assert security["runAsNonRoot"] and security["runAsUser"] == 70 and security["fsGroup"] == 71
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert CONTAINER_SECURITY["capabilities"] == {"drop": ["ALL"]}
    assert not CONTAINER_SECURITY["allowPrivilegeEscalation"] and CONTAINER_SECURITY["readOnlyRootFilesystem"]


def test_a_volume_is_given_to_the_group_once_and_not_at_each_mount() -> None:
    assert build_pod_security(70, 71)["fsGroupChangePolicy"] == "OnRootMismatch"


def test_a_probe_runs_its_command_or_else_connects() -> None:
    assert build_probe(command=("ask", "it"), port="sql")["exec"] == {"command": ["ask", "it"]}
    assert build_probe(port="sql")["tcpSocket"] == {"port": "sql"}
    assert "exec" not in build_probe(port="sql")


def test_access_to_the_api_is_as_kubernetes_would_mount_it() -> None:
    token, authority, namespace = build_api_access("api")["projected"]["sources"]
    assert token["serviceAccountToken"]["path"] == "token"
    assert authority["configMap"]["name"] == "kube-root-ca.crt"
    assert namespace["downwardAPI"]["items"][0]["path"] == "namespace"
