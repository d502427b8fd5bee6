"""What is refused in a DatabaseUser of any engine: templates that cannot be used, and what is not built yet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dbaas.api.user import DatabaseUserSpec, PasswordSecret
from dbaas.contracts.admission import Review, Violation
from dbaas.manifests.secrets import LOGIN_VARIABLES
from dbaas.manifests.template_source import InvalidTemplate
from dbaas.manifests.templates import parse_template

_PATH = "spec.passwordSecret"
_NOT_SUPPORTED = "FieldValueNotSupported"
_DATA_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
_PREFIX = r"(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?"
_WORD = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_LABEL_KEY, _LABEL_VALUE = re.compile(_PREFIX + _WORD), re.compile(f"(?:{_WORD})?")
_RESERVED = "dbaas.io/"


def secret_can_be_made(review: Review, spec: DatabaseUserSpec) -> Iterator[Violation]:
    """Where it shall be, and of what shape."""
    wanted = spec.password_secret
    own = str((review.new or {}).get("metadata", {}).get("namespace", ""))
    if wanted.secret_namespace not in (None, own):
        yield Violation(
            f"{_PATH}.secretNamespace",
            "so far no namespace can consent to get a Secret from another one: leave it out, and let the application "
            "be in the namespace of its user",
            _NOT_SUPPORTED,
        )
    if wanted.format != "kubernetes":
        message = f"{wanted.format} is not supported yet: kubernetes publishes a Secret"
        yield Violation(f"{_PATH}.format", message, _NOT_SUPPORTED)
    if spec.password_rotation is not None and spec.password_rotation.enabled:
        message = "passwords are not rotated yet: delete the Secret to get a new one, or leave this out"
        yield Violation("spec.passwordRotation", message, _NOT_SUPPORTED)
    yield from _check_template(wanted)


def _check_template(wanted: PasswordSecret) -> Iterator[Violation]:
    template, path = wanted.secret_template, f"{_PATH}.secretTemplate"
    if template is None:
        return
    for name, source in template.data.items():
        field = f"{path}.data[{name}]"
        if not _DATA_KEY.fullmatch(name):
            yield Violation(field, "the name of a key has letters, digits, - _ and . only")
        if name == wanted.key and re.sub(r"\s", "", source) not in ("{{.Password}}", "{{-.Password-}}"):
            message = (
                "this key holds the password itself: name another key in passwordSecret.key, or write {{ .Password }}"
            )
            yield Violation(field, message)
        try:
            parse_template(source, LOGIN_VARIABLES)
        except InvalidTemplate as error:
            yield Violation(field, error.message)
    yield from _check_labels(f"{path}.labels", template.labels)
    for name in template.annotations:
        yield from _check_key(f"{path}.annotations[{name}]", name)


def _check_labels(path: str, labels: Mapping[str, str]) -> Iterator[Violation]:
    for name, value in labels.items():
        yield from _check_key(f"{path}[{name}]", name)
        if not _LABEL_VALUE.fullmatch(value):
            yield Violation(
                f"{path}[{name}]", "a label has at most 63 letters, digits, - _ and ., the first and last no sign"
            )


def _check_key(field: str, name: str) -> Iterator[Violation]:
    if not _LABEL_KEY.fullmatch(name):
        yield Violation(field, "the name is a word of at most 63 characters, with a domain and / before it or not")
    elif name.startswith(_RESERVED) or name == "app.kubernetes.io/managed-by":
        yield Violation(field, "this name is for ourselves: choose another", "FieldValueForbidden")
