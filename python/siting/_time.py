"""Moments and spans, figures in thousandths."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Union, get_args

from siting._arguments import CHECKS, is_number, plain_number, type_of
from siting._errors import InvalidArgument, shown

Moment = Union[int, timedelta, datetime]
"""A point in time: milliseconds since the host's epoch, a span since it, or a date and time with an offset."""
Span = Union[int, float, timedelta]
"""A span of time: seconds, or a ``timedelta``."""
Figure = Union[int, float, str, Decimal]
"""A figure, kept to a thousandth."""


def millis(moment: Moment) -> int:
    """Return a moment in milliseconds."""
    found = moment
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise _wrong(f"{moment!r} has no offset", "give it a `tzinfo`")
        found = moment - datetime(1970, 1, 1, tzinfo=timezone.utc)
    if isinstance(found, timedelta):
        found = found // timedelta(milliseconds=1)
    if isinstance(found, bool) or not isinstance(found, int):
        raise _wrong(f"a moment is an int, a timedelta or a datetime, not {type_of(moment)}", None, "wrong-type")
    return _within(found, "a moment", "ms after the epoch")


def span(span: Span) -> timedelta:
    """Return a span as a ``timedelta``."""
    found = span
    if not isinstance(found, timedelta):
        if not is_number(found):
            raise _wrong(f"a span is a number of seconds or a timedelta, not {type_of(span)}", None, "wrong-type")
        try:
            found = timedelta(seconds=float(found))
        except (OverflowError, ValueError):
            raise _wrong(f"{span} seconds are no span", "give a finite number of seconds", "out-of-range") from None
    if found < timedelta(0):
        raise _wrong(f"{found} is negative", "a span goes forward", "out-of-range")
    return found


def span_millis(given: Span) -> int:
    """Return a span in milliseconds."""
    return span(given) // timedelta(milliseconds=1)


def span_micros(given: Span) -> int:
    """Return a span in microseconds."""
    return span(given) // timedelta(microseconds=1)


def thousandths(figure: Figure) -> int:
    """Return a figure in thousandths, rounded half to even."""
    try:
        number = Decimal(figure) if isinstance(figure, str) else None
    except ArithmeticError:
        raise _wrong(f"`{shown(str(figure))}` is no number", "write it as `0.25`") from None
    if number is None:
        if not is_number(figure):
            raise _wrong(f"a figure is a number, not {type_of(figure)}", None, "wrong-type")
        number = plain_number(figure, "value")
    if not number.is_finite() or abs(number) >= LARGEST:
        raise _wrong("a figure is finite, and below 2^64 thousandths", "give a smaller number", "out-of-range")
    return _within(int((number * 1000).to_integral_value()), "a figure", "thousandths")


LARGEST = Decimal(2**64) / 1000


def _within(found: int, what: str, unit: str) -> int:
    if not 0 <= found < 2**64:
        told = str(found) if found.bit_length() < 128 else "so many"
        raise _wrong(f"{what} cannot be {told} {unit}", "it is 0 or more, and below 2^64", "out-of-range")
    return found


def _wrong(message: str, help: str | None, code: str = "invalid-value") -> InvalidArgument:
    return InvalidArgument(message, code=code, help=help)


CHECKS.update({frozenset(get_args(Moment)): millis, frozenset(get_args(Span)): span})
