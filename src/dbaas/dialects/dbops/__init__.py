"""The group dbops.dbprovision.io: servers, the databases and users in them."""

from dbaas.dialects.dbops.dialect import DIALECT

__all__ = ["DIALECT"]
