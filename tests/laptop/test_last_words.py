"""Of much that is printed, the line that says why."""

from __future__ import annotations

import pytest

from dbaas.laptop.last_words import find_last_words


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ("", ""),
        ("one\n\n  two  \n", "two"),
        ("LOG:  starting\nFATAL:  no space\nAborted\n", "FATAL:  no space"),
        ("FATAL:  first\nPANIC:  second\nchild exited\n", "PANIC:  second"),
        ("FATAL:  bad file\nDETAIL:  line 3\nLOG:  bye", "FATAL:  bad file; DETAIL:  line 3"),
        (
            'LOG:  x\n{"error_severity":"FATAL","message":"no","detail":"line 3"}\n{"message":"bye"}',
            "FATAL:  no; DETAIL:  line 3",
        ),
        ('{"message":"bye"}', "LOG:  bye"),
        ('{"half": "FATAL', '{"half": "FATAL'),
        ("making ... ok\nmake: error: no such locale\nmake: removing contents", "make: error: no such locale"),
    ],
)
def test_the_line_that_says_why_is_found(printed: str, words: str) -> None:
    assert find_last_words(printed) == words
