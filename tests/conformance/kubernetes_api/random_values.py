"""What random objects are drawn from: for each kind a table of fields, with values that are right, wrong or odd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.kubernetes_api.specimens import GROUP

Values = Sequence[Any]
Fields = Mapping[str, Values]
OWNER = "the uid of an object that is there"
SELECTED: Mapping[str, Any] = {"labelSelector": {}}
METADATA: Fields = {
    "labels": [
        {"a": "b"},
        {"a": "c", "d": "e"},
        {"a b": "c"},
        {"a": "b c"},
        {"example.com/a": ""},
        {"a": "x" * 64},
        {},
    ],
    "annotations": [{"a": "b"}, {"A/b": "c"}, {"a": ""}, {"/a": "b"}, {"a/b/c": "d"}],
    "finalizers": [["example.com/a"], ["example.com/a", "example.com/b"], ["plain"], ["a b"], []],
    "ownerReferences": [
        [{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": OWNER}],
        [{"apiVersion": "v1", "kind": "Event", "name": "owner", "uid": OWNER}],
        [{"apiVersion": "v1", "kind": "ConfigMap", "name": n, "uid": n, "controller": True} for n in ("p", "q")],
    ],
    "generation": [7],
    "creationTimestamp": ["2020-01-01T00:00:00Z", "yesterday"],
    "generateName": ["g-"],
    "uid": ["00000000-0000-0000-0000-000000000002", ""],
    "deletionTimestamp": ["2020-01-01T00:00:00Z", "yesterday"],
    "deletionGracePeriodSeconds": [0, 30],
    "unknown": ["x"],
}
WRONG = (5, -1, 1.5, "text", "", True, None, {}, {"a": "b"}, [], ["a"], [{"a": 1}])
"""Of a wrong type for most fields."""
CONTAINER: Fields = {
    "image": ["image:1", "image:2", "image", " image", ""],
    "command": [["a"], ["a", ""]],
    "env": [
        [{"name": "A", "value": "1"}],
        [{"name": "", "value": "1"}],
        [{"name": "A=B", "value": "1"}],
        [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.nothing"}}}],
        [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
        [{"name": "A", "value": "1", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
        [{"name": "A", "valueFrom": {}}],
    ],
    "ports": [
        [{"containerPort": 80}],
        [{"containerPort": 80, "name": "web"}, {"containerPort": 81, "name": "web"}],
        [{"containerPort": 70000}],
        [{"containerPort": 80, "protocol": "XTP"}],
        [{"containerPort": 80, "name": "Web_1"}],
        [{"containerPort": 80, "hostPort": 80}],
    ],
    "resources": [
        {"requests": {"cpu": "1"}},
        {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}},
        {"limits": {"memory": "1Gi", "cpu": "1500m"}},
        {"requests": {"cpu": "-1"}},
        {"requests": {"bananas": "1"}},
        {"limits": {"cpu": 1}},
    ],
    "volumeMounts": [
        [{"name": "data", "mountPath": "/a"}],
        [{"name": "data", "mountPath": ""}],
        [{"name": "none", "mountPath": "/a"}],
        [{"name": "data", "mountPath": "/a", "subPath": "../x"}],
        [{"name": "data", "mountPath": "/a:b"}],
    ],
    "imagePullPolicy": ["Always", "Never", "IfNotPresent", "Sometimes"],
    "livenessProbe": [
        {"tcpSocket": {"port": 80}},
        {"exec": {"command": ["a"]}, "periodSeconds": 0},
        {"httpGet": {"port": "web", "path": "/"}},
        {"exec": {"command": ["a"]}, "timeoutSeconds": -1},
        {"exec": {"command": ["a"]}, "successThreshold": 2},
        {},
        {"exec": {"command": ["a"]}, "tcpSocket": {"port": 1}},
    ],
    "lifecycle": [{"preStop": {"exec": {"command": ["a"]}}}, {"preStop": {}}, {"postStart": {"exec": {}}}],
    "securityContext": [
        {"runAsUser": 1},
        {"runAsUser": -1},
        {"privileged": True},
        {"privileged": True, "allowPrivilegeEscalation": False},
        {"capabilities": {"drop": ["ALL"]}},
    ],
    "terminationMessagePolicy": ["File", "Nowhere"],
    "restartPolicy": ["Always"],
    "workingDir": ["/x"],
    "stdin": [True],
}
VOLUMES: Values = (
    [{"name": "data", "emptyDir": {}}],
    [{"name": "data", "emptyDir": {"sizeLimit": "1Gi"}}, {"name": "data", "emptyDir": {}}],
    [{"name": "Data_1", "emptyDir": {}}],
    [{"name": "data", "secret": {"secretName": "s"}}],
    [{"name": "data", "secret": {}}],
    [{"name": "data", "configMap": {"name": "c", "items": [{"key": "k", "path": "p"}]}}],
    [{"name": "data", "configMap": {"name": "c", "items": [{"key": "k", "path": "../p"}]}}],
    [{"name": "data", "configMap": {"name": "c", "defaultMode": 1000}}],
    [{"name": "data", "emptyDir": {}, "secret": {"secretName": "s"}}],
    [{"name": "data", "hostPath": {"path": "/x"}}],
    [{"name": "data", "persistentVolumeClaim": {"claimName": "c"}}],
    [{"name": "data", "persistentVolumeClaim": {}}],
    [{"name": "data", "downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}}],
    [{"name": "data", "projected": {"sources": [{"secret": {"name": "s"}}]}}],
)
POD: Fields = {
    "volumes": VOLUMES,
    "restartPolicy": ["Always", "Never", "OnFailure", "Sometimes"],
    "terminationGracePeriodSeconds": [0, 5],
    "activeDeadlineSeconds": [1, 0],
    "hostname": ["host", "Host_1", "a.b"],
    "subdomain": ["sub", "Sub"],
    "serviceAccountName": ["sa", "S_A"],
    "nodeName": ["n", "N_"],
    "nodeSelector": [{"a": "b"}, {"a b": "c"}, {"a": "b c"}],
    "dnsPolicy": ["Default", "Other", "None"],
    "tolerations": [
        [{"key": "a", "operator": "Exists"}],
        [{"key": "a", "operator": "Exists", "value": "b"}],
        [{"operator": "Equal", "value": "b"}],
        [{"key": "a", "effect": "NoSuch"}],
        [{"key": "a", "effect": "NoSchedule", "tolerationSeconds": 5}],
    ],
    "initContainers": [
        [{"name": "init", "image": "i"}],
        [{"name": "main", "image": "i"}],
        [{"name": "Init", "image": "i"}],
    ],
    "imagePullSecrets": [[{"name": "a"}]],
    "securityContext": [{"runAsUser": 5, "fsGroup": 6}, {"fsGroup": -1}, {"runAsNonRoot": True}],
    "hostNetwork": [True],
    "shareProcessNamespace": [True],
    "affinity": [
        {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "a", **SELECTED}]}},
        {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "", **SELECTED}]}},
        {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}},
    ],
    "topologySpreadConstraints": [
        [{"maxSkew": 1, "topologyKey": "a", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}}],
        [{"maxSkew": 0, "topologyKey": "a", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}}],
    ],
    "readinessGates": [[{"conditionType": "example.com/a"}], [{"conditionType": "a b"}]],
    "hostAliases": [[{"ip": "10.0.0.1", "hostnames": ["a"]}], [{"ip": "x", "hostnames": ["a"]}]],
    "enableServiceLinks": [False],
}
SERVICE: Fields = {
    "type": ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "Other"],
    "clusterIP": ["None"],
    "clusterIPs": [["None"]],
    "ports": [
        [{"port": 1}],
        [{"port": 1, "name": "a"}, {"port": 2, "name": "b", "targetPort": "web"}],
        [{"port": 1, "name": "a"}, {"port": 1, "name": "b", "protocol": "UDP"}],
        [{"port": 1, "protocol": "XTP"}],
        [{"port": 1, "name": "A_b"}],
        [{"port": 1, "targetPort": "A_b"}],
        [{"port": 1, "targetPort": 70000}],
        [{"port": 1, "appProtocol": "example.com/x"}],
        [{"port": 1, "appProtocol": "a b"}],
        [{"port": 70000}],
        [],
    ],
    "selector": [{"a": "b"}, {"a": "b c"}, {"a b": "c"}, {}],
    "sessionAffinity": ["None", "ClientIP", "Other"],
    "externalName": ["example.com", "Example_1"],
    "externalIPs": [["1.2.3.4"], ["x"], ["127.0.0.1"]],
    "ipFamilies": [["IPv4"], ["IPv6"], ["IPv4", "IPv6"], ["IPv5"], ["IPv4", "IPv4"]],
    "ipFamilyPolicy": ["SingleStack", "PreferDualStack", "RequireDualStack", "Other"],
    "publishNotReadyAddresses": [True],
    "internalTrafficPolicy": ["Local", "Cluster", "Other"],
    "externalTrafficPolicy": ["Local", "Cluster"],
    "loadBalancerIP": ["1.2.3.4"],
    "loadBalancerClass": ["example.com/a", "a b"],
    "allocateLoadBalancerNodePorts": [False],
    "sessionAffinityConfig": [{"clientIP": {"timeoutSeconds": 5}}, {"clientIP": {"timeoutSeconds": 0}}],
    "loadBalancerSourceRanges": [["10.0.0.0/8"], ["x"]],
    "trafficDistribution": ["PreferClose", "Other"],
}
JOB: Fields = {
    "parallelism": [1, 0, 2, -1],
    "completions": [1, 2, -1],
    "backoffLimit": [0, 3, -1],
    "activeDeadlineSeconds": [1, 0, -1],
    "ttlSecondsAfterFinished": [0, 5, -1],
    "suspend": [True, False],
    "completionMode": ["Indexed", "NonIndexed", "Other"],
}
SPECIMEN: Fields = {
    "size": [1, 2, "1", 1.5],
    "name": ["a", "b", 1],
    "list": [
        [{"name": "w"}], [{"name": "w", "v": "1"}, {"name": "x"}], [{"name": "w"}, {"name": "w"}], [{"v": "1"}], [],
    ],
    "ports": [[{"port": "1"}], [{"port": "1"}, {"port": "1", "protocol": "UDP"}], [{"port": "1"}, {"port": "1"}]],
    "set": [["a"], ["a", "b"], ["b", "a"], ["a", "a"]],
    "atom": [["p"], ["q", "p"]],
    "map": [{"j": "1"}, {"k": "2", "j": "1"}, {"j": 1}, {"j": None}],
    "whole": [{"j": "1"}, {"k": "2"}],
    "free": [{}, {"q": 1}, {"q": {"r": [1]}}, {"known": 1}, {"known": "a"}],
    "any": [1, "a", {"a": 1}, [1]],
    "inner": [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}},
        {"apiVersion": "v1", "kind": "ConfigMap"},
        {"kind": "ConfigMap"},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "X_", "unknown": 1}},
    ],
    "either": [5, "5%", True],
    "none": [None, "x"],
    "short": ["abc", "a", "abcdef", "ABC"],
    "enum": ["a", "c"],
    "number": [2, 3, 0, 12],
    "open": [1, 0.5, 2.5],
    "flag": [True, "true"],
    "few": [["a"], ["a", "b"], [], ["a", "b", "c"], [""]],
    "needs": [{"x": "a", "y": 1}, {"x": "a"}, {}],
    "limits": [{"a": 3}, {}, {"a": 1}, {"a": 3, "b": 3, "c": 3}],
    "one": [{"a": "x"}, {"a": "x", "b": "y"}, {}],
    "some": [{"a": "x"}, {"b": 5}, {"b": 4}],
    "all": [{"a": "x", "b": 5}, {"b": 4}],
    "not": ["good", "bad"],
    "colour": ["red", None],
    "deep": [{}, {"port": 1}, {"port": None}, None],
    "date-time": ["2024-01-01T00:00:00Z", "2024"],
    "duration": ["1h", "1x"],
    "uuid": ["00000000-0000-0000-0000-000000000001", "x"],
    "byte": ["YQ==", "!"],
    "ipv4": ["1.2.3.4", "1.2.3"],
    "cidr": ["10.0.0.0/8", "x"],
    "int32": ["1"],
    "unknown": ["x", {"a": 1}],
}  # fmt: skip
DATA: Values = ({"a": "b"}, {"a": "b", "c": "d"}, {"a b": "c"}, {"": "a"}, {"..": "a"}, {"a": 1}, {"a": None}, {})
ENCODED: Values = ({"a": "YQ=="}, {"b": "YQ==", "a": "Yg=="}, {"a": "!"}, {"a": "YQ"}, {"a": ""})


@dataclass(frozen=True)
class Kind:
    """A kind and what its objects are drawn from. `fields` stand at the top, `spec` under that name."""

    kind: str
    plural: str
    group: str = ""
    fields: Fields = field(default_factory=dict)
    spec: Fields = field(default_factory=dict)
    needed: Mapping[str, Any] = field(default_factory=dict)
    status: Fields = field(default_factory=dict)

    @property
    def api_version(self) -> str:
        return f"{self.group}/v1" if self.group else "v1"


MAIN = {"name": "main", "image": "image:1"}
SUBSETS: Values = (
    [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 1}]}],
    [{"addresses": [{"ip": "10.0.0.2", "hostname": "A_"}, {"ip": "10.0.0.1"}]}],
    [{"addresses": [{"ip": "x"}]}],
    [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 1, "name": "A_"}]}],
    [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 1, "protocol": "XTP"}]}],
    [{"notReadyAddresses": [{"ip": "10.0.0.1", "targetRef": {"kind": "Pod", "name": "a"}}], "ports": [{"port": 0}]}],
    [{"addresses": [{"ip": "169.254.0.1"}, {"ip": "224.0.0.1"}, {"ip": "0.0.0.0"}]}],
    [],
)
KINDS: Sequence[Kind] = (
    Kind(
        "ConfigMap",
        "configmaps",
        fields={"data": DATA[:-1], "binaryData": ENCODED, "immutable": [True, False, None, "x"], "unknown": [1]},
    ),
    Kind(
        "Secret",
        "secrets",
        fields={
            "data": ENCODED,
            "stringData": DATA,
            "type": ["a/b", "Opaque", "", "kubernetes.io/tls", "kubernetes.io/dockerconfigjson", 1],
            "immutable": [True, False, None],
        },
    ),
    Kind(
        "ServiceAccount",
        "serviceaccounts",
        fields={
            "secrets": [[{"name": "a"}], [{"name": "a"}, {"name": "b"}]],
            "automountServiceAccountToken": [True, 1],
        },
    ),
    Kind("Service", "services", spec=SERVICE, needed={"spec": {"clusterIP": "None", "ports": [{"port": 1}]}}),
    Kind(
        "Pod",
        "pods",
        spec=POD,
        needed={"spec": {"containers": [MAIN]}},
        status={
            "phase": ["Running", "Other"],
            "message": ["x", "y"],
            "podIP": ["10.0.0.1", "x"],
            "reason": ["x"],
        },
    ),
    Kind(
        "Job",
        "jobs",
        "batch",
        spec=JOB,
        needed={"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [MAIN]}}}},
    ),
    Kind("Endpoints", "endpoints", fields={"subsets": SUBSETS}),
    Kind(
        "EndpointSlice",
        "endpointslices",
        "discovery.k8s.io",
        fields={
            "addressType": ["IPv4", "IPv6", "Other"],
            "endpoints": [
                [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}],
                [{"addresses": ["::1"]}],
                [{"addresses": ["example.com"]}],
                [{"addresses": ["10.0.0.1"], "hostname": "A_"}],
                [{"addresses": ["10.0.0.1"], "nodeName": "A_"}],
                [{"addresses": []}],
            ],
        },
        needed={"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"]}], "ports": [{"port": 1}]},
    ),
    Kind(
        "Lease",
        "leases",
        "coordination.k8s.io",
        spec={
            "holderIdentity": ["a", "", None],
            "leaseDurationSeconds": [1, 0, 1.5],
            "leaseTransitions": [0, 1, -1],
            "renewTime": ["2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:00Z", "x", None],
            "strategy": ["OldestEmulationVersion", "x"],
            "preferredHolder": ["b", ""],
        },
        needed={"spec": {"acquireTime": "2026-01-01T00:00:00.000000Z"}},
    ),
    Kind(
        "Specimen",
        "specimens",
        GROUP,
        spec=SPECIMEN,
        needed={"spec": {}},
        status={
            "phase": ["a", 1],
            "count": [1, 0],
            "conditions": [[{"type": "R", "status": "T"}], [{"type": "R", "status": "X"}]],
        },
    ),
)
