"""Effects by their type, to be matched: ``match effect.what: case Start(deployment=number, places=places): …``.

>>> from siting import effects
>>> match effects.Build(deployment=1, generation=0):
...     case effects.Build(deployment=number):
...         print("build", number)
build 1
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from siting._errors import InvalidValue, shown
from siting._records import FrozenMap, Record, freeze

__all__ = [
    "Build",
    "Configure",
    "Notify",
    "Part",
    "Patch",
    "Replicas",
    "Route",
    "Split",
    "Start",
    "Stop",
    "StopBuild",
    "Timer",
    "Typed",
    "Unroute",
]


@dataclass(frozen=True, slots=True, repr=False)
class Part(Record):
    """A deployment's percent of an endpoint's calls."""

    deployment: int
    percent: int


@dataclass(frozen=True, slots=True, repr=False)
class Replicas(Record):
    """Replicas on a pool and flavor, such as ``gpu:t4``."""

    cluster: str
    pool: str
    flavor: str
    replicas: int


@dataclass(frozen=True, slots=True, repr=False)
class Route(Record):
    """Lead calls of an endpoint, such as ``workload`` or ``environment/production``, to a deployment."""

    endpoint: str
    deployment: int
    """Its number: the ``2`` of the id ``bert-2``; so below."""


@dataclass(frozen=True, slots=True, repr=False)
class Split(Record):
    """Share the calls of an endpoint between deployments; the percentages sum to 100."""

    endpoint: str
    shares: tuple[Part, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Unroute(Record):
    """Lead calls of an endpoint nowhere."""

    endpoint: str


@dataclass(frozen=True, slots=True, repr=False)
class Build(Record):
    """Build an image, and say ``built`` or ``failed``."""

    deployment: int
    generation: int
    """What the observation that answers it must name; so below."""


@dataclass(frozen=True, slots=True, repr=False)
class StopBuild(Record):
    """Stop building."""

    deployment: int


@dataclass(frozen=True, slots=True, repr=False)
class Start(Record):
    """Start replicas, and say ``ready`` or ``failed``."""

    deployment: int
    generation: int
    places: tuple[Replicas, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Stop(Record):
    """Stop replicas; say ``drained`` when they are gone."""

    deployment: int
    generation: int
    started: int
    """The generation that these were started in, where others may run at the same places."""
    places: tuple[Replicas, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Patch(Record):
    """Patch the running server, and say ``ready`` or ``failed``."""

    deployment: int
    generation: int


@dataclass(frozen=True, slots=True, repr=False)
class Configure(Record):
    """Take over settings without a restart."""

    deployment: int
    fields: tuple[str, ...]
    """The fields that changed."""


@dataclass(frozen=True, slots=True, repr=False)
class Timer(Record):
    """Say ``timer-fired`` at this moment, in milliseconds."""

    at: int
    deployment: int
    generation: int


@dataclass(frozen=True, slots=True, repr=False)
class Notify(Record):
    """Tell people."""

    news: str
    """What happened, such as ``promotionStarted``."""
    about: Mapping[str, object]
    """What it concerns, by the names of the reports."""


Typed: TypeAlias = Route | Split | Unroute | Build | StopBuild | Start | Stop | Patch | Configure | Timer | Notify
"""Any of them."""

_KINDS: Mapping[str, type[Route | Split | Unroute | Build | StopBuild | Start | Stop | Patch | Configure | Timer]] = {
    "route": Route,
    "split": Split,
    "unroute": Unroute,
    "build": Build,
    "stopBuild": StopBuild,
    "start": Start,
    "stop": Stop,
    "patch": Patch,
    "configure": Configure,
    "timer": Timer,
}


def typed(kind: str, details: Mapping[str, object]) -> Typed:
    """Return an effect by its type."""
    if kind == "notify":
        ((news, about),) = details.items()
        return Notify(news, FrozenMap(about) if isinstance(about, Mapping) else FrozenMap())
    found = _KINDS.get(kind)
    if found is None:
        help = "effects are made by the calls of a life"
        raise InvalidValue(f"`{shown(kind)}` is no effect", code="invalid-value", help=help)
    told = dict(details)
    if isinstance(told.get("endpoint"), Mapping):
        ((kind_of, name),) = dict(told["endpoint"]).items()  # type: ignore[call-overload]
        told["endpoint"] = f"{kind_of}/{name}"
    made: Typed = found.from_json({key: freeze(value) for key, value in told.items()})
    return made
