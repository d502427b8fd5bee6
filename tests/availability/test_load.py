"""The client that writes, where nobody answers, and what is read of its notes."""

from __future__ import annotations

from availability.load import writing
from e2e.conftest import eventually
from fixtures.laptop import free_port


def test_a_client_that_nobody_answers_notes_each_refusal_and_goes_on_by_every_way() -> None:
    ways = {"rw": ("127.0.0.1", free_port()), "main": ("127.0.0.1", free_port())}
    with writing(ways, {"user": "nobody", "password": "none", "dbname": "none"}) as load:
        wanted = {way for name in ways for way in (name, f"{name}, patient")}
        eventually(lambda: {each.way for each in load.attempts if each.number != load.attempts[0].number} == wanted)
    assert {each.refusal for each in load.attempts} == {"OperationalError"}
    assert not load.has_written(0)
    assert load.find_takeover(0, "") is None
    assert all(each.began <= each.ended for each in load.attempts)
