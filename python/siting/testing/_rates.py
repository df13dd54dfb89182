"""Strategies for metrics, autoscaling and load balancing."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from siting.metrics import MetricSpec
from siting.scaling import Autoscaler, Figures, Replica, Sample
from siting.traffic import Backend

NOW = 3_600_000
"""When figures are taken: an hour after replicas started."""


@dataclass(frozen=True)
class SeenRequest:
    """An answered request, for a window."""

    at: int
    latency: float
    failed: bool


def request_series(*, max_size: int = 50) -> st.SearchStrategy[list[SeenRequest]]:
    """Requests of some minutes, in order."""
    one = st.builds(SeenRequest, st.integers(0, 600_000), st.sampled_from([0.1, 0.02, 3.0]), st.booleans())
    return st.lists(one, max_size=max_size).map(lambda series: sorted(series, key=lambda seen: seen.at))


def metric_specs() -> st.SearchStrategy[MetricSpec]:
    """Metrics with targets that mean something for them."""
    value = st.integers(1, 100)
    return st.one_of(
        st.builds(lambda n, v: MetricSpec("resource", n, "utilization", v), st.sampled_from(["cpu", "gpu"]), value),
        st.builds(lambda v: MetricSpec("pods", "queue", "average-value", v), value),
        st.builds(lambda v: MetricSpec("external", "queue", "value", v), value),
    )


@st.composite
def autoscalers(draw: st.DrawFn) -> Autoscaler:
    """Autoscalers by one metric."""
    least = draw(st.integers(0, 3))
    return Autoscaler(least, least + draw(st.integers(0, 10)), metrics=[draw(metric_specs())])


def replicas() -> st.SearchStrategy[Replica]:
    """Replicas that have run for an hour, with or without a figure."""
    sample = st.builds(lambda used: Sample(f"{used / 10}", at=NOW), st.integers(0, 40))
    return st.builds(lambda found: Replica(found, requested=1, started=0, ready=(True, 0)), st.none() | sample)


def figures() -> st.SearchStrategy[Figures]:
    """What was read for a metric, of replicas or in total."""
    some = st.lists(replicas(), max_size=5).map(tuple)
    totals = st.lists(st.integers(0, 1000), max_size=2).map(tuple)
    return st.one_of(st.builds(Figures, some), st.builds(Figures, some, totals), st.just(Figures(failed=True)))


def backends(*, max_size: int = 6) -> st.SearchStrategy[list[Backend]]:
    """Backends, most of which can be chosen."""
    mostly = st.sampled_from([True, True, True, False])

    def built(number: int, ready: bool, allowed: bool, stays: bool, weight: int, most: int | None) -> Backend:
        return Backend(
            number, f"10.0.0.{number + 1}", 80, 0, weight, ready, allowed, draining=not stays, max_connections=most
        )

    most = st.sampled_from([None, None, 1, 2])
    one = st.tuples(mostly, mostly, mostly, st.sampled_from([1, 5, 0]), most)
    return st.lists(one, max_size=max_size).map(lambda found: [built(n, *told) for n, told in enumerate(found)])
