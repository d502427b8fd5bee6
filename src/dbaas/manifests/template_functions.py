"""What templates of Secrets can call. All take and give texts; a condition holds where its text is not empty."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

TRUE = "true"


class WrongArgument(Exception):
    """A function cannot take this; the message does not quote it, because it may be a password."""


@dataclass(frozen=True)
class Function:
    """`most` None: any number."""

    apply: Callable[..., str]
    least: int = 1
    most: int | None = 1

    def takes(self, count: int) -> bool:
        return self.least <= count and (self.most is None or count <= self.most)

    @property
    def counted(self) -> str:
        """For people: how many arguments it takes."""
        if self.most == self.least:
            return f"{self.least} argument" + ("" if self.least == 1 else "s")
        return f"at least {self.least} arguments" if self.most is None else f"{self.least} to {self.most} arguments"


def encode_json(text: str) -> str:
    """As Go's encoder does: fit to be put into a page, so some signs are escaped that need not be."""
    encoded = json.dumps(text, ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        encoded = encoded.replace(sign, f"\\u{ord(sign):04x}")
    return encoded


def decode_base64(text: str) -> str:
    """Raises WrongArgument where it is not the standard form of some text."""
    try:
        return base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True).decode()
    except (binascii.Error, ValueError):
        raise WrongArgument("it is not base64 of a text") from None


def quote_for_shell(text: str) -> str:
    """In single quotes, as a shell reads it."""
    return "'" + text.replace("'", "'\\''") + "'"


def join(*texts: str) -> str:
    """All but the last, with the last between them."""
    *elements, separator = texts
    return separator.join(elements)


def find_empty(*texts: str) -> str:
    """The first that is empty, else the last."""
    return next((text for text in texts if not text), texts[-1])


def find_filled(*texts: str) -> str:
    """The first that is not empty, else the last."""
    return next((text for text in texts if text), texts[-1])


FUNCTIONS: dict[str, Function] = {
    "urlEncode": Function(lambda text: quote_plus(text, safe="")),
    "urlPathEncode": Function(lambda text: quote(text, safe="$&+=:@")),
    "base64Encode": Function(lambda text: base64.b64encode(text.encode()).decode()),
    "base64Decode": Function(decode_base64),
    "upper": Function(str.upper),
    "lower": Function(str.lower),
    "title": Function(lambda text: text[:1].upper() + text[1:]),
    "trim": Function(str.strip),
    "trimPrefix": Function(str.removeprefix, 2, 2),
    "trimSuffix": Function(str.removesuffix, 2, 2),
    "replace": Function(lambda text, old, new: text.replace(old, new), 3, 3),
    "quote": Function(encode_json),
    "squote": Function(quote_for_shell),
    "default": Function(lambda fallback, text: text or fallback, 2, 2),
    "toJson": Function(encode_json),
    "join": Function(join, 2, None),
    "eq": Function(lambda text, *others: TRUE if text in others else "", 2, None),
    "ne": Function(lambda text, other: TRUE if text != other else "", 2, 2),
    "not": Function(lambda text: "" if text else TRUE),
    "and": Function(find_empty, 1, None),
    "or": Function(find_filled, 1, None),
}
