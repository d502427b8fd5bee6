"""The Kubernetes kinds that we read or write ourselves."""

from __future__ import annotations

from dbaas.api.resource import Kind

NAMESPACE = Kind("", "v1", "Namespace", "namespaces", namespaced=False, short_names=("ns",))
SECRET = Kind("", "v1", "Secret", "secrets")
CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps", short_names=("cm",))
SERVICE = Kind("", "v1", "Service", "services", short_names=("svc",))
POD = Kind("", "v1", "Pod", "pods", short_names=("po",))
PERSISTENT_VOLUME_CLAIM = Kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", short_names=("pvc",))
DEPLOYMENT = Kind("apps", "v1", "Deployment", "deployments", short_names=("deploy",))
STATEFUL_SET = Kind("apps", "v1", "StatefulSet", "statefulsets", short_names=("sts",))
NETWORK_POLICY = Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", short_names=("netpol",))
POD_DISRUPTION_BUDGET = Kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", short_names=("pdb",))
SERVICE_ACCOUNT = Kind("", "v1", "ServiceAccount", "serviceaccounts", short_names=("sa",))
ROLE = Kind("rbac.authorization.k8s.io", "v1", "Role", "roles")
ROLE_BINDING = Kind("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings")
ENDPOINTS = Kind("", "v1", "Endpoints", "endpoints", short_names=("ep",))
EVENT = Kind("", "v1", "Event", "events", short_names=("ev",))
LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases")
SERVICE_MONITOR = Kind("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors", short_names=("smon",))
CERTIFICATE = Kind("cert-manager.io", "v1", "Certificate", "certificates", short_names=("cert", "certs"))
VALIDATING_WEBHOOK_CONFIGURATION = Kind(
    "admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations",
    namespaced=False,
)  # fmt: skip
CUSTOM_RESOURCE_DEFINITION = Kind(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False,
    short_names=("crd", "crds"),
)  # fmt: skip
