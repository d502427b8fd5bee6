"""One module or package per kind: from an object to what is true, and what was done about it."""

from dbaas.controllers.assembly import build_controllers, instance_waker

__all__ = ["build_controllers", "instance_waker"]
