"""String formats."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dbaas.apiserver.schemas.formats import format_check, parse_duration

CASES = {
    "date-time": (
        ["2024-01-01T00:00:00Z", "2024-01-01t00:00:00z", "2024-01-01T00:00:00.123+02:00"],
        ["2024-01-01", "2024-01-01T25:00:00Z", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00", "2024-01-01 00:00:00Z"],
    ),
    "date": (["2024-01-01"], ["2024-1-1", "2024-02-30"]),
    "duration": (["1h30m", "0", "2 days", "-1h", "1.5h", "1 weeks"], ["5", "abc", "3 fortnights", ""]),
    "uri": (["http://a", "/a", "mailto:x@y"], ["a", "http://a b", "", "://x", "http://[::1"]),
    "email": (["a@b", "A <a@b>"], ["a", "@b"]),
    "hostname": (
        ["a.bc", "1.2.de", "a-", "example.com", "ä.de"],
        ["a.b", "a_b", "-a", "a..b", "my-host-1", "a.1", "a."],
    ),
    "ipv4": (["1.2.3.4"], ["1.2.3", "::1", "1.2.3.400"]),
    "ipv6": (["::1"], ["1.2.3.4", "fe80::1%eth0", "g::1"]),
    "cidr": (["10.0.0.1/8", "::/0"], ["10.0.0.0", "10.0.0.0/33"]),
    "mac": (["00:00:5e:00:53:01", "0000.5e00.5301"], ["x"]),
    "uuid": (["12345678-1234-1234-1234-123456789abc", "12345678123412341234123456789ABC"], ["x"]),
    "uuid4": (["12345678-1234-4234-8234-123456789abc"], ["12345678-1234-1234-1234-123456789abc"]),
    "byte": (["YWJj", "YWJjZA=="], ["YWJ", "!!!!", ""]),
    "hexcolor": (["#fff", "fff"], ["#ggg"]),
    "rgbcolor": (["rgb(1,2,3)"], ["rgb(1,2,300)"]),
    "k8s-short-name": (["a-b"], ["A", "a.b", "-a", "a" * 64]),
    "k8s-long-name": (["a.b"], ["A", "a..b", ""]),
    "password": (["anything"], []),
}


@pytest.mark.parametrize("name", CASES)
def test_a_format_accepts_what_kubernetes_accepts(name: str) -> None:
    accepts = format_check(name)
    assert accepts is not None
    good, bad = CASES[name]
    assert ([each for each in good if not accepts(each)], [each for each in bad if accepts(each)]) == ([], [])


@pytest.mark.parametrize("name", ["int32", "int64", "double", "whatever"])
def test_other_formats_check_nothing(name: str) -> None:
    assert format_check(name) is None


def test_durations_add_up_their_parts() -> None:
    assert parse_duration("1h30m") == timedelta(minutes=90)
    assert parse_duration("-1m1.5s") == timedelta(seconds=-61.5)
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration("5")
