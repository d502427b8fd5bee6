"""Heads and frames of HTTP answers."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from dbaas.apiserver.framing import frame, make_head


def test_a_head_has_its_status_its_headers_and_a_date() -> None:
    head = make_head(201, {"content-type": "application/json"}, b"content-length: 2\r\n", 7).decode()
    first, media_type, length, date, *rest = head.split("\r\n")
    assert first == "HTTP/1.1 201 Created"
    assert (media_type, length) == ("content-type: application/json", "content-length: 2")
    assert parsedate_to_datetime(date.removeprefix("date: ")).tzinfo is not None
    assert rest == ["", ""]


def test_a_header_stays_on_its_line() -> None:
    head = make_head(200, {"warning": "one\r\nset-cookie: two"}, b"", 7)
    assert b"warning: one  set-cookie: two\r\n" in head


def test_a_status_without_a_phrase_is_still_a_status() -> None:
    assert make_head(299, {}, b"", 7).startswith(b"HTTP/1.1 299 \r\n")


def test_a_frame_tells_its_length_in_bytes() -> None:
    assert frame("é".encode() * 10) == b"14\r\n" + "é".encode() * 10 + b"\r\n"
