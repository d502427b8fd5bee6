"""Which texts are names, keys and values of labels, and why others are not, in the words of Kubernetes.

Source: apimachinery, `util/validation/validation.go`.
"""

from __future__ import annotations

import re

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LONGEST_LABEL = 63
KEY_TEXT = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED}')"
)
_TEXT = {
    "subdomain": (
        re.compile(_SUBDOMAIN),
        253,
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
        f"and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')",
    ),
    "label": (
        re.compile(_LABEL),
        _LONGEST_LABEL,
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
        f"with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')",
    ),
    "label1035": (
        re.compile(_LABEL_1035),
        _LONGEST_LABEL,
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
        "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation "
        f"is '{_LABEL_1035}')",
    ),
}


def name_problems(rule: str, name: str, *, is_prefix: bool = False) -> list[str]:
    """`rule` is subdomain, label or label1035. What is generated from a prefix may follow its dash."""
    pattern, longest, text = _TEXT[rule]
    if is_prefix and len(name) > 1 and name.endswith("-"):
        name = name[:-2] + "a"
    found = [f"must be no more than {longest} characters"] if len(name.encode()) > longest else []
    if not pattern.fullmatch(name):
        is_subdomain = rule == "label" and _TEXT["subdomain"][0].fullmatch(name)
        found.append("must not contain dots" if is_subdomain else text)
    return found


def key_problems(key: str, what: str = "qualified name") -> list[str]:
    """Of a name such as `example.com/part`."""
    domain, slash, name = key.partition("/") if "/" in key else ("", "", key)
    if "/" in name:
        return [f"a {what} {KEY_TEXT} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    found = []
    if slash and not domain:
        found.append("prefix part must be non-empty")
    elif slash:
        found += [f"prefix part {each}" for each in name_problems("subdomain", domain)]
    if not name:
        found.append("name part must be non-empty")
    elif len(name.encode()) > _LONGEST_LABEL:
        found.append("name part must be no more than 63 bytes")
    if not re.fullmatch(_QUALIFIED, name):
        found.append(f"name part {KEY_TEXT}")
    return found


def label_value_problems(value: str) -> list[str]:
    found = ["must be no more than 63 bytes"] if len(value.encode()) > _LONGEST_LABEL else []
    if not re.fullmatch(f"({_QUALIFIED})?", value):
        found.append(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
            "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used "
            f"for validation is '({_QUALIFIED})?')"
        )
    return found
