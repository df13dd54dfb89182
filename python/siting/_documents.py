"""Documents built in Python, with keyword arguments: policies, environments, deployments, clusters.

Each is checked when it is made, by the very reader of the manifests, and is stored as that reads it: quantities
are texts, defaults are absent. So two documents are equal if they say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from siting._arguments import MAX_DEPTH, at, beneath, type_of
from siting._document import Document, Metadata, document
from siting._errors import InvalidArgument, shown
from siting._reports import Choice, ChoiceLike, Location
from siting._settings import (
    Attachment,
    AttachmentLike,
    ExpectedDemand,
    FlavorDefinition,
    Limits,
    LoadBalancer,
    Offloading,
    Pool,
    Preferences,
    ProviderDefinition,
    Quantity,
    Resources,
    Scaling,
    Strategy,
)

if TYPE_CHECKING:
    from typing_extensions import Unpack

Axis = Literal["location", "flavor", "provider", "capacity", "attribute"]
"""A type of policy."""
OnLoss = Literal["move", "wait"]
OnViolation = Literal["move-or-report", "move-or-stop", "report"]
"""What follows when a change of policies makes running replicas illegal."""
OnReplaced = Literal["keep", "scale-to-zero", "deactivate"]
"""What becomes of a replaced holder."""


def _choices(field: str, choices: Iterable[ChoiceLike]) -> list[Choice]:
    read = []
    for index, choice in enumerate(choices):
        with beneath(at(field, index)):
            read.append(Choice.of(choice))
    return read


def attachments(policies: Iterable[AttachmentLike | Policy]) -> list[Attachment]:
    """Read policies that are attached, by name or as they are."""
    return [Attachment.of(policy.name if isinstance(policy, Policy) else policy) for policy in policies]


def one_of(what: str, **told: object) -> None:
    """Refuse arguments of which one is to be given, where several or none are."""
    given = [name for name, value in told.items() if value is not None]
    if len(given) != 1:
        code = "invalid-value" if given else "missing-field"
        *others, last = (f"`{name}`" for name in told)
        either = "either " if len(others) == 1 else "one of "
        path = given[1] if given else next(iter(told))
        raise InvalidArgument(f"{what} {either}{', '.join(others)} or {last}", code=code, path=path)


def address_of(named: str | Document) -> str:
    """Return what a document is named by, which may be told already."""
    return named.address if isinstance(named, Document) else named


@document
class Policy(Document):
    """A named set of allowed places, hardware, providers or ways of buying nodes.

    >>> Policy("europe-but", locations=["group:eea", "country:ch"], except_=["country:is"])
    >>> Policy("t4-only", flavors=["gpu:t4"], resource_types=["model"])
    >>> Policy("european-owners", providers=["jurisdiction:eu27"])
    >>> Policy("no-spot", capacity=["capacity:on-demand", "capacity:reserved"])
    >>> Policy("europeans-in-the-eea", locations=["group:eea"], callers=["group:eea"])
    >>> Policy("regulated", attributes=["attribute:hipaa", "attribute:c5+confidential"])
    """

    kind = "Policy"

    type: Axis
    locations: tuple[Choice, ...]
    flavors: tuple[Choice, ...]
    providers: tuple[Choice, ...]
    capacity: tuple[Choice, ...]
    attributes: tuple[Choice, ...]
    """What a pool must bear: one of these, of which `+` joins several that must all be borne."""
    except_: tuple[Choice, ...]
    """What is taken out again."""
    resource_types: tuple[str, ...]
    """The workload types that it applies to; empty for all."""
    callers: tuple[Choice, ...]
    """Where the requests come from that it binds; empty where it binds deployments."""
    description: str | None

    def __init__(
        self,
        name: str,
        *,
        locations: Iterable[ChoiceLike] | None = None,
        flavors: Iterable[ChoiceLike] | None = None,
        providers: Iterable[ChoiceLike] | None = None,
        capacity: Iterable[ChoiceLike] | None = None,
        attributes: Iterable[ChoiceLike] | None = None,
        except_: Iterable[ChoiceLike] = (),
        resource_types: Iterable[str] = (),
        callers: Iterable[ChoiceLike] | None = None,
        description: str | None = None,
        **metadata: Unpack[Metadata],
    ) -> None:
        """Allow ``locations``, ``flavors``, ``providers``, ``capacity`` or ``attributes``, but not ``except_``.

        With ``callers`` (continents, countries, groups) it binds requests from there, and no deployments.
        """
        binding = None if callers is None else _choices("callers", callers)
        if binding is not None and not binding:
            raise InvalidArgument("`callers` must not be empty", code="empty-list", path="callers")
        lists: dict[str, Iterable[ChoiceLike] | None] = {
            "locations": locations,
            "flavors": flavors,
            "providers": providers,
            "capacity": capacity,
            "attributes": attributes,
        }
        one_of(f"policy `{shown(name)}` allows", **lists)
        stated, options = next((key, options) for key, options in lists.items() if options is not None)
        self._build(
            name,
            metadata,
            {
                "type": stated.removesuffix("s"),
                stated: _choices(stated, options),
                "except": _choices("except_", except_),
                "resourceTypes": list(resource_types),
                "callers": binding,
                "description": description,
            },
            stated=stated,
        )

    def _spec(self, fields: dict[str, Any]) -> dict[str, Any]:
        if "attributes" in fields:
            fields["attributes"] = [_borne(choice["name"].split("+")) for choice in fields["attributes"]]
        return fields


def _borne(names: list[str]) -> dict[str, Any]:
    return {"allOf": names} if len(names) > 1 else {"type": "attribute", "name": names[0]}


@document
class Environment(Document):
    """Policies that govern deployments.

    >>> Environment("production", policies=["europe-but", Attachment("t4-only", enforcement="audit")])
    """

    kind = "Environment"

    policies: tuple[Attachment, ...]
    require: tuple[Axis, ...]
    """The types of policy without which nothing is placed."""
    limits: Limits | None
    """What its deployments may hold together."""
    on_violation: OnViolation | None
    on_loss: OnLoss | None
    grace_seconds: int | None
    """For how long a lost cluster may come back before replicas are started elsewhere."""
    on_replaced: OnReplaced | None

    def __init__(
        self,
        name: str,
        *,
        policies: Iterable[AttachmentLike | Policy] = (),
        require: Iterable[Axis] = (),
        limits: Limits | None = None,
        on_violation: OnViolation | None = None,
        on_loss: OnLoss | None = None,
        grace_seconds: int | None = None,
        on_replaced: OnReplaced | None = None,
        **metadata: Unpack[Metadata],
    ) -> None:
        spec = {
            "policies": attachments(policies),
            "require": list(require),
            "limits": limits,
            "onViolation": on_violation,
            "onLoss": on_loss,
            "graceSeconds": grace_seconds,
            "onReplaced": on_replaced,
        }
        self._build(name, metadata, spec, named=policies)


@document
class Organisation(Document):
    """The document of kind ``Workspace``: what holds for the whole workspace, and names of its own."""

    kind = "Workspace"

    policies: tuple[Attachment, ...]
    require: tuple[Axis, ...]
    limits: Limits | None
    """What all deployments may hold together."""
    default_environment: str | None
    currency: str | None
    resource_types: tuple[str, ...]
    """Workload types beside ``model``, ``function`` and ``agent``."""
    groups: Mapping[str, tuple[str, ...]]
    """Named sets of countries."""
    providers: tuple[ProviderDefinition, ...]
    attributes: tuple[str, ...]
    """What clusters and pools may bear."""
    locations: tuple[Location, ...]
    flavors: tuple[FlavorDefinition, ...]
    max_age: str | None
    """How old what was observed of a cluster may be, such as ``10m``."""
    expected_demands: tuple[ExpectedDemand, ...]
    """The mix of demands that packing leaves room for."""
    severities: Mapping[str, Literal["error", "warning", "info", "off"]]
    """How bad findings are, by code."""

    def __init__(
        self,
        name: str,
        *,
        policies: Iterable[AttachmentLike | Policy] = (),
        require: Iterable[Axis] = (),
        limits: Limits | None = None,
        default_environment: str | Environment | None = None,
        currency: str | None = None,
        resource_types: Iterable[str] = (),
        groups: Mapping[str, Iterable[str]] | None = None,
        providers: Iterable[ProviderDefinition] = (),
        attributes: Iterable[str] = (),
        locations: Iterable[Location] = (),
        flavors: Iterable[FlavorDefinition] = (),
        max_age: str | None = None,
        expected_demands: Iterable[ExpectedDemand] = (),
        severities: Mapping[str, Literal["error", "warning", "info", "off"]] | None = None,
        **metadata: Unpack[Metadata],
    ) -> None:
        spec = {
            "policies": attachments(policies),
            "require": list(require),
            "limits": limits,
            "defaultEnvironment": (
                default_environment if default_environment is None else address_of(default_environment)
            ),
            "currency": currency,
            "resourceTypes": list(resource_types),
            "groups": groups,
            "providers": list(providers),
            "attributes": list(attributes),
            "locations": list(locations),
            "flavors": list(flavors),
            "maxAge": max_age,
            "expectedDemands": list(expected_demands),
            "severities": severities,
        }
        self._build(name, metadata, spec, named=[*policies, default_environment])


@document
class Deployment(Document):
    """One version of a workload with its settings. Values of environment variables stay out of its ``repr``.

    >>> Deployment("bert-api-v1", model="bert", replicas=2, resources=Resources(cpu=4, memory="16Gi"))
    """

    kind = "Deployment"

    workload_type: str
    workload: str
    version: str | None
    environment: str | None
    policies: tuple[Attachment, ...]
    priority: int
    """Higher is decided first."""
    replicas: int | None
    resources: Resources | None
    max_price_per_hour: Quantity | None
    """The most that one replica may cost an hour; a place of unknown price is none under it."""
    scaling: Scaling | None
    load_balancer: LoadBalancer | None
    strategy: Strategy | None
    placement: Preferences | None
    offloading: Offloading | None
    env: Mapping[str, str] = field(repr=False)
    description: str | None

    def __init__(
        self,
        name: str,
        *,
        model: str | None = None,
        workload: str | None = None,
        workload_type: str = "model",
        version: str | None = None,
        environment: str | Environment | None = None,
        policies: Iterable[AttachmentLike | Policy] = (),
        priority: int = 0,
        replicas: int | None = None,
        resources: Resources | None = None,
        max_price_per_hour: Quantity | None = None,
        scaling: Scaling | None = None,
        load_balancer: LoadBalancer | None = None,
        strategy: Strategy | None = None,
        placement: Preferences | None = None,
        offloading: Offloading | None = None,
        env: Mapping[str, str] | None = None,
        description: str | None = None,
        **metadata: Unpack[Metadata],
    ) -> None:
        """Deploy a ``model``, or a ``workload`` of a ``workload_type``."""
        one_of(f"deployment `{shown(name)}` is of", model=model, workload=workload)
        spec = {
            **_workload(workload_type, workload if model is None else model),
            "version": version,
            "environment": environment if environment is None else address_of(environment),
            "policies": attachments(policies),
            "priority": priority or None,
            "replicas": replicas,
            "resources": resources,
            "maxPricePerHour": max_price_per_hour,
            "scaling": scaling,
            "loadBalancer": load_balancer,
            "strategy": strategy,
            "placement": placement,
            "offloading": offloading,
            "env": env or None,
            "description": description,
        }
        self._build(name, metadata, spec, named=[*policies, environment])

    @property
    def address(self) -> str:
        """Its address, ``workload/name``."""
        return f"{self.workload}/{self.name}"

    def _argument(self, keys: tuple[Any, ...]) -> tuple[Any, ...]:
        if keys[:2] == ("spec", "workload"):
            return ("workload_type",) if keys[2:] == ("type",) else ("workload",)
        # One alternative stands by itself in manifests.
        return tuple(key for key in super()._argument(keys) if key != "any_of")

    def _spec(self, fields: dict[str, Any]) -> dict[str, Any]:
        workload = _workload(fields.pop("workloadType"), fields.pop("workload"))
        if not fields["priority"]:
            del fields["priority"]
        return workload | fields

    def _unspec(self, spec: dict[str, Any]) -> dict[str, Any]:
        workload = spec.get("workload") or {"type": "model", "name": spec["model"]}
        rest = {key: value for key, value in spec.items() if key not in ("model", "workload")}
        return {"workloadType": workload["type"], "workload": workload["name"], **rest}


def _workload(kind: str, name: str | None) -> dict[str, Any]:
    return {"model": name} if kind == "model" else {"workload": {"type": kind, "name": name}}


@document
class Cluster(Document):
    """Where replicas can run: with ``pools``, or serverless with ``flavors``.

    >>> Cluster("use1-prod-a", provider="aws", location="us-east-1",
    ...         pools=[Pool("g4dn", nodes=12, cpu=4, memory="16Gi", gpu=PoolGpu("t4", 1), price_per_hour="0.526")])
    >>> Cluster("lambda-eu", provider="aws", country="ie", flavors=["cpu:x86"])
    """

    kind = "Cluster"

    provider: str
    location: str | None
    country: str | None
    zone: str | None
    coordinates: tuple[float, float] | None
    healthy: bool
    cordoned: bool
    attributes: tuple[str, ...]
    """What it bears with all its pools."""
    observed_at: str | None
    """When this was observed; with the workspace's ``max_age``, it counts for so long."""
    pools: tuple[Pool, ...]
    flavors: tuple[Choice, ...]

    def __init__(
        self,
        name: str,
        *,
        provider: str,
        location: str | None = None,
        country: str | None = None,
        zone: str | None = None,
        coordinates: tuple[float, float] | None = None,
        healthy: bool = True,
        cordoned: bool = False,
        attributes: Iterable[str] = (),
        observed_at: str | None = None,
        pools: Iterable[Pool] | None = None,
        flavors: Iterable[ChoiceLike] | None = None,
        **metadata: Unpack[Metadata],
    ) -> None:
        one_of(f"cluster `{shown(name)}` has", pools=pools, flavors=flavors)
        spec = {
            "provider": provider,
            "location": location,
            "country": country,
            "zone": zone,
            "coordinates": coordinates,
            "healthy": None if healthy else False,
            "cordoned": cordoned or None,
            "attributes": list(attributes),
            "observedAt": observed_at,
            "pools": None if pools is None else list(pools),
            "flavors": None if flavors is None else _choices("flavors", flavors),
        }
        self._build(name, metadata, spec, stated="flavors" if pools is None else "pools")

    def _spec(self, fields: dict[str, Any]) -> dict[str, Any]:
        usual = {"healthy": True, "cordoned": False}
        return {key: value for key, value in fields.items() if usual.get(key) is not value}

    def _unspec(self, spec: dict[str, Any]) -> dict[str, Any]:
        return {"healthy": True, **spec}


@document
class Running(Document):
    """The document of kind ``Placement``: replicas that run now. They take capacity, and their place is kept."""

    kind = "Placement"

    deployment: str
    cluster: str
    pool: str
    replicas: int

    def __init__(
        self,
        name: str,
        *,
        deployment: str | Deployment,
        cluster: str | Cluster,
        pool: str,
        replicas: int,
        **metadata: Unpack[Metadata],
    ) -> None:
        of, on = address_of(deployment), address_of(cluster)
        spec = {"deployment": of, "cluster": on, "pool": pool, "replicas": replicas}
        self._build(name, metadata, spec, named=[deployment, cluster])


def documents_of(source: Any, depth: int = 0) -> Iterable[Mapping[str, Any] | Document]:
    """Return the manifests and documents of a source that is no path."""
    if isinstance(source, (Document, Mapping)):
        yield source
    elif isinstance(source, Iterable) and not isinstance(source, (str, bytes, bytearray)) and depth < MAX_DEPTH:
        for document in source:
            yield from documents_of(document, depth + 1)
    else:
        message = f"documents are paths, mappings and documents, not {type_of(source)}"
        raise InvalidArgument(message, code="wrong-type", path="sources")
