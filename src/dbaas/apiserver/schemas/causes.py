"""What is wrong with an object, as the causes of a Kubernetes `Status` say it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """One entry of `status.details.causes`. `message` has no field in it; `str()` is how it reads in `status.message`.

    `reason` is a Kubernetes cause type: FieldValueInvalid, FieldValueRequired, FieldValueTypeInvalid,
    FieldValueNotSupported, FieldValueDuplicate, FieldValueTooLong, FieldValueTooMany, FieldValueForbidden.
    """

    field: str
    message: str
    reason: str = "FieldValueInvalid"

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"
