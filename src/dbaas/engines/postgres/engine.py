"""PostgreSQL as a record of parts."""

from __future__ import annotations

from dbaas.contracts.engine import Engine
from dbaas.core.offload import Offload, ThreadOffload
from dbaas.engines.postgres import blueprints, client
from dbaas.engines.postgres.databases import Databases
from dbaas.engines.postgres.extensions import Extensions
from dbaas.engines.postgres.options import DatabaseOptions, InstanceOptions, UserOptions
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
        name=blueprints.ENGINE_NAME,
        aliases=frozenset({"postgresql"}),
        default_port=PORT.number,
        default_database=DEFAULT_DATABASE,
        blocks={"DatabaseInstance": InstanceOptions, "Database": DatabaseOptions, "DatabaseUser": UserOptions},
        parts={
            blueprints.DATABASES: Databases(),
            blueprints.SCHEMAS: Schemas(),
            blueprints.EXTENSIONS: Extensions(),
            blueprints.ROLES: Roles(),
            blueprints.RELATIONS: Relations(),
            blueprints.PRIVILEGES: Privileges(),
            blueprints.DATABASE_PRIVILEGES: DatabasePrivileges(),
        },
        blueprints={
            "Database": blueprints.describe_database,
            "DatabaseUser": blueprints.describe_user,
            "DatabaseGrant": blueprints.describe_grant,
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
