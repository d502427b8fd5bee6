"""OpsRequest: each operation is noted before it acts, acts once, and has succeeded when the cluster says so.

Each step is a module: `request` (what is asked for, read), `turn` (whether it may begin), `record` (the status, pure),
`ending`, `watching` (whether somebody has undone it, pure), and `controller` that puts them in order. For what a
catalogue declares there are `declared` (what is run, pure), `deciding` (what is next, pure), `runs` (what is on its
way), `sessions` (the server), and `customs` that puts these in order.
"""

from dbaas.controllers.operation.controller import OperationController

__all__ = ["OperationController"]
