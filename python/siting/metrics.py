"""Metrics: sliding windows of requests and gauges, and what autoscalers and offloading hold against targets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from siting import _siting
from siting._arguments import about, checked_class, checked_late, record
from siting._packed import pack, unpack
from siting._records import Record
from siting._time import Figure, Moment, Span, millis, span_micros, span_millis, thousandths

__all__ = ["MetricSpec", "Reading", "Summary", "Window"]


@dataclass(frozen=True, slots=True, repr=False)
class Summary(Record):
    """What a window has seen. Latencies are milliseconds, rates a second, the error rate percent."""

    over_millis: int | None
    """The time it speaks of; ``None`` where nothing was seen."""
    replicas: int
    """How many replicas it speaks of."""
    requests: int
    errors: int
    request_rate: Decimal | None
    error_rate: Decimal | None
    latency_p50: Decimal | None
    latency_p95: Decimal | None
    latency_p99: Decimal | None
    total_concurrency: Decimal | None
    gauges: Mapping[str, Decimal]
    """The mean of each gauge over all samples of all replicas."""


@checked_class
class Window:
    """Requests and gauges of the last while, of one replica or several.

    It may be fed from many threads. Time is an argument: see :data:`siting.Moment`.
    """

    __slots__ = ("_core",)

    def __init__(self, span: Span, *, slots: int = 60) -> None:
        """Look back over ``span``, in so many ``slots``, which divide its milliseconds."""
        with about("slots"):
            self._core = _siting.Window.of(span_millis(span), slots)

    @checked_late
    def request(self, *, now: Moment, latency: Span, failed: bool = False) -> None:
        """Take note of an answered request."""
        moment, micros = millis(now), span_micros(latency)
        with about("latency"):
            self._core.request(moment, micros, failed)

    @checked_late
    def gauge(self, name: str, value: Figure, *, now: Moment) -> None:
        """Take note of a figure: ``cpu``, ``memory``, ``gpu`` in percent, ``concurrency``, or one of the host's."""
        with about("value"):
            figure = thousandths(value)
        moment = millis(now)
        with about("name"):
            self._core.gauge(moment, name, figure)

    def merge(self, other: Window) -> None:
        """Take in what another replica's window saw; both must be cut alike."""
        self._core.merge(other._core)

    def summary(self, *, now: Moment) -> Summary:
        """Summarise what was seen."""
        return Summary.from_json(json.loads(self._core.summary(millis(now))))

    def copy(self) -> Window:
        """Return a window of its own that has seen the same."""
        window = object.__new__(type(self))
        window._core = self._core.copy()
        return window

    __copy__ = copy

    def __deepcopy__(self, memo: object) -> Window:
        return self.copy()

    def __eq__(self, other: object) -> bool:
        return self._core.written() == other._core.written() if isinstance(other, Window) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # What changes has no hash.

    def __reduce__(self) -> tuple[Any, ...]:
        return Window._restore, (pack(self._core.written()),)

    @classmethod
    def _restore(cls, packed: bytes) -> Window:
        window = object.__new__(cls)
        window._core = _siting.Window.restored(unpack(packed, "a window"))
        return window


@record
class MetricSpec(Record):
    """A metric, and the figure to hold.

    >>> MetricSpec("resource", "cpu", target="utilization", value=90)
    >>> MetricSpec("pods", "queue-length", target="average-value", value=10)
    """

    source: Literal["resource", "pods", "object", "external"]
    name: str
    target: Literal["utilization", "average-value", "value"]
    value: Figure
    """A utilisation is in percent."""

    def _told(self) -> dict[str, object]:
        return {"source": self.source, "name": self.name, "target": self.target, "value": thousandths(self.value)}


@checked_class
@record
class Reading(Record):
    """What was read of a metric: sums over the local replicas, or the figure of an object or from outside."""

    usage: Figure
    requested: Figure = 0
    """What those replicas ask for; used by a utilisation only."""
    replicas: int = 1
    """How many replicas ``usage`` is the sum of."""

    def _told(self) -> dict[str, object]:
        usage, requested = thousandths(self.usage), thousandths(self.requested)
        return {"usage": usage, "requested": requested, "replicas": self.replicas}
