"""What a cluster says of encryption: whether its servers encrypt, and who gives them their certificate."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dbaas.api.model import Model, ObjectName


class IssuerReference(Model):
    """Who signs, in cert-manager's words."""

    name: Annotated[ObjectName, Field(description="Name of the Issuer or ClusterIssuer.")]
    kind: Annotated[str, Field(default="Issuer", min_length=1, max_length=63, description="Its kind.")]
    group: Annotated[
        str, Field(default="cert-manager.io", min_length=1, max_length=253, description="The API group of its kind.")
    ]


class CertManager(Model):
    """The certificate comes from cert-manager."""

    issuer_ref: Annotated[IssuerReference, Field(description="Who signs the certificate.")]


class ClusterTls(Model):
    """Encryption of clients' connections. Without a source the cluster has an authority of its own."""

    enabled: Annotated[bool, Field(default=True, description="Whether the servers encrypt where a client asks for it.")]
    secret_name: Annotated[
        ObjectName | None,
        Field(default=None, description="Secret with tls.crt and tls.key, and ca.crt where clients need it."),
    ]
    cert_manager: Annotated[
        CertManager | None, Field(default=None, description="Let cert-manager make the certificate.")
    ]

    @property
    def source(self) -> Literal["authority", "secret", "cert-manager"]:
        """Where the certificate comes from."""
        if self.secret_name is not None:
            return "secret"
        return "cert-manager" if self.cert_manager is not None else "authority"
