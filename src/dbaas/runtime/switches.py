"""Which controllers run in a process, as a flag says it."""

from __future__ import annotations

from collections.abc import Collection

from dbaas.core.errors import DbaasError

ALL = "*"


class UnknownController(DbaasError):
    """The flag names a controller that there is not."""

    reason = "UnknownController"


def choose_controllers(text: str, known: Collection[str]) -> frozenset[str]:
    """Names separated by commas, as kube-controller-manager's `--controllers` takes them: `*` stands for all of them,
    `-name` leaves one out, and without `*` only those run that are named. Raises UnknownController.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    off = {word[1:] for word in words if word.startswith("-")}
    on = {word for word in words if not word.startswith("-")} - {ALL}
    if unknown := sorted((on | off) - set(known)):
        raise UnknownController(f"no controller is named {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    return frozenset((set(known) if ALL in words else on) - off)
