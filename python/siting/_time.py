"""Moments and spans, figures in thousandths."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Union

Moment = Union[int, timedelta, datetime]
"""A point in time: milliseconds since the host's epoch, a span since it, or a date and time with an offset."""
Span = Union[int, float, timedelta]
"""A span of time: seconds, or a ``timedelta``."""
Figure = Union[int, float, str, Decimal]
"""A figure, kept to a thousandth."""


def millis(moment: Moment) -> int:
    """Return a moment in milliseconds."""
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise ValueError(f"{moment!r} has no offset: give it a `tzinfo`")
        moment = moment - datetime(1970, 1, 1, tzinfo=timezone.utc)
    if isinstance(moment, timedelta):
        moment = moment // timedelta(milliseconds=1)
    if moment < 0:
        raise ValueError(f"{moment} ms lies before the epoch")
    return moment


def span(span: Span) -> timedelta:
    """Return a span as a ``timedelta``."""
    found = span if isinstance(span, timedelta) else timedelta(seconds=span)
    if found < timedelta(0):
        raise ValueError(f"{found} is negative: a span goes forward")
    return found


def span_millis(given: Span) -> int:
    """Return a span in milliseconds."""
    return span(given) // timedelta(milliseconds=1)


def span_micros(given: Span) -> int:
    """Return a span in microseconds."""
    return span(given) // timedelta(microseconds=1)


def thousandths(figure: Figure) -> int:
    """Return a figure in thousandths, rounded half to even."""
    found = int((Decimal(str(figure)) * 1000).to_integral_value())
    if found < 0:
        raise ValueError(f"{figure} is negative")
    return found
