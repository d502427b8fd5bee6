"""Words of a command line as the spec of an OpsRequest: `reconfigure main work_mem=8MB`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dbaas.cli.exits import WrongUsage
from dbaas.cli.suggestions import suggest

Given = Mapping[str, str]
Spec = dict[str, Any]


@dataclass(frozen=True)
class Word:
    """What people call an operation, and what they may give it: each `needed` or `known` as NAME=VALUE.

    The value of `bare` may also stand alone.
    """

    type: str
    build: Callable[[Given], Spec] = lambda given: {}
    needed: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    takes_any: bool = False
    bare: str = ""

    def usage(self) -> str:
        """Behind the name of the cluster."""
        free = ("NAME=VALUE",) if self.takes_any else ()
        bare = self.bare.upper() if self.bare in self.needed else f"[{self.bare.upper()}]"
        needed = [f"{name}=…" for name in self.needed if name != self.bare]
        known = [f"[{name}=…]" for name in self.known if name != self.bare]
        return " ".join([*([bare] if self.bare else []), *free, *needed, *known])


def _scale(given: Given) -> Spec:
    if not given["replicas"].isdigit():
        raise WrongUsage(f"replicas: {given['replicas']!r} is no number")
    return {"horizontalScaling": {"replicas": int(given["replicas"])}}


def _resize(given: Given) -> Spec:
    if not given:
        raise WrongUsage("say what it shall have: cpu=2 memory=4Gi")
    requests = {name: value for name, value in given.items() if "-" not in name}
    limits = {name.removesuffix("-limit"): value for name, value in given.items() if "-" in name}
    parts = {"requests": requests, "limits": limits}
    return {"verticalScaling": {"resources": {name: value for name, value in parts.items() if value}}}


def _reconfigure(given: Given) -> Spec:
    if not given:
        raise WrongUsage("say which settings: NAME=VALUE")
    return {"reconfiguring": {"config": [{"name": name, "value": value} for name, value in given.items()]}}


def _expose(given: Given) -> Spec:
    port = given.get("port")
    if port is not None and not port.isdigit():
        raise WrongUsage(f"port: {port!r} is no number")
    return {"expose": {"type": given["type"], **({"port": int(port)} if port else {})}}


def _rebuild(given: Given) -> Spec:
    source = {"sourceInstance": given["source"]} if "source" in given else {}
    return {"rebuildInstance": {"instanceName": given["instance"], **source}}


def _custom(given: Given) -> Spec:
    parameters = {name: value for name, value in given.items() if name != "operation"}
    return {"custom": {"operation": given["operation"], **({"parameters": parameters} if parameters else {})}}


WORDS: Mapping[str, Word] = {
    "start": Word("Start"),
    "stop": Word("Stop"),
    "restart": Word("Restart"),
    "scale": Word("HorizontalScaling", _scale, ("replicas",), bare="replicas"),
    "resize": Word("VerticalScaling", _resize, known=("cpu", "memory", "cpu-limit", "memory-limit")),
    "expand": Word("VolumeExpansion", lambda given: {"volumeExpansion": dict(given)}, ("size",), bare="size"),
    "reconfigure": Word("Reconfiguring", _reconfigure, takes_any=True),
    "upgrade": Word(
        "Upgrade", lambda given: {"upgrade": {"targetVersion": given["version"]}}, ("version",), bare="version"
    ),
    "expose": Word("Expose", _expose, ("type",), ("port",), bare="type"),
    "switchover": Word(
        "Switchover",
        lambda given: {"switchover": {"targetInstance": given["to"]}} if given else {},
        known=("to",),
        bare="to",
    ),
    "rebuild": Word("RebuildInstance", _rebuild, ("instance",), ("source",), bare="instance"),
    "custom": Word("Custom", _custom, ("operation",), takes_any=True, bare="operation"),
}


def find_word(text: str) -> Word:
    """By the word or by the type, in any case. Raises WrongUsage."""
    lowered = text.lower().replace("-", "")
    for name, word in WORDS.items():
        if lowered in (name, word.type.lower()):
            return word
    hint = suggest(lowered, list(WORDS))
    raise WrongUsage("; ".join(filter(None, [f"there is no operation {text!r}", hint])), f"known: {', '.join(WORDS)}")


def build_spec(word: Word, cluster: str, words: Sequence[str]) -> Spec:
    """Raises WrongUsage where something is missing, or is not known."""
    given: dict[str, str] = {}
    for each in words:
        name, equals, value = each.partition("=")
        if not equals and word.bare and word.bare not in given:
            name, equals, value = word.bare, "=", each
        if not equals or not name:
            raise WrongUsage(f"{each!r} is no NAME=VALUE")
        given[name] = value
    missing = [name for name in word.needed if name not in given]
    unknown = [name for name in given if not word.takes_any and name not in (*word.needed, *word.known)]
    if missing or unknown:
        parts = (("missing", missing), ("unknown", unknown))
        what = "; ".join(f"{how}: {', '.join(names)}" for how, names in parts if names)
        raise WrongUsage(f"{word.type} of a cluster: {what}", f"write: CLUSTER {word.usage()}".rstrip())
    return {"clusterRef": {"name": cluster}, "type": word.type, **word.build(given)}
