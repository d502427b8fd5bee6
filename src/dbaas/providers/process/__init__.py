"""The provider of this machine: servers are plain processes, made as Process objects that the laptop's agent runs."""

from __future__ import annotations

from dbaas.contracts.provider import Provider
from dbaas.providers.process.provider import ProcessProvider

PROVIDER: Provider = ProcessProvider()
