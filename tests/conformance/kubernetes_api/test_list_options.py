"""Every combination of the options of lists and watches: what is answered and what is refused, and why."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import pytest
import pytest_asyncio

from conformance.kubernetes_api.conftest import GROUP, Widgets
from conformance.kubernetes_api.specimens import listed
from fixtures.control_plane import Answer

FIELD = "resourceVersionMatch: "
UNVERSIONED = f"{FIELD}Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
CONTINUED = f"{FIELD}Forbidden: resourceVersionMatch is forbidden when continue is provided"
ZERO = f'{FIELD}Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
UNKNOWN = f'{FIELD}Unsupported value: "About": supported values: "Exact", "NotOlderThan", ""'
UNSTREAMED = f"{FIELD}Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
UNMATCHED = f"{FIELD}Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
NOT_EXACT = f'{FIELD}Unsupported value: "Exact": supported values: "NotOlderThan"'
NOT_STREAMED = "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list"


@dataclass(frozen=True)
class History:
    """Widgets that were `a b c d` at version `past` and are `b c d e` now; `token` goes on after `c`."""

    widgets: Widgets
    past: str
    token: str

    async def get(self, **query: str) -> Answer:
        filled = {key: value.replace("PAST", self.past).replace("TOKEN", self.token) for key, value in query.items()}
        return await self.widgets.api.get(self.widgets.path, **filled)


@pytest_asyncio.fixture
async def history(widgets: Widgets) -> History:
    for name in "abcd":
        await widgets.create(name)
    past = (await widgets.api.get(widgets.path)).body["metadata"]["resourceVersion"]
    await widgets.create("e")
    await widgets.api.delete(widgets.at("a"))
    token = (await widgets.api.get(widgets.path, limit="2")).body["metadata"]["continue"]
    return History(widgets, past, token)


def names(answer: Answer) -> str:
    return "".join(item["metadata"]["name"] for item in answer.body["items"])


async def test_a_list_is_the_newest_or_the_past_and_in_pages_as_asked(history: History) -> None:
    for query, expected, remain in (
        ({}, "bcde", None),
        ({"resourceVersion": "", "limit": "2"}, "bc", 2),
        ({"resourceVersion": "0"}, "bcde", None),
        ({"resourceVersion": "0", "limit": "2"}, "bcde", None),
        ({"resourceVersion": "0", "resourceVersionMatch": "NotOlderThan", "limit": "2"}, "bcde", None),
        ({"resourceVersion": "PAST"}, "bcde", None),
        ({"resourceVersion": "PAST", "resourceVersionMatch": "NotOlderThan"}, "bcde", None),
        ({"resourceVersion": "PAST", "resourceVersionMatch": "NotOlderThan", "limit": "2"}, "bc", 2),
        ({"resourceVersion": "PAST", "resourceVersionMatch": "Exact"}, "abcd", None),
        ({"resourceVersion": "PAST", "resourceVersionMatch": "Exact", "limit": "3"}, "abc", 1),
        ({"resourceVersion": "PAST", "limit": "2"}, "ab", 2),
        ({"continue": "TOKEN"}, "de", None),
        ({"continue": "TOKEN", "resourceVersion": "0"}, "de", None),
        ({"limit": "-1"}, "bcde", None),
    ):
        answer = await history.get(**query)
        metadata = answer.body["metadata"]
        found = (names(answer), metadata.get("remainingItemCount"), bool(metadata.get("continue")))
        assert found == (expected, remain, remain is not None), query


async def test_all_that_does_not_go_together_is_named(history: History) -> None:
    for query, causes in (
        ({"resourceVersionMatch": "Exact"}, [UNVERSIONED]),
        ({"resourceVersionMatch": "NotOlderThan", "resourceVersion": ""}, [UNVERSIONED]),
        ({"resourceVersionMatch": "About"}, [UNVERSIONED, UNKNOWN]),
        ({"resourceVersionMatch": "About", "resourceVersion": "abc"}, [UNKNOWN]),
        ({"resourceVersionMatch": "Exact", "resourceVersion": "0"}, [ZERO]),
        ({"resourceVersionMatch": "Exact", "continue": "TOKEN"}, [UNVERSIONED, CONTINUED]),
        ({"resourceVersionMatch": "Exact", "resourceVersion": "0", "continue": "TOKEN"}, [CONTINUED, ZERO]),
        ({"resourceVersionMatch": "NotOlderThan", "resourceVersion": "PAST", "continue": "TOKEN"}, [CONTINUED]),
        ({"sendInitialEvents": "false"}, [NOT_STREAMED]),
        ({"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}, [UNVERSIONED, NOT_STREAMED]),
        ({"watch": "true", "resourceVersionMatch": "NotOlderThan"}, [UNSTREAMED]),
        ({"watch": "true", "resourceVersionMatch": "Exact"}, [UNSTREAMED, NOT_EXACT]),
        ({"watch": "true", "sendInitialEvents": "true"}, [UNMATCHED]),
        ({"watch": "true", "sendInitialEvents": "false", "resourceVersion": "abc"}, [UNMATCHED]),
        ({"watch": "true", "sendInitialEvents": "true", "resourceVersionMatch": "Exact"}, [UNMATCHED, NOT_EXACT]),
    ):
        answer = await history.get(**query)
        assert answer.status == 422, query
        assert answer.body["details"]["kind"] == "ListOptions"
        assert listed(answer) == sorted(causes), query


async def test_what_is_no_number_or_version_is_a_bad_request(history: History) -> None:
    for query, message in (
        ({"limit": "x"}, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ({"limit": "1.5", "watch": "true"}, 'strconv.ParseInt: parsing "1.5": invalid syntax'),
        ({"limit": "9" * 20}, f'strconv.ParseInt: parsing "{"9" * 20}": value out of range'),
        ({"timeoutSeconds": "soon"}, 'strconv.ParseInt: parsing "soon": invalid syntax'),
        (
            {"resourceVersion": "-1"},
            'invalid resource version: resourceVersion: Invalid value: "-1": '
            'strconv.ParseUint: parsing "-1": invalid syntax',
        ),
        (
            {"resourceVersion": "PAST", "continue": "TOKEN"},
            "specifying resource version is not allowed when using continue",
        ),
        ({"limit": ""}, 'strconv.ParseInt: parsing "": invalid syntax'),
    ):
        answer = await history.get(**query)
        assert (answer.status, answer.body["message"]) == (400, message), query


async def watched(history: History, version: str, initial: str) -> list[str]:
    """Types and names of the events within a second; of the marks only the one that ends the initial events."""
    streamed = {"sendInitialEvents": initial, "resourceVersionMatch": "NotOlderThan"} if initial else {}
    query = {"watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": "1", "resourceVersion": version}
    answer = await history.get(**query, **streamed)
    assert answer.status == 200, answer.body
    lines = answer.body.splitlines() if isinstance(answer.body, str) else [json.dumps(answer.body)]
    events = [json.loads(line) for line in lines]
    marks = {"k8s.io/initial-events-end": "true"}
    return [
        f"{event['type']} {event['object']['metadata'].get('name', '')}".strip()
        for event in events
        if event["type"] != "BOOKMARK" or event["object"]["metadata"].get("annotations") == marks
    ]


async def test_a_watch_begins_where_it_should(history: History) -> None:
    there = ["ADDED b", "ADDED c", "ADDED d", "ADDED e", "BOOKMARK"]
    since = ["ADDED e", "DELETED a"]
    cases = {
        ("", ""): there,
        ("0", ""): there,
        ("PAST", ""): since,
        ("", "true"): there,
        ("0", "true"): there,
        ("PAST", "true"): there,
        ("", "false"): [],
        ("0", "false"): [],
        ("PAST", "false"): since,
        ("PAST", "whatever"): there,
    }
    found = await asyncio.gather(*(watched(history, *case) for case in cases))
    in_order = [sorted(events[:4]) + events[4:] if len(events) > 2 else events for events in found]
    assert dict(zip(cases, in_order, strict=True)) == cases


async def test_a_streamed_list_of_the_future_fails_as_an_event(widgets: Widgets) -> None:
    query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "resourceVersion": "999999999"}
    async with widgets.api.watch(widgets.path, **query) as watch:
        event = await watch.next()
        assert event["type"] == "ERROR"
        assert (event["object"]["code"], event["object"]["reason"]) == (504, "Timeout")
        assert await watch.has_ended()


async def test_who_asks_for_the_future_is_told_when_to_come_back(widgets: Widgets) -> None:
    refused = await widgets.api.get(widgets.path, resourceVersion="999999999")
    assert refused.status == 504
    assert refused.headers["retry-after"] == "1"
    assert refused.body["details"]["retryAfterSeconds"] == 1


async def test_fields_select_what_they_say(history: History) -> None:
    for selector, expected in (
        ("metadata.name=b", "b"),
        ("metadata.name==b", "b"),
        ("metadata.name!=b", "cde"),
        ("metadata.name=b,metadata.name=c", ""),
        ("metadata.name=b,", "b"),
        ("metadata.namespace=elsewhere", ""),
        ("spec.colour=grey,metadata.name!=e", "bcd"),
        ("=", "bcde"),
        (",", "bcde"),
    ):
        assert names(await history.get(fieldSelector=selector)) == expected, selector


@pytest.mark.parametrize(
    ("collection", "group", "selector", "message"),
    [
        ("widgets", GROUP, "spec.size=1", "field label not supported: spec.size"),
        ("widgets", GROUP, "metadata.uid=x", "field label not supported: metadata.uid"),
        (
            "configmaps",
            "",
            "data.x=y",
            '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
        ),
        ("secrets", "", "data.x=y", "field label not supported: data.x"),
        ("leases", "coordination.k8s.io", "nonsense", "invalid selector: 'nonsense'; can't understand 'nonsense'"),
    ],
)
async def test_other_fields_do_not_select(
    widgets: Widgets, collection: str, group: str, selector: str, message: str
) -> None:
    answer = await widgets.api.get(widgets.api.collection(collection, group), fieldSelector=selector)
    assert answer.status == 400
    assert answer.body["message"] == message


async def test_every_word_but_two_is_a_yes(history: History) -> None:
    words = {"": True, "x": True, "1": True, "0": False, "False": False}
    answers = await asyncio.gather(*(history.get(watch=word, timeoutSeconds="1") for word in words))
    assert [isinstance(answer.body, str) for answer in answers] == list(words.values())
