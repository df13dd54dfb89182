"""How a new version takes over from the old: strategies, checks that judge it, and the run of a rollout.

At each :meth:`Rollout.step` the host says what it sees, and gets the :class:`Action` s to take. When the new version
fails its checks, the rollout goes back by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal, Union

from siting import _siting
from siting._arguments import checked, checked_class, record
from siting._records import Record, freeze, or_damaged
from siting._time import Figure, Moment, Span, millis, span_millis, thousandths
from siting.metrics import Window

__all__ = [
    "Action",
    "BlueGreen",
    "Canary",
    "Check",
    "Group",
    "Rolling",
    "Rollout",
    "Standing",
    "Step",
    "Strategy",
    "Threshold",
    "fewest",
    "peak",
]

Replicas = Union[int, str]
"""So many replicas, or a percentage such as ``25%``."""


@record
class Rolling(Record):
    """Replica by replica, by Kubernetes' arithmetic."""

    max_surge: Replicas = "25%"
    max_unavailable: Replicas = "25%"

    def _told(self) -> dict[str, Any]:
        return {"type": "rolling", "max_surge": self.max_surge, "max_unavailable": self.max_unavailable}


@record
class BlueGreen(Record):
    """All replicas first; then all traffic at once. The old version is kept for a while."""

    bake: Span = 0
    """How long all replicas must have been ready before the switch."""
    rollback_window: Span = 30
    """How long the old version is kept after it."""

    def _told(self) -> dict[str, Any]:
        window = span_millis(self.rollback_window)
        return {"type": "blue-green", "bake": span_millis(self.bake), "rollback_window": window}


@record
class Step(Record):
    """A step of a canary: a percentage of the traffic, for so long and so many requests at least."""

    weight: int
    soak: Span = 300
    requests: int = 100


@record
class Canary(Record):
    """In steps of weight, by routing, or with ``by_replicas`` by the number of replicas on either side."""

    steps: tuple[Step, ...] = (Step(10), Step(25), Step(50))
    by_replicas: Rolling | None = None
    fewest: int | None = None
    """The fewest replicas of a side that has any, where traffic is routed."""

    def _told(self) -> dict[str, Any]:
        return {
            "type": "canary",
            "steps": [(step.weight, span_millis(step.soak), step.requests) for step in self.steps],
            "by_replicas": self.by_replicas and self.by_replicas._told(),
            "fewest": self.fewest,
        }


Strategy = Union[Rolling, BlueGreen, Canary]


@record
class Threshold(Record):
    """A condition on a figure: ``Threshold("at-most", 5)``."""

    kind: Literal["at-most", "below", "at-least", "above"]
    value: Figure

    def _told(self) -> tuple[str, int]:
        return self.kind, thousandths(self.value)


@record
class Check(Record):
    """What a new version is judged by: a metric, and what of it is good and bad.

    Metrics are ``error-rate`` (percent), ``request-rate`` (a second), ``latency-p50``, ``latency-p95``,
    ``latency-p99`` (milliseconds), ``cpu``, ``memory``, ``gpu`` (percent), ``concurrency``, and the host's own.
    """

    metric: str
    success: Threshold | None = None
    failure: Threshold | None = None
    min_requests: int = 100
    """Requests in the window below which a figure says too little."""
    interval: Span = 30
    initial_delay: Span = 0
    count: int | None = None
    """Measurements after which the check is done."""
    failure_limit: int | None = 0
    """Failed measurements that are borne; ``None`` bears any number."""
    inconclusive_limit: int = 0
    error_limit: int = 4
    successes: int | None = None
    """Successes in a row that are enough."""

    def _told(self) -> dict[str, Any]:
        return {
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
            "success": self.success and self.success._told(),
            "failure": self.failure and self.failure._told(),
            "interval": span_millis(self.interval),
            "initial_delay": span_millis(self.initial_delay),
        }


@record
class Group(Record):
    """Replicas of one version: asked for, and of these ready for as long as they must be to count."""

    replicas: int = 0
    available: int = 0


@record
class Action(Record):
    """What the host is to do, or to know.

    ``scale-old`` and ``scale-new`` to so many replicas, ``route`` so many percent to the new version; ``paused``,
    ``reverting`` and ``done`` tell why and how.
    """

    kind: Literal["scale-old", "scale-new", "route", "paused", "idle", "reverting", "done"]
    value: Any


@record
class Standing(Record):
    """Where a rollout is."""

    phase: Any
    """``advancing``, ``switched``, or how it is ``reverting`` or ``done``."""
    paused: Any
    """Why it is paused, if it is."""
    weight: int
    """The percent of the traffic that the new version has."""


@checked_class
class Rollout:
    """A rollout under way. It can be pickled and copied: then each copy goes on by itself."""

    __slots__ = ("_core",)

    def __init__(
        self,
        strategy: Strategy,
        *,
        checks: Iterable[Check] = (),
        now: Moment,
        deadline: Span | None = None,
        when_idle: Literal["wait", "proceed"] = "wait",
    ) -> None:
        """Begin; without progress for ``deadline`` it goes back.

        ``when_idle`` says what becomes of it where no requests come to judge by: it waits for them, or goes on.
        """
        told = json.dumps([check._told() for check in checks])
        end = None if deadline is None else span_millis(deadline)
        self._core = _siting.Rollout.of(_strategy(strategy), told, millis(now), end, when_idle)

    def step(
        self,
        *,
        now: Moment,
        desired: int,
        old: Group,
        new: Group,
        window: Window | None = None,
        requests: int = 0,
    ) -> tuple[Action, ...]:
        """Say what is seen, and get what to do.

        ``window`` is what was measured of the new version, ``requests`` all that it has answered since it exists.
        """
        sides = (old.replicas, old.available), (new.replicas, new.available)
        told = self._core.step(millis(now), desired, *sides, None if window is None else window._core, requests)
        return tuple(Action(entry["kind"], freeze(entry["value"])) for entry in json.loads(told))

    @property
    def standing(self) -> Standing:
        """Where it is."""
        return Standing.from_json(json.loads(self._core.standing()))

    def pause(self) -> None:
        """Stay as it is; what fails still goes back. Raises :class:`siting.Refused`, as those below."""
        self._core.pause()

    def resume(self, *, now: Moment) -> None:
        """Go on."""
        self._core.resume(millis(now))

    def cancel(self, *, now: Moment) -> None:
        """End it: the old version stays."""
        self._core.cancel(millis(now))

    def roll_back(self, *, now: Moment) -> None:
        """Go back by hand."""
        self._core.roll_back(millis(now))

    def force_forward(self, *, now: Moment) -> None:
        """Go on whatever the checks say."""
        self._core.force_forward(millis(now))

    @classmethod
    def _restored(cls, written: str) -> Rollout:
        rollout = cls.__new__(cls)
        with or_damaged("a rollout"):
            rollout._core = _siting.Rollout.restored(written)
        return rollout

    def __copy__(self) -> Rollout:
        return self._restored(self._core.written())

    def __deepcopy__(self, memo: object) -> Rollout:
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        return Rollout._restored, (self._core.written(),)

    def __repr__(self) -> str:
        return f"<Rollout: {self.standing}>"


@checked
def peak(strategy: Strategy, desired: int) -> int:
    """Return the most replicas of both versions together that a strategy asks for."""
    return _siting.rollout_bounds(_strategy(strategy), desired)[0]


@checked
def fewest(strategy: Strategy, desired: int) -> int:
    """Return the fewest replicas that stay available while the host's replicas behave."""
    return _siting.rollout_bounds(_strategy(strategy), desired)[1]


def _strategy(strategy: Strategy) -> str:
    return json.dumps(strategy._told())
