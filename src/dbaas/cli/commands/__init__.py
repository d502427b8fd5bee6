"""The commands of the command line, one module each: options as a dataclass, and a function `run` that takes them.

A module is imported when its command is called; this table is enough to list them all.
"""

from __future__ import annotations

from collections.abc import Mapping

SUMMARIES: Mapping[str, str] = {
    "up": "Start the control plane and servers on this machine.",
    "down": "Stop the control plane and servers on this machine.",
    "status": "Show what runs, and whether all of it is ready.",
    "apply": "Create or change objects from manifests.",
    "get": "Show objects.",
    "describe": "Tell all about objects.",
    "delete": "Delete objects.",
    "wait": "Wait until objects are ready, or gone.",
    "events": "Show what happened, newest last.",
    "logs": "Show what the servers of a cluster print.",
    "plan": "Show what apply would change: objects and exact SQL.",
    "validate": "Check manifests without a server.",
    "convert": "Turn manifests of other API groups into ours, for good.",
    "op": "Restart, stop, resize or reconfigure a cluster, once.",
    "connect": "Open a database in its own client.",
    "credentials": "Show the login of a user as its Secret has it.",
    "access": "Show who can do what, through which path, and which manifest says so.",
    "adopt": "Show what is on a server, and write manifests that leave it as it is.",
    "install": "Install the operator into a Kubernetes cluster, or bring it up to date.",
    "uninstall": "Take the operator out of a Kubernetes cluster.",
    "operator": "Run the controllers in a Kubernetes cluster.",
    "kubeconfig": "Print the path of the laptop's kubeconfig.",
    "explain": "Explain a kind or one of its fields.",
    "version": "Show the version of this program.",
}
"""By name, in the order in which people meet them; the text is the first line of the docstring of `run`."""
