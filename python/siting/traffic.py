"""Where a request goes: load balancing, sticky sessions, offloading to a remote side."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from siting import _siting
from siting._arguments import about, checked_class, checked_late, record
from siting._errors import NoRoute, UnknownName
from siting._packed import pack, unpack
from siting._records import Record
from siting._settings import Algorithm
from siting._time import Moment, Span, millis, span_millis
from siting.metrics import Reading

__all__ = [
    "Algorithm",
    "Backend",
    "Balancer",
    "CallerMasks",
    "Checks",
    "NoRoute",
    "Offloaded",
    "Offloading",
    "OffloadingState",
    "Remote",
    "RemotePlace",
    "Routing",
    "Sessions",
]


@record
class Backend(Record):
    """A replica that requests can go to."""

    id: int
    address: str
    port: int
    version: int = 0
    """Which of the versions beside one another it runs."""
    weight: int = 1
    ready: bool = True
    allowed: bool = True
    """Whether the policies allow it."""
    draining: bool = False
    max_connections: int | None = None
    site: int | None = None
    """Where it stands, for the masks of callers; if absent, it serves only callers who are cut from nothing."""


@record
class CallerMasks(Record):
    """Where a deployment's callers may be answered, by country; a text that can be kept anywhere.

    :meth:`siting.Workspace.caller_masks` and :meth:`siting.Life.caller_masks` make them.
    """

    text: str


@record
class Checks(Record):
    """When a backend counts as unhealthy: by active checks in a row, and by failed requests where asked for."""

    unhealthy_after: int = 3
    healthy_after: int = 2
    fail_percent: int | None = None
    """The percentage of failed requests that takes it out; if absent, requests do not count."""
    fail_requests: int = 20
    """The requests within ``fail_timeout`` below which that percentage says nothing."""
    fail_timeout: Span = 10
    """How long it is taken out, and how long requests are counted."""


def _request(
    address: str | None, key: bytes, tried: Iterable[int], version: int | None, country: str | None
) -> _siting.Request:
    if country is not None:
        with about("country"):
            country = _siting.country_code(country)
    with about("address"):
        return _siting.Request(address, key, list(tried), version, country)


def _told(backends: Iterable[Backend]) -> str:
    return json.dumps([{name: getattr(one, name) for name in Backend.__dataclass_fields__} for one in backends])


@checked_class
class Balancer:
    """Chooses one of a deployment's backends: only such as are ready, healthy, allowed, not draining and not full.

    It may be asked from many threads.
    """

    __slots__ = ("_core",)

    def __init__(self, algorithm: Algorithm, backends: Iterable[Backend], *, checks: Checks | None = None) -> None:
        found = checks or Checks()
        told = {name: getattr(found, name) for name in Checks.__dataclass_fields__}
        told["fail_timeout"] = span_millis(found.fail_timeout)
        self._core = _siting.Balancer.of(algorithm, _told(backends), json.dumps(told))

    @checked_late
    def pick(
        self,
        *,
        now: Moment,
        address: str | None = None,
        key: bytes = b"",
        tried: Iterable[int] = (),
        version: int | None = None,
        country: str | None = None,
    ) -> int:
        """Choose a backend for a request and count its connection; returns its id.

        ``address`` is the client's, for ``ip-hash``; ``key`` what ``consistent-hash`` hashes; ``tried`` were chosen
        for the same request and failed; ``country`` is the code of the country that it comes from, for the masks of
        :meth:`bind`: where nobody knows it, the mask of unknown callers holds. Raises :class:`NoRoute` with its cause
        where there is none.
        """
        return self._core.pick(millis(now), _request(address, key, tried, version, country))

    def bind(self, masks: CallerMasks) -> None:
        """Answer requests only where these masks admit the caller; those of before no longer hold.

        Bind it again when policies or clusters change, and when backends stand at new places.
        """
        with about("masks"):
            self._core.bind(masks.text)

    @checked_late
    def finished(self, backend: int, *, now: Moment, failed: bool = False) -> None:
        """Take note that a backend's request is over, and whether it failed; of one that has been replaced, nothing."""
        self._core.finished(millis(now), backend, failed)

    def checked(self, backend: int, passed: bool) -> None:
        """Take note of whether a backend passed a health check; of one that has been replaced, nothing."""
        self._core.checked(backend, passed)

    def update(
        self,
        backend: int,
        *,
        ready: bool | None = None,
        allowed: bool | None = None,
        draining: bool | None = None,
    ) -> None:
        """Say what has changed of a backend."""
        if not self._core.update(backend, ready, allowed, draining):
            raise UnknownName(f"there is no backend {backend}", code="unknown-name", path="backend")

    def replace(self, backends: Iterable[Backend]) -> None:
        """Balance over other backends; those that stay keep their health and connections."""
        self._core.replace(_told(backends))

    @property
    def connections(self) -> dict[int, int]:
        """Open connections by backend."""
        return dict(self._core.connections())

    def __eq__(self, other: object) -> bool:
        return self._core.written() == other._core.written() if isinstance(other, Balancer) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # What changes has no hash.

    def __reduce__(self) -> tuple[Any, ...]:
        return Balancer._restore, (pack(self._core.written()),)

    @classmethod
    def _restore(cls, packed: bytes) -> Balancer:
        found = object.__new__(cls)
        found._core = _siting.Balancer.restored(unpack(packed, "a balancer"))
        return found


@checked_class
class Sessions:
    """Clients that stay with their backend, and in a canary with its version."""

    __slots__ = ("_core",)

    def __init__(self, lifetime: Span) -> None:
        """End a client's session so long after its last request."""
        self._core = _siting.Sessions.of(span_millis(lifetime))

    def __len__(self) -> int:
        return len(self._core)

    def expire(self, *, now: Moment) -> None:
        """Forget sessions that are over."""
        self._core.expire(millis(now))

    @checked_late
    def pick(
        self,
        balancer: Balancer,
        client: str,
        *,
        now: Moment,
        random: int,
        split: Mapping[int, int] | None = None,
        address: str | None = None,
        key: bytes = b"",
        tried: Iterable[int] = (),
        country: str | None = None,
    ) -> tuple[int, Literal["new", "kept", "anew"]]:
        """Choose a client's backend: its own, while that can be had; returns its id and how it came to it.

        ``split`` shares requests between versions, in percent that sum to 100; ``random`` decides for a new client.
        ``country`` is as in :meth:`Balancer.pick`.
        """
        shares = [(0, 100)] if split is None else list(split.items())
        request = _request(address, key, tried, None, country)
        moment = millis(now)
        with about("split"):
            return self._core.pick(balancer._core, shares, moment, client, request, random)

    def __eq__(self, other: object) -> bool:
        return self._core.written() == other._core.written() if isinstance(other, Sessions) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # What changes has no hash.

    def __reduce__(self) -> tuple[Any, ...]:
        return Sessions._restore, (pack(self._core.written()),)

    @classmethod
    def _restore(cls, packed: bytes) -> Sessions:
        found = object.__new__(cls)
        found._core = _siting.Sessions.restored(unpack(packed, "sessions"))
        return found


@record
class Remote(Record):
    """A remote side; of several the first that is healthy and allowed is taken."""

    id: int
    healthy: bool = True
    allowed: bool = True


@record
class OffloadingState(Record):
    """What offloading remembers; a text that can be kept anywhere."""

    text: str


@checked_class
@record
class Routing(Record):
    """Where requests go, in percent, and why."""

    local: int
    remote: int | None
    remote_share: int
    why: str

    def for_caller(self, *, local: bool, remotes: Iterable[Remote]) -> Routing:
        """Tell the same for callers whom a mask binds.

        ``local`` is whether the mask leaves a ready local replica; ``remotes`` are ranked, ``allowed`` where it leaves
        them. Where it leaves one side, that answers all; where none, there is no route.
        """
        told = [(one.id, one.healthy, one.allowed) for one in remotes]
        with about("why"):
            found = _siting.routing_for((self.local, self.remote_share, self.why), self.remote, local, told)
        return Routing.from_json(json.loads(found))

    def choose(self, random: int) -> int | Literal["local"] | None:
        """Choose for one request: ``local``, a remote side's id, or nowhere."""
        remote = None if self.remote is None else (self.remote, self.remote_share)
        found = _siting.destination(self.local, remote, random)
        return "local" if found == -1 else found


@record
class RemotePlace(Record):
    """A place beside the local replicas: the best pool and flavor of a cluster."""

    cluster: str
    pool: str
    flavor: str


def _sites(sites: Mapping[int, RemotePlace]) -> list[tuple[int, str, str, str]]:
    """Places with the host's numbers, as the native half takes them."""
    return [(site, place.cluster, place.pool, place.flavor) for site, place in sites.items()]


@record
class Offloaded(Record):
    """Where a deployment's requests go, in percent, and why."""

    local: int
    remote: RemotePlace | None
    remote_share: int
    why: str
    remotes: tuple[RemotePlace, ...]
    """The places that the policies allow and that have room, best first."""


@checked_class
@record
class Offloading(Record):
    """Sends a percentage of the requests to a remote side while a metric is at or over its target.

    With no local replica ready, all of them go there; never to a remote that is unhealthy or forbidden.
    """

    percentage: int
    window: Span = 0
    """How long a load must have been at its target."""
    release_window: Span | None = None
    """How long it must have been below, as ``window`` if absent."""
    release_below: int | None = None
    """Per mille of the target below which it is calm. If absent, what is left of the target for loads that fall as
    requests leave, and the target for others; at 100 %, 90 % of the requests when it began."""

    def step(
        self,
        state: OffloadingState | None = None,
        *,
        now: Moment,
        loads: Iterable[int | None],
        local_ready: bool,
        remotes: Iterable[Remote] = (),
        relieved: Iterable[bool] = (),
        requests: int | None = None,
    ) -> tuple[Routing, OffloadingState]:
        """Decide where requests go; ``loads`` are per mille of their targets, ``None`` where nothing is known.

        ``relieved`` says of each load whether it falls as requests leave, as figures of the local replicas do; if
        absent, all do. ``requests`` are all requests, remote ones among them, in any unit that stays the same.
        """
        release = self.window if self.release_window is None else self.release_window
        seen = {
            "percentage": self.percentage,
            "window": span_millis(self.window),
            "release_window": span_millis(release),
            "release_below": self.release_below,
            "loads": list(loads),
            "relieved": list(relieved),
            "local_ready": local_ready,
            "requests": requests,
            "remotes": [(one.id, one.healthy, one.allowed) for one in remotes],
        }
        told, then = _siting.offload(None if state is None else state.text, millis(now), json.dumps(seen))
        return Routing.from_json(json.loads(told)), OffloadingState(then)


def _offload(
    ask: Callable[[str, str | None], tuple[str, str] | None],
    local: tuple[bool, Iterable[Reading | None], int | None],
    state: OffloadingState | None,
) -> tuple[Offloaded, OffloadingState] | None:
    """Ask the native half where requests go, by what is seen of the local side and what is remembered of it."""
    ready, readings, requests = local
    told = [None if one is None else one._told() for one in readings]
    seen = json.dumps({"ready": ready, "readings": told, "requests": requests})
    found = ask(seen, None if state is None else state.text)
    if found is None:
        return None
    routing, then = found
    return Offloaded.from_json(json.loads(routing)), OffloadingState(then)
