"""The group as a record of its kinds."""

from __future__ import annotations

from functools import partial

from dbaas.api.database import DATABASE
from dbaas.api.grant import CLUSTER_DATABASE_GRANT, DATABASE_GRANT
from dbaas.api.instance import CLUSTER_DATABASE_INSTANCE, DATABASE_INSTANCE
from dbaas.api.kinds import Definition
from dbaas.api.resource import Kind
from dbaas.api.role import CLUSTER_DATABASE_ROLE, DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.dialect import Dialect, ForeignKind, Reflect, Translate
from dbaas.dialects.dbops.annotations import is_paused
from dbaas.dialects.dbops.databases import reflect_database, translate_database
from dbaas.dialects.dbops.grants import WORDS, reflect_grant, translate_grant
from dbaas.dialects.dbops.instances import reflect_instance, translate_instance
from dbaas.dialects.dbops.models import database, grant, instance, role, user
from dbaas.dialects.dbops.models.blocks import GROUP
from dbaas.dialects.dbops.roles import reflect_role, translate_role
from dbaas.dialects.dbops.users import reflect_user, translate_user
from dbaas.dialects.dbops.words import tell_end

_NO_BACKUPS = "this version makes no backups yet, so it serves none of the group's kinds for them"


def _serve(
    definition: Definition, finalizer: str, becomes: Kind, translate: Translate, reflect: Reflect,
    deleted: str = "Deleted",
) -> ForeignKind:  # fmt: skip
    return ForeignKind(
        definition,
        f"{GROUP}/{finalizer}-protection",
        (becomes,),
        translate,
        reflect,
        is_paused=is_paused,
        ended=partial(tell_end, reason=deleted),
    )


_INSTANCE = (translate_instance, reflect_instance)
_ROLE = (translate_role, reflect_role)
_GRANT = (translate_grant, reflect_grant, WORDS.deleted)
DIALECT = Dialect(
    GROUP,
    (
        _serve(instance.DEFINITION, "instance", DATABASE_INSTANCE, *_INSTANCE),
        _serve(instance.CLUSTER_DEFINITION, "cluster-instance", CLUSTER_DATABASE_INSTANCE, *_INSTANCE),
        _serve(database.DEFINITION, "database", DATABASE, translate_database, reflect_database),
        _serve(user.DEFINITION, "user", DATABASE_USER, translate_user, reflect_user),
        _serve(role.DEFINITION, "role", DATABASE_ROLE, *_ROLE),
        _serve(role.CLUSTER_DEFINITION, "cluster-role", CLUSTER_DATABASE_ROLE, *_ROLE),
        _serve(grant.DEFINITION, "grant", DATABASE_GRANT, *_GRANT),
        _serve(grant.CLUSTER_DEFINITION, "cluster-grant", CLUSTER_DATABASE_GRANT, *_GRANT),
    ),
    lacking=dict.fromkeys(("DatabaseBackup", "DatabaseBackupSchedule", "DatabaseRestore"), _NO_BACKUPS),
)
