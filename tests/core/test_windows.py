"""Windows of time: over midnight, over changes of the clock, and the same as looking at every minute."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbaas.core.windows import Opening, Window, find_opening, find_zone

BERLIN = find_zone("Europe/Berlin")
SUNDAY_NIGHT = Window(0, time(23), timedelta(hours=4))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_without_windows_there_is_no_opening() -> None:
    assert find_opening([], UTC, utc("2026-01-01 00:00")) is None


def test_a_window_over_midnight_is_open_on_both_sides_of_it() -> None:
    opening = Opening(utc("2026-03-01 23:00"), utc("2026-03-02 03:00"))
    for moment in ("2026-03-01 23:00", "2026-03-01 23:59", "2026-03-02 00:00", "2026-03-02 02:59"):
        assert find_opening([SUNDAY_NIGHT], UTC, utc(moment)) == opening


def test_at_its_end_it_is_closed_until_the_next_week() -> None:
    found = find_opening([SUNDAY_NIGHT], UTC, utc("2026-03-02 03:00"))
    assert found == Opening(utc("2026-03-08 23:00"), utc("2026-03-09 03:00"))


def test_days_and_times_are_those_of_the_time_zone() -> None:
    found = find_opening([Window(1, time(0, 30), timedelta(hours=1))], BERLIN, utc("2026-01-10 00:00"))
    assert found == Opening(utc("2026-01-11 23:30"), utc("2026-01-12 00:30"))


def test_of_two_that_are_open_the_longer_counts_and_of_two_to_come_the_first() -> None:
    short, long = Window(3, time(10), timedelta(hours=1)), Window(3, time(9), timedelta(hours=8))
    assert find_opening([short, long], UTC, utc("2026-01-07 10:30")) == Opening(
        utc("2026-01-07 09:00"), utc("2026-01-07 17:00")
    )
    assert find_opening([short, long], UTC, utc("2026-01-06 00:00")) == Opening(
        utc("2026-01-07 09:00"), utc("2026-01-07 17:00")
    )


def test_a_start_that_the_clock_leaves_out_is_as_much_later() -> None:
    """In Berlin, 29 March 2026 goes from 01:59 to 03:00."""
    found = find_opening([Window(0, time(2, 30), timedelta(hours=1))], BERLIN, utc("2026-03-28 12:00"))
    assert found == Opening(utc("2026-03-29 01:30"), utc("2026-03-29 02:30"))
    assert found.begin.astimezone(BERLIN).time() == time(3, 30)


def test_a_window_lasts_as_long_as_it_says_when_the_clock_is_set_back() -> None:
    """In Berlin, 25 October 2026 has the hour from 02:00 twice."""
    found = find_opening([Window(0, time(1), timedelta(hours=4))], BERLIN, utc("2026-10-25 00:00"))
    assert found == Opening(utc("2026-10-24 23:00"), utc("2026-10-25 03:00"))


def test_a_window_of_a_whole_week_is_always_open() -> None:
    for hours in range(0, 400, 7):
        moment = utc("2026-05-01 00:00") + timedelta(hours=hours)
        found = find_opening([Window(4, time(12), timedelta(days=7))], UTC, moment)
        assert found is not None and found.begin <= moment < found.end


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "Europe"])
def test_a_zone_that_is_none_is_told(name: str) -> None:
    with pytest.raises(ValueError, match="is no time zone"):
        find_zone(name)


_WINDOWS = st.builds(
    Window, st.integers(0, 6), st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None)),
    st.integers(1, 7 * 24).map(lambda hours: timedelta(hours=hours)),
)  # fmt: skip


@given(
    st.lists(_WINDOWS, min_size=1, max_size=3),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
)
def test_nothing_opens_before_what_is_found(windows: list[Window], name: str, moment: datetime) -> None:
    """Told by the clock on the wall: at no half hour before it begins is it the hour of a window."""
    zone, now = ZoneInfo(name), moment.replace(tzinfo=UTC)
    found = find_opening(windows, zone, now)
    assert found is not None
    assert found.end > now
    assert found.begin - now <= timedelta(days=7, hours=1)
    if found.begin <= now:
        return
    probe = now
    while probe < found.begin - timedelta(minutes=1):
        local = probe.astimezone(zone)
        starts = {(window.day, window.start) for window in windows}
        assert (local.isoweekday() % 7, local.time().replace(second=0, microsecond=0)) not in starts
        probe += timedelta(minutes=1) if found.begin - probe < timedelta(hours=3) else timedelta(minutes=31)
