"""PostgreSQL as a record of parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from dbaas.contracts.engine import Blueprint, Engine, Managed
from dbaas.core.offload import Offload, ThreadOffload
from dbaas.engines.postgres import client, inventory
from dbaas.engines.postgres.access.parts import PostgresReviewing
from dbaas.engines.postgres.adopting import PostgresAdopting
from dbaas.engines.postgres.belongings import Belongings
from dbaas.engines.postgres.blueprints import parts
from dbaas.engines.postgres.blueprints.databases import describe_database
from dbaas.engines.postgres.blueprints.grants import describe_grant
from dbaas.engines.postgres.blueprints.roles import describe_role
from dbaas.engines.postgres.blueprints.schemas import describe_schema
from dbaas.engines.postgres.blueprints.users import describe_user
from dbaas.engines.postgres.boundaries import BOUNDARIES
from dbaas.engines.postgres.comments import TAGGING, DatabaseComments, RoleComments
from dbaas.engines.postgres.companions import describe_companions
from dbaas.engines.postgres.contents import Contents
from dbaas.engines.postgres.custom_statements import PostgresCustomStatements
from dbaas.engines.postgres.databases import DatabaseQuarantine, Databases
from dbaas.engines.postgres.extensions import Extensions
from dbaas.engines.postgres.hindrances import find_hindrance
from dbaas.engines.postgres.memberships import Memberships
from dbaas.engines.postgres.options.databases import DatabaseOptions
from dbaas.engines.postgres.options.grants import GrantOptions
from dbaas.engines.postgres.options.instances import InstanceOptions
from dbaas.engines.postgres.options.roles import RoleOptions, UserOptions
from dbaas.engines.postgres.partings import part_from_role
from dbaas.engines.postgres.pooling import prepare_pooler
from dbaas.engines.postgres.privileges.parts import DatabasePrivileges, LargeObjectPrivileges, Privileges
from dbaas.engines.postgres.probe import probe
from dbaas.engines.postgres.ready_made import OPERATIONS
from dbaas.engines.postgres.relations import Relations
from dbaas.engines.postgres.replication.horizon import find_horizon
from dbaas.engines.postgres.resolving import NAME_THREADS, Names
from dbaas.engines.postgres.roles import Roles, bar_of, proof_of
from dbaas.engines.postgres.rules import RULES, VERSION_RULES
from dbaas.engines.postgres.schemas import Schemas
from dbaas.engines.postgres.scripts import PostgresScripts
from dbaas.engines.postgres.server import PORT, PostgresServer
from dbaas.engines.postgres.session import DEFAULT_DATABASE, PostgresConnect
from dbaas.engines.postgres.settings import Settings

VERIFIER_THREADS = 2

BLOCKS: Mapping[str, type[BaseModel]] = {
    "DatabaseInstance": InstanceOptions,
    "ClusterDatabaseInstance": InstanceOptions,
    "Database": DatabaseOptions,
    "DatabaseUser": UserOptions,
    "DatabaseRole": RoleOptions,
    "ClusterDatabaseRole": RoleOptions,
    "DatabaseGrant": GrantOptions,
    "ClusterDatabaseGrant": GrantOptions,
}
PARTS: Mapping[str, Managed[Any, Any]] = {
    parts.DATABASES: Databases(),
    parts.SCHEMAS: Schemas(),
    parts.EXTENSIONS: Extensions(),
    parts.ROLES: Roles(),
    parts.MEMBERSHIPS: Memberships(),
    parts.SETTINGS: Settings(),
    parts.BELONGINGS: Belongings(),
    parts.RELATIONS: Relations(),
    parts.CONTENTS: Contents(),
    parts.PRIVILEGES: Privileges(),
    parts.LARGE_OBJECT_PRIVILEGES: LargeObjectPrivileges(),
    parts.DATABASE_PRIVILEGES: DatabasePrivileges(),
    parts.DATABASE_COMMENTS: DatabaseComments(),
    parts.ROLE_COMMENTS: RoleComments(),
}
BLUEPRINTS: Mapping[str, Blueprint] = {
    "Database": describe_database,
    "DatabaseSchema": describe_schema,
    "DatabaseUser": describe_user,
    "DatabaseRole": describe_role,
    "ClusterDatabaseRole": describe_role,
    "DatabaseGrant": describe_grant,
    "ClusterDatabaseGrant": describe_grant,
}


def build_engine(offload: Offload, naming: Offload | None = None) -> Engine:
    """`offload` is where verifiers of passwords are made, some milliseconds each.

    `naming` is where names of hosts are looked up, which may take long; the same by default.
    """
    connect = PostgresConnect(offload, names=Names(naming or offload))
    return Engine(
        name=parts.ENGINE_NAME,
        aliases=frozenset({"postgresql"}),
        default_port=PORT.number,
        default_database=DEFAULT_DATABASE,
        blocks=BLOCKS,
        parts=PARTS,
        blueprints=BLUEPRINTS,
        rules=RULES,
        version_rules=VERSION_RULES,
        partings=dict.fromkeys(("DatabaseUser", "DatabaseRole", "ClusterDatabaseRole"), part_from_role),
        connect=connect,
        probe=probe,
        server=PostgresServer(),
        client=client.start_client,
        credentials=client.publish,
        login_proof=proof_of,
        login_bar=bar_of,
        boundaries=BOUNDARIES,
        inventory_parts=inventory.PARTS,
        take_inventory=inventory.take_inventory,
        scripts=PostgresScripts(connect),
        quarantine=DatabaseQuarantine(),
        companions={"Database": describe_companions},
        reviewing=PostgresReviewing(),
        adopting=PostgresAdopting(),
        tagging=TAGGING,
        prepare_pooler=prepare_pooler,
        find_horizon=find_horizon,
        find_hindrance=find_hindrance,
        custom_statements=PostgresCustomStatements(connect),
        operations=OPERATIONS,
    )


ENGINE = build_engine(ThreadOffload(VERIFIER_THREADS, "postgres"), naming=ThreadOffload(NAME_THREADS, "postgres-names"))
