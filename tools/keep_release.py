"""Keeps what is about to be released in tests/released, so that every later version is tried on it.

    python tools/keep_release.py

Definitions as they are installed, and an object of each kind that the samples have, as people of that version wrote
them. To be done once for each version, when it is released; what is kept of earlier ones is never written again.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
import yaml

from dbaas.app.cluster import build_definitions, find_cluster_registry

ROOT = Path(__file__).resolve().parents[1]
RELEASED = ROOT / "tests" / "released"


def main() -> int:
    folder = RELEASED / version("dbaas")
    folder.mkdir(parents=True, exist_ok=True)
    definitions = [dict(each) for each in build_definitions(find_cluster_registry())]
    kinds = {(each["spec"]["group"], each["spec"]["names"]["kind"]) for each in definitions}
    objects = [body for body in _samples() if (body["apiVersion"].partition("/")[0], body["kind"]) in kinds]
    (folder / "definitions.json.gz").write_bytes(gzip.compress(orjson.dumps(definitions), mtime=0))
    (folder / "objects.yaml").write_text(yaml.safe_dump_all(objects, sort_keys=False, allow_unicode=True, width=120))
    print(f"kept {len(definitions)} definitions and {len(objects)} objects in {folder.relative_to(ROOT)}")
    return 0


def _samples() -> Iterator[dict[str, Any]]:
    """Each under a name of its own: nothing acts on them."""
    for number, file in enumerate(sorted((ROOT / "samples").rglob("*.yaml"))):
        for body in filter(None, yaml.safe_load_all(file.read_text())):
            yield {**body, "metadata": {**body["metadata"], "name": f"{body['metadata']['name']}-{number}"}}


if __name__ == "__main__":
    sys.exit(main())
