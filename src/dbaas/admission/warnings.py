"""What is taken, and its writer is told of."""

from __future__ import annotations

from collections.abc import Iterator

from dbaas.admission.monitoring import find_unused_login
from dbaas.admission.operations import find_undone
from dbaas.contracts.admission import Review
from dbaas.core.redaction import mask_passwords


def find_warnings(review: Review) -> Iterator[str]:
    """What it takes back that an operation has done, and passwords in SQL that all may read who may read the object.

    The second of any group that has SQL in a database.
    """
    yield from find_undone(review)
    yield from find_unused_login(review)
    spec = (review.new or {}).get("spec") or {}
    texts = (spec.get("initSQL") or {}).get("inline") or ()
    for number, text in enumerate(texts):
        if isinstance(text, str) and mask_passwords(text) != text:
            yield (
                f"spec.initSQL.inline[{number}]: a password is written out here, for all who may read this object: put "
                "the text into a Secret, named in spec.initSQL.secretRef, or let a DatabaseUser have a password made"
            )
