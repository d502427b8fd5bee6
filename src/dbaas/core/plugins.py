"""Finds what is plugged in: the modules of a package that export a name, and entry points of other distributions.

So a plugin is added by adding a folder, and by no edit elsewhere.
"""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import entry_points

from dbaas.core.errors import DbaasError


class BadPlugin(DbaasError):
    """A plugin is there and cannot be used."""

    reason = "BadPlugin"


def find_plugins(package: str, attribute: str, group: str) -> list[object]:
    """`attribute` of each module in `package`, in order of their names, then what entry points of `group` load.

    A module is a package of its own and exports the name itself. Raises BadPlugin where one does not or cannot be
    imported.
    """
    folder = importlib.import_module(package)
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__))
    found = [_load(f"{package}.{name}", attribute) for name in names]
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        try:
            found.append(point.load())
        except (ImportError, AttributeError) as error:
            raise BadPlugin(f"cannot load plugin {point.name!r} of {group}: {error}") from error
    return found


def _load(name: str, attribute: str) -> object:
    try:
        module: object = importlib.import_module(name)
        return getattr(module, attribute)
    except (ImportError, AttributeError) as error:
        raise BadPlugin(f"cannot load plugin {name}: {error}") from error
