"""Where objects lie: in memory as JSON bytes to be read, in SQLite as what survives."""

from __future__ import annotations

from dbaas.apiserver.store.collection import Change, Collection, Entry
from dbaas.apiserver.store.database import Database
from dbaas.apiserver.store.errors import StorageError
from dbaas.apiserver.store.store import Store

__all__ = ["Change", "Collection", "Database", "Entry", "StorageError", "Store"]
