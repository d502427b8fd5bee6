"""engines.md: what each engine and each provider can do, from their own records."""

from __future__ import annotations

from dbaas.api.kinds import DEFINITIONS
from dbaas.contracts.engine import Engine
from dbaas.contracts.provider import Provider
from dbaas.contracts.registry import Registry
from reference.markdown import code, document, table

INTRODUCTION = """
An engine is a record of parts; a part that is missing is a capability that is missing, and asking for it is refused
with a sentence made from these tables. The fields of an engine's own blocks are in [kinds](kinds.md).
"""


def page(registry: Registry, *elsewhere: Registry) -> str:
    """`elsewhere` has the providers of other sites; engines are the same everywhere."""
    engines = tuple(engine for _, engine in sorted(registry.engines.items()))
    rows = table(("What", *(e.name for e in engines)), _rows(engines))
    found = {name: provider for each in (registry, *elsewhere) for name, provider in each.providers.items()}
    providers = [_provider(provider) for _, provider in sorted(found.items())]
    return document("Engines and providers", INTRODUCTION, "## Engines", rows, *providers)


def _rows(engines: tuple[Engine, ...]) -> list[tuple[str, ...]]:
    parts = sorted({part for engine in engines for part in engine.parts})
    return [
        ("also called", *(", ".join(sorted(e.aliases - {e.name})) for e in engines)),
        ("versions of clusters on a laptop", *(", ".join(e.server.versions) if e.server else "–" for e in engines)),
        ("versions of clusters on Kubernetes", *(", ".join(e.server.images) if e.server else "–" for e in engines)),
        *(
            (f"{d.kind.kind} of it", *(_yes(d.kind.kind in e.blueprints) for e in engines))
            for d in DEFINITIONS
            if any(d.kind.kind in e.blueprints for e in engines)
        ),
        *((f"part: {part}", *(_yes(part in e.parts) for e in engines)) for part in parts),
        ("`dbaas connect`", *(_yes(e.client is not None) for e in engines)),
    ]


def _provider(provider: Provider) -> str:
    rows = [(c.name, code(c.field), _answer(c.missing)) for c in provider.capabilities]
    header = ("What a cluster may ask for", "Field", "Answer")
    return f"## Provider {code(provider.name)}\n\n{table(header, rows)}"


def _answer(missing: str) -> str:
    return f"refused: {missing}" if missing else "yes"


def _yes(there: bool) -> str:
    return "yes" if there else "–"
