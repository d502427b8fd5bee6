"""The provider of Kubernetes: each instance of a cluster is a StatefulSet of its own."""

from dbaas.contracts.provider import Provider
from dbaas.providers.statefulset.provider import StatefulSetProvider

PROVIDER: Provider = StatefulSetProvider()
