"""Types of fields that several blocks have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Identifier = Annotated[str, Field(min_length=1, max_length=63)]
