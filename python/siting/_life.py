"""Lives of workloads: drafts, promotion, release, activation, edits.

A life takes a :class:`Command` and the time, and gives :class:`Effect` s for the host to bring about, or raises
:class:`siting.Refused` with the rule and the next legal step; then nothing has changed. The host says what it sees
with :meth:`Life.observe`. There is no clock: time is an argument, in milliseconds since an epoch of the host's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from siting import _html, _siting
from siting._arguments import about, checked_class, record
from siting._errors import Refused, UnknownName, shown
from siting._manifests import rendered
from siting._records import Record, decode, encode, freeze
from siting._reports import Choice, Description, Workload
from siting._time import Moment, millis
from siting.effects import Typed, typed

if TYPE_CHECKING:
    from siting._commands import Command
    from siting.metrics import Reading, Window
    from siting.scaling import State
    from siting.traffic import CallerMasks, Offloaded, OffloadingState, RemotePlace

Seen = Literal["built", "loading", "ready", "failed", "drained", "unhealthy", "healthy", "timer-fired"]
"""What a host can see of a deployment."""


Status = Literal[
    "BUILDING",
    "BUILD_FAILED",
    "BUILD_STOPPED",
    "DEPLOYING",
    "DEPLOY_FAILED",
    "LOADING_MODEL",
    "ACTIVE",
    "UNHEALTHY",
    "UPDATING",
    "SCALED_TO_ZERO",
    "WAKING_UP",
    "DEACTIVATING",
    "INACTIVE",
    "FAILED",
    "DELETED",
]
"""What a deployment is doing."""
Role = Literal["development", "production", "published"]
"""What a deployment is among those of its workload."""
Answered = Literal["routed", "split", "wakeFirst", "notReady", "notForCaller", "notFound"]
"""What calls of an endpoint get."""
EffectKind = Literal[
    "route",
    "split",
    "unroute",
    "build",
    "stopBuild",
    "start",
    "stop",
    "patch",
    "configure",
    "timer",
    "notify",
]
"""The kinds of effects."""


@dataclass(frozen=True, slots=True, repr=False)
class Weight(Record):
    """A deployment's percent of an endpoint's calls, by the deployment's number: the ``2`` of the id ``bert-2``."""

    deployment: int
    percent: int


@dataclass(frozen=True, slots=True, repr=False)
class Effect(Record):
    """Something for the host to do, in the order given, such as ``start`` or ``route``."""

    kind: EffectKind
    text: str
    """The same in words."""
    details: Mapping[str, Any]
    """What it is about, by the names of the reports."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Effect:
        """Read an effect as the crate writes it."""
        effect = data["effect"]
        ((kind, details),) = effect.items() if isinstance(effect, Mapping) else ((effect, {}),)
        return cls(kind, data["text"], freeze(details))

    def to_json(self) -> dict[str, Any]:
        """Write an effect as the crate does."""
        return {"text": self.text, "effect": {self.kind: encode(self.details)}}

    @property
    def what(self) -> Typed:
        """The same by its type, to be matched: see :mod:`siting.effects`."""
        return typed(self.kind, self.details)

    @property
    def weights(self) -> tuple[Weight, ...]:
        """How calls are shared from now on, where it says so (``route`` and ``split``); they sum to 100."""
        if self.kind == "route":
            return (Weight(self.details["deployment"], 100),)
        return tuple(Weight(**share) for share in self.details["shares"]) if self.kind == "split" else ()

    def __str__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[Any, ...]:
        return Effect, (self.kind, self.text, self.details)


@record
class Site(Record):
    """Replicas of one pool and flavor, such as ``gpu:t4``."""

    cluster: str
    pool: str
    flavor: str
    replicas: int


@dataclass(frozen=True, slots=True, repr=False)
class LiveDeployment(Record):
    """A deployment that lives."""

    id: str
    name: str
    version: str | None
    status: Status
    role: Role
    environment: str
    """The environment whose policies bind it."""
    holds: str | None
    """The environment whose endpoint leads to it."""
    generation: int
    """How often it was started, stopped or patched: what observations are told apart by."""
    replicas: int
    ready: int
    """Replicas that answer; those of a move or restart count once it has ended."""
    places: tuple[Site, ...]
    created_at: int


@dataclass(frozen=True, slots=True, repr=False)
class Callee(Record):
    """The deployment that a call leads to."""

    deployment: int
    """Its number: the ``2`` of the id ``bert-2``."""
    name: str
    version: str | None
    status: Status


@dataclass(frozen=True, slots=True, repr=False)
class Share(Record):
    """A deployment's percent of an endpoint's calls."""

    callee: Callee
    percent: int


@dataclass(frozen=True, slots=True, repr=False)
class Route(Record):
    """What calls of an endpoint get.

    The answer is ``routed``, ``split`` while one deployment replaces another, ``wakeFirst``, ``notReady``,
    ``notForCaller`` where the caller may not be answered where replicas are, or ``notFound``; the details tell to or
    of what.
    """

    endpoint: str
    answer: Answered
    details: Any

    @property
    def shares(self) -> tuple[Share, ...]:
        """The deployments that answer, and each one's percent of the calls: they sum to 100, or there are none."""
        if self.answer == "routed":
            return (Share(Callee.from_json(self.details), 100),)
        return tuple(map(Share.from_json, self.details)) if self.answer == "split" else ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Route:
        """Read a route as the crate writes it."""
        ((answer, details),) = data["answer"].items()
        return cls(data["endpoint"], answer, freeze(details))


@dataclass(frozen=True, slots=True, repr=False)
class Form(Record):
    """A command that the rules allow with some argument."""

    form: Any
    lacks: str


@dataclass(frozen=True, slots=True, repr=False)
class LegalCommands(Record):
    """What the rules allow now: complete ``actions`` as the crate writes them, and ``forms`` that lack something."""

    actions: tuple[Any, ...]
    forms: tuple[Form, ...]

    @property
    def verbs(self) -> frozenset[str]:
        """The words for all of them."""
        both = (*self.actions, *(form.form for form in self.forms))
        return frozenset(one if isinstance(one, str) else next(iter(one)) for one in both)


@dataclass(frozen=True, slots=True, repr=False)
class Violation(Record):
    """A live deployment with replicas where its policies do not let them run, and what follows."""

    workload: Workload
    deployment: str | None
    places: tuple[Site, ...]
    remedy: Literal["move", "stop", "report"]
    reason: str | None
    """Why it is not moved, where it would have been."""
    effects: tuple[Any, ...] = ()
    refused: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Loss(Record):
    """A live deployment with replicas on clusters or nodes that are lost, and what follows."""

    workload: Workload
    deployment: str | None
    places: tuple[Site, ...]
    since: int
    """Since when the first of these clusters or nodes is lost, in milliseconds."""
    relief: Literal["wait", "until", "under-way", "move", "retry"]
    until: int | None
    """Until when the cluster may come back, where that is waited for."""
    reason: str | None
    """Why others are not started elsewhere, where they would be; it is tried again."""
    action: Literal["move", "replace"] | None = None
    """What is to be carried out now: all of its replicas move, or others take the place of the lost ones."""
    effects: tuple[Any, ...] = ()
    refused: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class DesiredDeployment(Record):
    """What should be of a live deployment."""

    id: str
    name: str
    version: str | None
    generation: int
    """Of which observations speak."""
    build: bool
    """Whether its image is being built."""
    places: tuple[Site, ...]
    """The replicas that should be there, each place once. No others should."""
    awaits: Seen | None
    """What the host is to tell of this generation once it has come."""
    deadline: int | None
    """When a start that is under way counts as failed, in milliseconds: ``timer-fired`` is to be told then."""


@dataclass(frozen=True, slots=True, repr=False)
class DesiredShare(Record):
    """A deployment's percent of an endpoint's calls."""

    id: str
    percent: int


@dataclass(frozen=True, slots=True, repr=False)
class DesiredRoute(Record):
    """Where an endpoint should lead: ``workload``, ``draft``, ``environment/…``, ``deployment/…``."""

    endpoint: str
    shares: tuple[DesiredShare, ...]
    """They sum to 100."""


@dataclass(frozen=True, slots=True, repr=False)
class Desired(Record):
    """What should be of a workload; of what is not named, nothing should be there."""

    workload: Workload
    deployments: tuple[DesiredDeployment, ...]
    routes: tuple[DesiredRoute, ...]


@checked_class
class Life:
    """A workload's life in a workspace; see :meth:`siting.Workspace.life`."""

    __slots__ = ("_core", "_workload")

    def __init__(self, core: _siting.Workspace, workload: tuple[str, str]) -> None:
        self._core = core
        self._workload = workload

    @property
    def workload(self) -> Workload:
        """Whose life it is."""
        return Workload(*self._workload)

    @property
    def deployments(self) -> tuple[LiveDeployment, ...]:
        """The live deployments, oldest first."""
        found = json.loads(_siting.deployments(self._core, self._workload))
        return tuple(LiveDeployment.from_json(entry) for entry in found)

    def __getitem__(self, deployment: str) -> LiveDeployment:
        """Return the live deployment of a name or id."""
        for found in self.deployments:
            if deployment in (found.name, found.id):
                return found
        near = _siting.nearest(deployment, [found.name for found in self.deployments])
        help = f"did you mean `{near[0]}`?" if near else None
        raise UnknownName(f"there is no deployment `{shown(deployment)}`", code="unknown-name", help=help)

    @property
    def routes(self) -> dict[str, Route]:
        """What calls get: of ``workload``, ``draft``, ``environment/…`` and ``deployment/…``."""
        found = json.loads(_siting.routes(self._core, self._workload))
        return {entry["endpoint"]: Route.from_json(entry) for entry in found}

    def routes_from(self, caller: str | None) -> dict[str, Route]:
        """What calls get that come from a country: as :attr:`routes`, where the caller may be answered.

        ``caller`` is a country by any of its names; ``None`` where nobody knows it.
        """
        with about("caller"):
            found = json.loads(_siting.routes_from(self._core, self._workload, caller))
        return {entry["endpoint"]: Route.from_json(entry) for entry in found}

    def caller_masks(self, deployment: str, sites: Mapping[int, RemotePlace]) -> CallerMasks:
        """Return where a live deployment's callers may be answered among these places, for a balancer.

        The keys of ``sites`` are the numbers that backends state as their ``site``.
        """
        from siting.traffic import CallerMasks, _sites

        with about("sites"):
            return CallerMasks(_siting.caller_masks_live(self._core, self._workload, deployment, _sites(sites)))

    def apply(self, command: Command, *, now: Moment) -> tuple[Effect, ...]:
        """Carry a command out; what it needs is placed, and its replicas take and give back capacity."""
        step, _ = rendered(command.to_json())
        return _effects(_siting.carry_out(self._core, self._workload, millis(now), step))

    def preview(self, command: Command, *, now: Moment) -> tuple[Effect, ...]:
        """Tell what a command would do, or raise what would refuse it. Nothing changes."""
        step, _ = rendered(command.to_json())
        return _effects(_siting.preview(self._core, self._workload, millis(now), step))

    def check(self, command: Command, *, now: Moment) -> Refused | None:
        """Return what would refuse a command, or nothing."""
        try:
            self.preview(command, now=now)
        except Refused as refused:
            return refused
        return None

    def observe(self, deployment: str, seen: Seen, *, now: Moment, generation: int | None = None) -> tuple[Effect, ...]:
        """Take note of what the host saw of a deployment, of the generation that an effect named; else the present.

        One that was deleted may still be told of, by its id: nothing changes.
        """
        told = (deployment, generation, seen)
        return _effects(_siting.observe(self._core, self._workload, millis(now), told))

    def observe_place(
        self,
        deployment: str,
        place: Site,
        *,
        now: Moment,
        sequence: int,
        ready: int = 0,
        lost: int = 0,
        failed: int = 0,
        generation: int | None = None,
    ) -> tuple[Effect, ...]:
        """Take note of how many replicas are ready, lost and failed at one place; the others there are starting.

        ``sequence`` is the host's number of the observation, ascending for each place and generation: one that is not
        above the last changes nothing. The generation is that of the effect that started them; else the present.
        """
        seen = json.dumps(place_seen(place, sequence=sequence, ready=ready, lost=lost, failed=failed))
        told_effects = _siting.observe_place(self._core, self._workload, millis(now), deployment, generation, seen)
        return _effects(told_effects)

    def advance(
        self,
        candidate: str,
        *,
        now: Moment,
        old: int,
        new: int,
        requests: int = 0,
        window: Window | None = None,
        no_room: str | None = None,
    ) -> tuple[Effect, ...]:
        """Go on with the rollout of a candidate; to be called whenever what is seen changes, and every few seconds.

        ``old`` and ``new`` are the ready replicas of the holder and the candidate, ``requests`` all that the
        candidate has answered, ``window`` what was measured of it, and ``no_room`` why no more can be placed.
        """
        seen = (old, new, requests, no_room)
        core = None if window is None else window._core
        return _effects(_siting.advance(self._core, self._workload, millis(now), candidate, seen, core))

    def autoscale(
        self,
        deployment: str,
        state: State | None = None,
        *,
        now: Moment,
        ready: int,
        window: Window,
        waiting: bool = False,
        buffered_since: Moment | None = None,
    ) -> tuple[tuple[Effect, ...], State]:
        """Scale a deployment as its load wants; returns the effects, and the state to come back with.

        Nothing is done where the number stays, where nothing scales the deployment, or during its rollout. Raises
        :class:`siting.Refused` where there is no room for what the load wants; then come back with the old state.
        """
        from siting.scaling import State

        seen = (millis(now), ready, waiting, None if buffered_since is None else millis(buffered_since))
        before = None if state is None else state.text
        told, then = _siting.autoscale(self._core, self._workload, deployment, seen, window._core, before)
        return _effects(told), State(then)

    def offload(
        self,
        deployment: str,
        state: OffloadingState | None = None,
        *,
        now: Moment,
        ready: bool,
        readings: Iterable[Reading | None] = (),
        requests: int | None = None,
    ) -> tuple[Offloaded, OffloadingState] | None:
        """Decide where a live deployment's requests go beside its local replicas; nothing where it does not offload.

        ``ready`` is whether a local replica is; ``readings`` has one entry for each metric that its offloading watches,
        in their order, ``None`` where nothing was read; ``requests`` are all requests, those that are offloaded among
        them, in any unit that stays the same: without them, what is offloaded whole comes back only by a stated
        ``release_percent``. Come back with the state.
        """
        from siting.traffic import _offload

        return _offload(
            lambda seen, before: _siting.offload_live(
                self._core, self._workload, deployment, millis(now), seen, before
            ),
            (ready, readings, requests),
            state,
        )

    def offload_for(self, deployment: str, offloaded: Offloaded, *, caller: str | None) -> Offloaded:
        """Tell what :meth:`offload` decided for all, for requests from a country: where they may be answered.

        Where nothing is left, ``why`` is ``no-route``.
        """
        from siting.traffic import Offloaded

        for_all = (offloaded.local, offloaded.remote_share, offloaded.why)
        with about("caller"):
            found = _siting.offload_live_for(self._core, self._workload, deployment, for_all, caller)
        return Offloaded.from_json(json.loads(found))

    def adopt(self, *, now: Moment) -> tuple[str, ...]:
        """Begin the life with the loaded deployments that run already (:class:`siting.Running`); returns their ids."""
        return tuple(_siting.adopt_life(self._core, self._workload, millis(now)))

    def legal_commands(self, *, now: Moment) -> LegalCommands:
        """List what the rules allow now."""
        found = json.loads(_siting.legal_commands(self._core, self._workload, millis(now)))
        return LegalCommands.from_json(found)

    def describe(self, deployment: str) -> Description:
        """Tell every detail of one live deployment."""
        return Description.from_json(json.loads(_siting.describe_live(self._core, self._workload, deployment)))

    def journal(self) -> dict[str, Any] | None:
        """Write the life down: its state and every accepted command. Nothing, if it has not begun."""
        written = _siting.life(self._core, self._workload)
        return None if written is None else json.loads(written)

    def restore(self, journal: Mapping[str, Any]) -> None:
        """Put a life that was written down in the place of the present one."""
        _siting.restore_life(self._core, self._workload, rendered(journal)[0])

    def _repr_html_(self) -> str:
        rows = [
            (one.name, one.version or "-", one.role, one.holds or "-", one.status, one.replicas, one.ready)
            for one in self.deployments
        ]
        head = ("deployment", "version", "role", "holds", "status", "replicas", "ready")
        return f"<p>life of <code>{_html.text('/'.join(self._workload))}</code></p>{_html.table(head, rows)}"

    def __repr__(self) -> str:
        told = ", ".join(f"{one.name} {one.status}" for one in self.deployments)
        return f"<Life of {'/'.join(self._workload)}: {told or 'nothing yet'}>"


def place_seen(place: Site, **counts: int) -> dict[str, Any]:
    """Write down how many replicas were seen how at a place."""
    return {"cluster": place.cluster, "pool": place.pool, "flavor": str(Choice.of(place.flavor)), **counts}


def _effects(told: str) -> tuple[Effect, ...]:
    return tuple(Effect.from_json(entry) for entry in json.loads(told))


def losses(told: str) -> tuple[Loss, ...]:
    """Read losses."""
    found: tuple[Loss, ...] = decode(tuple[Loss, ...], json.loads(told))
    return found


def violations(told: str) -> tuple[Violation, ...]:
    """Read violations."""
    found: tuple[Violation, ...] = decode(tuple[Violation, ...], json.loads(told))
    return found
