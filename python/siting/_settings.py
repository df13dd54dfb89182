"""Parts of documents: attachments, demands, pools, preferences, scaling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Union

from siting._arguments import plain_value, record
from siting._document import check_part, snake
from siting._errors import InvalidArgument, shown
from siting._records import FrozenMap, Record, camel, named, plain

if TYPE_CHECKING:
    from siting._documents import Policy

Quantity = Union[str, int, float, Decimal]
"""A quantity as manifests have it: ``4``, ``"500m"``, ``"16Gi"``, ``"1Gbps"``. Exact: texts are best."""


@record
class Attachment(Record):
    """A policy attached somewhere: binding, or only audited; perhaps until a moment, for a reason."""

    name: str
    enforcement: Literal["enforce", "audit"] = "enforce"
    until: str | None = None
    """From when on it allows nothing, such as ``2027-03-31T00:00:00Z``; its level stays restricted."""
    reason: str | None = None
    """Why it is attached; explanations repeat it."""
    ticket: str | None = None
    """The ticket that stands for that; explanations repeat it."""

    @classmethod
    def of(cls, policy: AttachmentLike) -> Attachment:
        """Read an attachment; a bare name is enforced."""
        return policy if isinstance(policy, Attachment) else cls(policy)

    @classmethod
    def from_json(cls, data: Any) -> Attachment:
        """Read an attachment as manifests have it."""
        return cls(data) if isinstance(data, str) else cls(**named(cls, data))


AttachmentLike = Union[str, Attachment]
"""A policy's name, which is enforced, or an attachment."""


@record
class Gpu(Record):
    """A demand for GPUs: so many of a family or variant (or any of several), of a memory, or a share of one."""

    count: int = 1
    type: str | tuple[str, ...] | None = None
    memory: Quantity | None = None
    share: Quantity | None = None
    slice: str | None = None
    """A slice of a device instead of a whole GPU: ``any``, a profile such as ``1g.5gb``, or a share such as ``1/8``."""


@record
class Resources(Record):
    """What one replica takes. Of several ``gpu`` alternatives the first under which all replicas fit is taken."""

    cpu: Quantity
    memory: Quantity
    storage: Quantity | None = None
    bandwidth: Quantity | None = None
    cpu_type: str | None = None
    gpu: tuple[Gpu, ...] = ()

    def __init__(
        self,
        cpu: Quantity,
        memory: Quantity,
        *,
        storage: Quantity | None = None,
        bandwidth: Quantity | None = None,
        cpu_type: str | None = None,
        gpu: Gpu | Iterable[Gpu] = (),
    ) -> None:
        alternatives = (gpu,) if isinstance(gpu, Gpu) else tuple(gpu)
        values = (cpu, memory, storage, bandwidth, cpu_type, alternatives)
        for name, value in zip(("cpu", "memory", "storage", "bandwidth", "cpu_type", "gpu"), values, strict=True):
            object.__setattr__(self, name, value)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Resources:
        """Read resources as manifests have them."""
        fields = named(cls, data)
        gpu = fields.get("gpu")
        if isinstance(gpu, Mapping) and set(gpu) == {"anyOf"}:
            fields["gpu"] = gpu["anyOf"]
        return cls(**fields)

    def to_json(self) -> dict[str, Any]:
        """Write resources as manifests have them."""
        gpu = [plain(Record.to_json(one)) for one in self.gpu]
        alternatives = gpu[0] if len(gpu) == 1 else {"anyOf": gpu} if gpu else None
        return {**Record.to_json(self), "gpu": alternatives}


@record
class Scaling(Record):
    """How replicas follow the load. Utilisations are percent, from 1 to 100."""

    min_replicas: int | None = None
    max_replicas: int | None = None
    enabled: bool = True
    target_cpu_utilization: int | None = None
    target_memory_utilization: int | None = None
    target_gpu_utilization: int | None = None


@record
class HealthCheck(Record):
    """How replicas are probed."""

    path: str
    interval_seconds: int


Algorithm = Literal["round-robin", "least-connections", "ip-hash", "consistent-hash"]
"""The rule by which a replica is chosen."""


@record
class LoadBalancer(Record):
    """How requests are spread over replicas."""

    algorithm: Algorithm | None = None
    health_check: HealthCheck | None = None
    enabled: bool = True
    sticky_sessions: bool = False


Domain = Literal["cluster", "location", "zone", "country", "continent", "provider"]
"""What replicas are spread over, or stand together in."""


@record
class Spread(Record):
    """Over what replicas spread: a constraint with ``max_skew``, a preference without."""

    by: Domain
    max_skew: int | None = None
    min_domains: int | None = None
    """The fewest domains that hold a replica, as far as there are replicas; needs ``max_skew``."""


@record
class Together(Record):
    """The kind of domain of which one holds all replicas."""

    by: Domain


@record
class Near(Record):
    """A preference for what is near a country, or a latitude and longitude in degrees."""

    country: str | None = None
    coordinates: tuple[float, float] | None = None


@record
class Favourite(Record):
    """A preferred cluster, location or provider."""

    cluster: str | None = None
    location: str | None = None
    provider: str | None = None
    weight: int = 1


Preference = Union[Literal["price", "packing"], Near, tuple[Favourite, ...]]
"""What is preferred: the lowest price, the least left on a node, what is near, favourites."""


@record
class Preferences(Record):
    """Which places a deployment would rather have, compared in this order."""

    prefer: tuple[Preference, ...] = ()
    spread: Spread | None = None
    together: Together | None = None

    def __init__(
        self,
        prefer: Iterable[Literal["price", "packing"] | Near | Iterable[Favourite]] = (),
        *,
        spread: Spread | None = None,
        together: Together | None = None,
    ) -> None:
        settled = (one if isinstance(one, (str, Near)) else tuple(one) for one in prefer)
        object.__setattr__(self, "prefer", tuple(settled))
        object.__setattr__(self, "spread", spread)
        object.__setattr__(self, "together", together)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Preferences:
        """Read preferences as manifests have them."""
        fields = named(cls, data)
        prefer = fields.get("prefer")
        if isinstance(prefer, (list, tuple)):
            fields["prefer"] = [_preference(one) for one in prefer]
        return cls(**fields)

    def to_json(self) -> dict[str, Any]:
        """Write preferences as manifests have them."""
        prefer: list[Any] = []
        for one in self.prefer:
            if isinstance(one, str):
                prefer.append(one)
            elif isinstance(one, Near):
                prefer.append({"near": plain(Record.to_json(one))})
            else:
                prefer.append({"favourites": [plain(Record.to_json(favourite)) for favourite in one]})
        bounds = {"spread": self.spread, "together": self.together}
        return {"prefer": prefer, **{key: bound.to_json() if bound else None for key, bound in bounds.items()}}


def _preference(data: Any) -> Any:
    if isinstance(data, Mapping) and set(data) == {"near"}:
        return data["near"]
    return data["favourites"] if isinstance(data, Mapping) and set(data) == {"favourites"} else data


@record
class CanaryStep(Record):
    """A step of a canary: a percentage of the traffic, for so long and so many requests at least."""

    weight: int
    soak_seconds: int | None = None
    min_requests: int | None = None


@record(kw_only=True)
class Limit(Record):
    """What a figure is held against, one of the four: ``Limit(at_most=1)``."""

    at_most: Quantity | None = None
    below: Quantity | None = None
    at_least: Quantity | None = None
    above: Quantity | None = None


@record
class StrategyCheck(Record):
    """What a strategy judges the new version by; :class:`siting.rollout.Check` says what each part means."""

    metric: str | Mapping[str, str]
    """Such as ``error-rate``; one of the host's own is ``{"custom": …}``."""
    success: Limit | None = None
    failure: Limit | None = None
    min_requests: int | None = None
    interval_seconds: int | None = None
    initial_delay_seconds: int | None = None
    count: int | None = None
    failure_limit: int | Literal["unlimited"] | None = None
    inconclusive_limit: int | None = None
    error_limit: int | None = None
    successes: int | None = None


@record
class Strategy(Record):
    """How a new version replaces the old: ``rolling``, ``blue-green`` or ``canary``, with its options.

    Options are those of the manifests, in Python's spelling; the reader of the manifests checks them.

    >>> Strategy("rolling", max_surge=1, max_unavailable="25%")
    >>> Strategy("canary", steps=[CanaryStep(10, soak_seconds=60)],
    ...          checks=[StrategyCheck("error-rate", success=Limit(at_most=1))])
    """

    type: str
    options: Mapping[str, Any]

    def __init__(self, type: str, **options: Any) -> None:
        for key in options:
            if key != snake(key):
                message = f"Strategy has no argument `{shown(key)}`"
                help = f"did you mean `{shown(snake(key))}`?"
                raise InvalidArgument(message, code="unknown-field", help=help, path=key)
        spelt = {camel(key): plain_value(value, key) for key, value in options.items()}
        check_part("Deployment", {"model": "model", "strategy": {"type": type, **spelt}}, "strategy")
        object.__setattr__(self, "type", type)
        object.__setattr__(self, "options", FrozenMap(spelt))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Strategy:
        """Read a strategy as manifests have it."""
        if not isinstance(data, Mapping):
            raise InvalidArgument("a strategy is read from a mapping", code="wrong-type")
        return cls(**{key if key == "type" else snake(key): value for key, value in data.items()})

    def to_json(self) -> dict[str, Any]:
        """Write a strategy as manifests have it."""
        return {"type": self.type, **self.options}

    def __reduce__(self) -> tuple[Any, ...]:
        return Strategy.from_json, (self.to_json(),)


Takeover = Union[Strategy, Literal["at-once"]]
"""How a candidate takes over from the holder that it replaces."""


@record
class Offloading(Record):
    """What percentage of the requests goes to the remote side, and when."""

    percentage: int
    metrics: tuple[Any, ...] = ()
    """What is watched, as a ``HorizontalPodAutoscaler`` has it. Without any, all goes where no replica is ready."""
    window_seconds: int | None = None
    release_window_seconds: int | None = None
    release_percent: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "metrics", plain_value(self.metrics, "metrics"))


@record
class PoolGpu(Record):
    """The GPUs of one node."""

    type: str
    count: int
    slice: str | None = None
    """The part of a device that each is: a share such as ``1/8``, or a partition's profile such as ``1g.5gb``."""
    memory: Quantity | None = None
    """Of each; absent is what is known of the flavor, or its part of that."""


@record
class Used(Record):
    """What of a pool is in use, over all its nodes."""

    cpu: Quantity | None = None
    memory: Quantity | None = None
    storage: Quantity | None = None
    bandwidth: Quantity | None = None
    gpu: Quantity | None = None


@record
class NodeUsed(Record):
    """What of one node is in use, and how many replicas run on it."""

    cpu: Quantity | None = None
    memory: Quantity | None = None
    storage: Quantity | None = None
    bandwidth: Quantity | None = None
    gpu: Quantity | None = None
    replicas: int | None = None


@record(kw_only=True)
class _Pool(Record):
    nodes: int | Literal["unlimited"]
    cpu: Quantity
    memory: Quantity
    cpu_flavor: str | None = None
    storage: Quantity | None = None
    bandwidth: Quantity | None = None
    gpu: PoolGpu | None = None
    price_per_hour: Quantity | None = None
    capacity: Literal["on-demand", "spot", "reserved"] | None = None
    spot: bool | None = None
    attributes: tuple[str, ...] = ()
    """What it bears beside what its cluster does."""
    replicas_per_node: int | None = None
    used: Used | None = None
    used_per_node: tuple[NodeUsed, ...] = ()
    """Instead of ``used``: what is in use node by node, from the first on."""


@record
class Pool(_Pool):
    """Nodes of one kind: ``cpu``, ``memory`` … are of one node, ``price_per_hour`` is a node's for an hour."""

    name: str


@record
class Limits(Record):
    """What deployments may hold together at most; what is not stated is not limited.

    ``gpus`` limits types of GPU: what is under each, and pools that are known only by a node above it. Under
    ``price_per_hour`` a place of unknown price takes nothing.

    >>> Limits(gpu=64, gpus={"h100": 16}, price_per_hour="400")
    """

    gpu: Quantity | None = None
    gpus: Mapping[str, Quantity] | None = None
    cpu: Quantity | None = None
    memory: Quantity | None = None
    price_per_hour: Quantity | None = None


@record
class ProviderDefinition(Record):
    """A provider of the workspace's own, or the jurisdiction of a built-in one of which none is known.

    ``aliases`` are other names by which clusters and locations may call it; ``jurisdiction`` is the country whose law
    its owner answers to.
    """

    name: str
    aliases: tuple[str, ...] = ()
    jurisdiction: str | None = None


@record
class FlavorDefinition(Record):
    """Hardware of the workspace's own."""

    type: Literal["cpu", "gpu"]
    name: str
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    memory: Quantity | None = None


@record
class ExpectedDemand(Record):
    """What replicas are expected to take, and how often: packing leaves room for it."""

    weight: int
    resources: Resources


class Settings(TypedDict, total=False):
    """What of a deployment a command can set."""

    display_name: str
    description: str
    labels: Mapping[str, str]
    env: Mapping[str, str]
    """Of these only the names are kept."""
    set_env: Iterable[str]
    """Names of environment variables that are there from now on."""
    unset_env: Iterable[str]
    priority: int
    policies: Iterable[AttachmentLike | Policy]
    replicas: int
    resources: Resources
    max_price_per_hour: Quantity
    scaling: Scaling
    load_balancer: LoadBalancer
    strategy: Strategy
    placement: Preferences
    offloading: Offloading


class Edits(Settings, total=False):
    """What of a deployment an edit can set."""

    name: str
    workload: str
    version: str
    environment: str
