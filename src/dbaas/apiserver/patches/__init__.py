"""The three patch languages of the Kubernetes API other than apply."""

from __future__ import annotations

from dbaas.apiserver.patches.json_patch import json_patch
from dbaas.apiserver.patches.merge_patch import merge_patch
from dbaas.apiserver.patches.refusals import PatchRefused
from dbaas.apiserver.patches.strategic import strategic_merge_patch

__all__ = ["PatchRefused", "json_patch", "merge_patch", "strategic_merge_patch"]
