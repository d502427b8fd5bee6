"""Server-side apply: who owns which field (`metadata.managedFields`, fieldsV1), merging, conflicts, removal."""

from __future__ import annotations

from dbaas.apiserver.fields.apply import ApplyConflict, ApplyRefused, FieldConflict, apply, check_applied
from dbaas.apiserver.fields.managers import Manager
from dbaas.apiserver.fields.updates import record_update

__all__ = ["ApplyConflict", "ApplyRefused", "FieldConflict", "Manager", "apply", "check_applied", "record_update"]
