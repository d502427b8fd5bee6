"""The group keeps what every dialect keeps."""

from __future__ import annotations

from conformance.dialect import DialectConformance
from dbaas.dialects.dbops import DIALECT
from dialects.dbops.specimens import FULL, FURTHER, PRINTED


class TestDbops(DialectConformance):
    dialect = DIALECT
    engine = "postgres"
    printed = f"{PRINTED}---{FURTHER}"
    full = FULL
    ready = "Ready"
    phases = frozenset({"Pending", "Creating", "Ready", "Failed", "Deleting", "PendingDeletion"})
