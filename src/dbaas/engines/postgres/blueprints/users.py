"""Which things a DatabaseUser stands for: a role, what it is a member of, and what its sessions begin with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.engine import Item, References
from dbaas.engines.postgres.blueprints.parts import ENGINE_NAME, ROLES, SETTINGS, filled, need_database, need_role
from dbaas.engines.postgres.blueprints.privileges import describe_privileges
from dbaas.engines.postgres.blueprints.roles import describe_memberships, read_attributes
from dbaas.engines.postgres.options.roles import UserOptions
from dbaas.engines.postgres.roles import WORDS, DesiredRole
from dbaas.engines.postgres.settings import DEFAULT_ROLE, DesiredSettings, Setting


def describe_user(spec: DatabaseUserSpec, references: References) -> tuple[Item, ...]:
    """The role first. What belongs to it goes with it."""
    name = filled(spec.username)
    options = UserOptions.model_validate(spec.block(ENGINE_NAME))
    said = dict(map(WORDS.__getitem__, spec.server_privileges))
    attributes = replace(read_attributes(options, options.login is not False), **said)
    desired = DesiredRole(
        name, attributes, options.connection_limit, options.valid_until,
        references.login, always_logs_in=True,
    )  # fmt: skip
    return (
        Item(ROLES, None, name, desired, exclusive=True),
        *describe_memberships(name, spec.memberships, [*spec.roles, *options.in_roles]),
        *_describe_settings(name, options),
        *describe_privileges(spec.privileges, name, references),
    )


def _describe_settings(name: str, options: UserOptions) -> Iterator[Item]:
    settings = tuple(_settings(options))
    if not settings:
        return
    needs = [need_database(each.database) for each in options.database_config_parameters]
    if options.default_role is not None:
        needs.append(need_role(options.default_role))
    yield Item(SETTINGS, None, name, DesiredSettings(name, settings), tuple(needs), dropped=False)


def _settings(options: UserOptions) -> Iterator[Setting]:
    if options.default_role is not None:
        yield Setting(None, DEFAULT_ROLE, options.default_role)
    for parameter, value in sorted(options.config_parameters.items()):
        yield Setting(None, parameter, value)
    for each in sorted(options.database_config_parameters, key=lambda each: each.database):
        for parameter, value in sorted(each.config_parameters.items()):
            yield Setting(each.database, parameter, value)
