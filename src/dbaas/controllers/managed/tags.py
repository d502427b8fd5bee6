"""Tags: where a server is asked to show which object stands for a thing, each such thing has one more item."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from dbaas.api.instance import COMMENT_VARIABLES
from dbaas.api.resource import Resource
from dbaas.contracts.engine import Engine, Item
from dbaas.contracts.reconcile import Refused
from dbaas.controllers.managed.resolution import Resolved
from dbaas.manifests.template_source import InvalidTemplate
from dbaas.manifests.templates import Template, parse_template

OPERATOR = "dbaas"
LONGEST = 4096  # what is kept in the status must have room there


def with_tags(resolved: Resolved, items: Sequence[Item]) -> tuple[Item, ...]:
    """The items, and the tags of those that are the object's alone. Raises Refused where the text cannot be made."""
    tracking, tagging = resolved.server.spec.resource_tracking, resolved.server.engine.tagging
    if not tracking.enabled or tagging is None:
        return tuple(items)
    text = write_tag(tracking.comment_format, resolved.subject.resource)
    tags = (tagging.tag(item, text) for item in items if item.exclusive and text)
    return (*items, *(tag for tag in tags if tag is not None))


def write_tag(source: str, resource: Resource) -> str:
    """What is written to what the object stands for; empty where the template gives nothing. Raises Refused."""
    metadata = resource.metadata
    values = (OPERATOR, metadata.namespace, metadata.name, resource.kind.kind, metadata.uid)
    try:
        text = _read_template(source).render(dict(zip(COMMENT_VARIABLES, values, strict=True)))
    except InvalidTemplate as error:
        raise Refused(error.reason, f"spec.resourceTracking.commentFormat of the server: {error.message}") from error
    return text.strip()[:LONGEST]


def is_tag(engine: Engine, part: str) -> bool:
    """Whether the things of that part are tags."""
    return engine.tagging is not None and part in engine.tagging.parts


@lru_cache(maxsize=64)
def _read_template(source: str) -> Template:
    return parse_template(source, COMMENT_VARIABLES)
