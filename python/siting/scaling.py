"""Autoscaling: how many replicas follow from what is seen, by the arithmetic of Kubernetes and Knative.

An :class:`Autoscaler` is settings; :meth:`Autoscaler.decide` is pure: it takes the state of last time and returns
the next one with its decision.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from siting import _siting
from siting._arguments import about, checked_class, record
from siting._errors import damaged
from siting._manifests import rendered
from siting._records import FrozenMap, Record, or_damaged
from siting._time import Figure, Moment, Span, millis, span_millis, thousandths
from siting.metrics import MetricSpec

__all__ = [
    "Autoscaler",
    "Figures",
    "Limit",
    "MetricSpec",
    "Replica",
    "RequestTarget",
    "Requests",
    "Rules",
    "Sample",
    "ScalingDecision",
    "State",
    "Zero",
]


@record
class Limit(Record):
    """The most that the number may change within a period."""

    kind: Literal["replicas", "percent", "whole-share"]
    amount: int
    period: Span = 60

    def _told(self) -> tuple[str, int, int]:
        return self.kind, self.amount, span_millis(self.period)


@record
class Rules(Record):
    """How fast the number may change in one direction."""

    window: Span = 0
    """How long back proposals are looked at: the number follows the most cautious of them."""
    select: Literal["max", "min", "disabled"] = "max"
    """Which of several limits holds; ``disabled`` does not change the number in this direction."""
    limits: tuple[Limit, ...] = ()

    def _told(self) -> dict[str, Any]:
        limits = [limit._told() for limit in self.limits]
        return {"window": span_millis(self.window), "select": self.select, "limits": limits}


@record
class RequestTarget(Record):
    """Concurrency or requests a second to hold for each replica, as Knative does; absent is its default."""

    target: float
    capacity: float
    """What a replica takes at most."""
    max_up: float | None = None
    max_down: float | None = None
    panic_threshold: float | None = None
    stable_window: Span | None = None
    panic_window_percent: int | None = None
    activation_scale: int | None = None
    scale_down_delay: Span | None = None
    burst: float | None = None
    always_buffered: bool = False

    def _told(self) -> dict[str, Any]:
        told = self.to_json()
        return {
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
            "stable_window": None if told["stableWindow"] is None else span_millis(self.stable_window or 0),
            "scale_down_delay": None if told["scaleDownDelay"] is None else span_millis(self.scale_down_delay or 0),
        }


@record
class Zero(Record):
    """How the last replica goes, and comes back."""

    enabled: bool = True
    stable_window: Span = 60
    grace: Span = 30
    retention: Span = 0
    activation: Span = 600

    def _told(self) -> dict[str, Any]:
        spans = ("stable_window", "grace", "retention", "activation")
        return {"enabled": self.enabled, **{name: span_millis(getattr(self, name)) for name in spans}}


@record
class Sample(Record):
    """A figure measured of one replica, when, and over which time."""

    value: Figure
    at: Moment
    window: Span = 60


@record
class Replica(Record):
    """One replica, as the host sees it."""

    sample: Sample | None = None
    requested: Figure | None = None
    """What it asks for of the resource."""
    phase: Literal["pending", "running", "failed", "succeeded"] = "running"
    stopping: bool = False
    started: Moment | None = None
    ready: tuple[bool, Moment] | None = None
    """Whether it is ready, and since when that is so."""

    def _told(self) -> dict[str, Any]:
        sample = self.sample
        return {
            "phase": self.phase,
            "stopping": self.stopping,
            "started": None if self.started is None else millis(self.started),
            "ready": None if self.ready is None else (self.ready[0], millis(self.ready[1])),
            "requested": None if self.requested is None else thousandths(self.requested),
            "sample": sample and (thousandths(sample.value), millis(sample.at), span_millis(sample.window)),
        }


@record
class Figures(Record):
    """What was read for one metric: of each replica, or ``values`` to be summed up of an object or from outside."""

    replicas: tuple[Replica, ...] = ()
    values: tuple[Figure, ...] | None = None
    failed: bool = False
    """Whether nothing could be read."""

    def _told(self) -> dict[str, Any]:
        values = None if self.values is None else [thousandths(value) for value in self.values]
        return {"replicas": [one._told() for one in self.replicas], "values": values, "failed": self.failed}


@record
class Requests(Record):
    """Concurrency or requests a second of all replicas together, over the stable and the panic window."""

    ready: int
    stable: float
    panic: float
    reachable: bool = True
    """Whether requests can still reach this deployment; one that is being replaced may shrink at once."""

    def _told(self) -> dict[str, Any]:
        return {"ready": self.ready, "stable": self.stable, "panic": self.panic, "reachable": self.reachable}


@record
class State(Record):
    """What an autoscaler remembers; a text that can be kept anywhere."""

    text: str

    @classmethod
    def beginning(cls, *, now: Moment, replicas: int) -> State:
        """Begin where ``replicas`` run whose history is not known: they leave only after the delay."""
        return cls(_siting.Autoscaler.beginning(millis(now), replicas))


@record
class ScalingDecision(Record):
    """How many replicas to ask for, and why."""

    replicas: int
    proposed: int | None
    """The largest proposal; ``None`` where the metrics said nothing and the number stays."""
    stabilised: int
    """What the recent proposals made of it."""
    held: str
    """What held it back."""
    last_replica: str | None
    """What keeps the last replica where nothing is wanted of it: ``not-enabled``, ``starting``, ``recently-active``,
    ``retention``, ``no-buffer`` or ``grace``."""
    silent: tuple[Any, ...]
    """The metrics that said nothing, and why."""


@checked_class
class Autoscaler:
    """Settings that say how many replicas follow from what is seen."""

    __slots__ = ("_core", "_made")

    def __init__(
        self,
        min_replicas: int,
        max_replicas: int,
        *,
        metrics: Iterable[MetricSpec] = (),
        requests: RequestTarget | None = None,
        up: Rules | None = None,
        down: Rules | None = None,
        zero: Zero | None = None,
        tolerance: tuple[int, int] | None = None,
        initialisation: tuple[Span, Span] | None = None,
    ) -> None:
        """Hold ``metrics`` at their targets, and ``requests`` at theirs; the largest proposal wins.

        ``up`` and ``down`` default to Kubernetes' behaviour, with ``requests`` to Knative's. ``tolerance`` is per
        mille of a target, below and above. ``initialisation`` is how long after a start cpu is looked at with
        suspicion, and readiness.
        """
        settings = {
            "min_replicas": min_replicas,
            "max_replicas": max_replicas,
            "metrics": [spec._told() for spec in metrics],
            "requests": requests and requests._told(),
            "up": up and up._told(),
            "down": down and down._told(),
            "zero": zero and zero._told(),
            "tolerance": tolerance,
            "initialisation": initialisation and [span_millis(span) for span in initialisation],
        }
        with about("max_replicas"):
            self._make("of", json.dumps(settings))

    @classmethod
    def baseten(cls, **settings: Any) -> Autoscaler:
        """Read settings as Baseten names them: ``min_replica``, ``autoscaling_window`` …."""
        with about("settings"):
            return cls._from("baseten", rendered(settings)[0])

    @classmethod
    def beamlit(cls, **settings: Any) -> Autoscaler:
        """Read a ``serverlessConfig`` as Beamlit names its fields: ``minNumReplicas``, ``metric`` …."""
        with about("settings"):
            return cls._from("beamlit", rendered(settings)[0])

    @classmethod
    def _from(cls, how: str, settings: str) -> Autoscaler:
        autoscaler = object.__new__(cls)
        if how not in ("of", "baseten", "beamlit"):
            raise damaged("an autoscaler")
        with or_damaged("an autoscaler"):
            autoscaler._make(how, settings)
        return autoscaler

    def _make(self, how: str, settings: str) -> None:
        self._core: _siting.Autoscaler = getattr(_siting.Autoscaler, how)(settings)
        self._made = (how, settings)

    @property
    def bounds(self) -> tuple[int, int]:
        """The fewest and the most replicas."""
        return self._core.bounds()

    @property
    def unsaid(self) -> Mapping[str, str]:
        """The settings of another platform that it cannot say, and why."""
        return FrozenMap(dict(self._core.unsaid()))

    def decide(
        self,
        state: State | None = None,
        *,
        now: Moment,
        current: int,
        ready: int | None = None,
        figures: Iterable[Figures] = (),
        requests: Requests | None = None,
        waiting: bool = False,
        buffered_since: Moment | None = None,
    ) -> tuple[ScalingDecision, State]:
        """Decide how many replicas are wanted; returns the decision, and the state to come back with.

        ``figures`` are those of the metrics, in their order. ``waiting`` says that a request waits for a replica;
        ``buffered_since`` since when the buffer that catches requests is in the path.
        """
        seen = {
            "current": current,
            "ready": current if ready is None else ready,
            "figures": [one._told() for one in figures],
            "requests": requests and requests._told(),
            "waiting": waiting,
            "buffered_since": None if buffered_since is None else millis(buffered_since),
        }
        told, then = self._core.decide(None if state is None else state.text, millis(now), json.dumps(seen))
        return ScalingDecision.from_json(json.loads(told)), State(then)

    def __eq__(self, other: object) -> bool:
        return self._made == other._made if isinstance(other, Autoscaler) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._made)

    def __copy__(self) -> Autoscaler:
        return self

    def __deepcopy__(self, memo: object) -> Autoscaler:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Autoscaler._from, self._made

    def __repr__(self) -> str:
        how, settings = self._made
        said = {key: value for key, value in json.loads(settings).items() if value not in (None, [])}
        return f"Autoscaler{'' if how == 'of' else '.' + how}({', '.join(f'{k}={v!r}' for k, v in said.items())})"
