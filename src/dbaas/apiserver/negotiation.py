"""Content types: what a client wants to read (`Accept`) and what it sends (`Content-Type`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import orjson
import yaml

from dbaas.apiserver.failures import not_acceptable, unsupported_media_type

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
MEDIA_TYPES = (JSON, YAML)
BUILT_IN_MEDIA_TYPES = (JSON, YAML, PROTOBUF)  # only built-in kinds have a binary form, and it is only read
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
TABLE_GROUP = "meta.k8s.io"

Form = Literal["", "Table", "PartialObjectMetadata", "PartialObjectMetadataList", "APIGroupDiscoveryList"]


@dataclass(frozen=True)
class Wanted:
    """The representation to answer with: the object itself or, with `form`, another view of it at `version`."""

    media_type: str = JSON
    form: Form = ""
    version: str = "v1"


@lru_cache(maxsize=256)
def parse_accept(header: str, forms: tuple[Form, ...] = ()) -> Wanted:
    """The first acceptable choice in the order of the client. Raises Failure 406."""
    if not header:
        return Wanted()
    for choice in _by_preference(header):
        media_type, *parameters = (part.strip() for part in choice.split(";"))
        options = dict(parameter.split("=", 1) for parameter in parameters if "=" in parameter)
        if media_type in ("*/*", "application/*"):
            media_type = JSON
        if media_type not in MEDIA_TYPES:
            continue
        form = options.get("as", "")
        if not form:
            return Wanted(media_type)
        if form in forms and _is_served(form, options.get("g", ""), options.get("v", "")):
            return Wanted(media_type, form, options["v"])
    raise not_acceptable(MEDIA_TYPES)


def _by_preference(header: str) -> list[str]:
    choices = [choice.strip() for choice in header.split(",") if choice.strip()]
    return sorted(choices, key=lambda choice: -_quality(choice))


def _quality(choice: str) -> float:
    for parameter in choice.split(";")[1:]:
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _is_served(form: str, group: str, version: str) -> bool:
    if form == "APIGroupDiscoveryList":
        return group == "apidiscovery.k8s.io" and version in ("v2", "v2beta1")
    return group == TABLE_GROUP and version in ("v1", "v1beta1")


def media_type_of(headers: Mapping[str, str], default: str = JSON) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower() or default


def require_media_type(headers: Mapping[str, str], accepted: tuple[str, ...], default: str = JSON) -> str:
    """Raises Failure 415."""
    media_type = media_type_of(headers, default)
    if media_type not in accepted:
        raise unsupported_media_type(accepted)
    return media_type


def encode(value: Mapping[str, Any], media_type: str = JSON) -> bytes:
    if media_type == YAML:
        return yaml.dump(dict(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True).encode()
    return orjson.dumps(value)


def recode(body: bytes, media_type: str) -> bytes:
    """JSON bytes as this media type."""
    return body if media_type == JSON else encode(orjson.loads(body), media_type)


def parse_yaml(body: bytes) -> object:
    """YAML as Kubernetes reads it: times stay strings. Raises yaml.YAMLError."""
    return yaml.load(body, Loader=_Loader)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Never writes anchors: `kubectl` output has none."""

    def ignore_aliases(self, data: object) -> bool:
        return True


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Without the resolver for times."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
