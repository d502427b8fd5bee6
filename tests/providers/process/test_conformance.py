"""What every provider keeps to, for processes."""

from __future__ import annotations

import pytest

from conformance.provider import ProviderSuite
from dbaas.contracts.provider import Provider
from dbaas.providers.process.provider import ProcessProvider


class TestProcessProvider(ProviderSuite):
    """The suite."""

    @pytest.fixture
    def provider(self) -> Provider:
        return ProcessProvider()
