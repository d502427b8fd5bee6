"""PostgreSQL as a record of parts."""

from __future__ import annotations

from dbaas.contracts.engine import Engine
from dbaas.core.offload import Offload, ThreadOffload
from dbaas.engines.postgres import client
from dbaas.engines.postgres.blueprints import parts
from dbaas.engines.postgres.blueprints.databases import describe_database
from dbaas.engines.postgres.blueprints.grants import describe_grant
from dbaas.engines.postgres.blueprints.users import describe_user
from dbaas.engines.postgres.databases import Databases
from dbaas.engines.postgres.extensions import Extensions
from dbaas.engines.postgres.options.databases import DatabaseOptions
from dbaas.engines.postgres.options.instances import InstanceOptions
from dbaas.engines.postgres.options.roles import UserOptions
from dbaas.engines.postgres.privileges.parts import DatabasePrivileges, Privileges
from dbaas.engines.postgres.probe import probe
from dbaas.engines.postgres.relations import Relations
from dbaas.engines.postgres.roles import Roles, proof_of
from dbaas.engines.postgres.rules import RULES
from dbaas.engines.postgres.schemas import Schemas
from dbaas.engines.postgres.server import PORT, PostgresServer
from dbaas.engines.postgres.session import DEFAULT_DATABASE, PostgresConnect

VERIFIER_THREADS = 2


def build_engine(offload: Offload) -> Engine:
    """`offload` is where verifiers of passwords are made, some milliseconds each."""
    return Engine(
        name=parts.ENGINE_NAME,
        aliases=frozenset({"postgresql"}),
        default_port=PORT.number,
        default_database=DEFAULT_DATABASE,
        blocks={"DatabaseInstance": InstanceOptions, "Database": DatabaseOptions, "DatabaseUser": UserOptions},
        parts={
            parts.DATABASES: Databases(),
            parts.SCHEMAS: Schemas(),
            parts.EXTENSIONS: Extensions(),
            parts.ROLES: Roles(),
            parts.RELATIONS: Relations(),
            parts.PRIVILEGES: Privileges(),
            parts.DATABASE_PRIVILEGES: DatabasePrivileges(),
        },
        blueprints={
            "Database": describe_database,
            "DatabaseUser": describe_user,
            "DatabaseGrant": describe_grant,
        },
        rules=RULES,
        connect=PostgresConnect(offload),
        probe=probe,
        server=PostgresServer(),
        client=client.start_client,
        credentials=client.publish,
        login_proof=proof_of,
    )


ENGINE = build_engine(ThreadOffload(VERIFIER_THREADS, "postgres"))
