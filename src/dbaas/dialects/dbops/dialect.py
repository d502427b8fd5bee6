"""The group as a record of its kinds."""

from __future__ import annotations

from dbaas.api.database import DATABASE
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.dialect import Dialect, ForeignKind
from dbaas.dialects.dbops.annotations import is_paused
from dbaas.dialects.dbops.databases import reflect_database, translate_database
from dbaas.dialects.dbops.instances import reflect_instance, translate_instance
from dbaas.dialects.dbops.models import database, instance, user
from dbaas.dialects.dbops.models.blocks import GROUP
from dbaas.dialects.dbops.users import reflect_user, translate_user

DIALECT = Dialect(
    GROUP,
    (
        ForeignKind(
            instance.DEFINITION,
            f"{GROUP}/instance-protection",
            (DATABASE_INSTANCE,),
            translate_instance,
            reflect_instance,
            is_paused=is_paused,
        ),
        ForeignKind(
            database.DEFINITION,
            f"{GROUP}/database-protection",
            (DATABASE,),
            translate_database,
            reflect_database,
            is_paused=is_paused,
        ),
        ForeignKind(
            user.DEFINITION,
            f"{GROUP}/user-protection",
            (DATABASE_USER,),
            translate_user,
            reflect_user,
            is_paused=is_paused,
        ),
    ),
)
