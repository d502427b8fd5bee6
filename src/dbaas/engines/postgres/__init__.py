"""Everything about PostgreSQL."""

from __future__ import annotations

from dbaas.contracts.engine import Engine
from dbaas.engines.postgres.engine import ENGINE as _ENGINE

ENGINE: Engine = _ENGINE
