"""What `dbaas install`, the kustomize bases and the Helm chart are made from: all objects of an installation."""

from __future__ import annotations

from dbaas.manifests.installation.objects import (
    ACCOUNT,
    LABEL_INSTALLATION,
    LEASE_NAME,
    NAMESPACE,
    WEBHOOKS,
    Body,
    Certificates,
    Installation,
    build_installation,
    wide_name,
)

__all__ = [
    "ACCOUNT",
    "LABEL_INSTALLATION",
    "LEASE_NAME",
    "NAMESPACE",
    "WEBHOOKS",
    "Body",
    "Certificates",
    "Installation",
    "build_installation",
    "wide_name",
]
