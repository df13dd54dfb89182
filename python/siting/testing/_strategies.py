"""Strategies for documents and their parts. Common values come first: that is where shrinking leads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from hypothesis import strategies as st

import siting
from siting._settings import Algorithm

COUNTRIES = ("us", "de", "fr", "ca", "gb", "br", "jp", "in", "za", "ke", "au", "na", "sa", "as", "af", "xk", "no")
"""With those whose codes are continents' too."""
CONTINENTS = ("eu", "na", "as", "af", "sa", "oc")
GROUPS = ("eea", "eu27", "gdpr-adequate")
LOCATIONS = (("aws", "us-east-1"), ("aws", "eu-west-3"), ("gcp", "us-east1"), ("azure", "westeurope"))
GPUS = ("t4", "l4", "a100", "a100-40gb", "a100-80gb", "h100", "h100-80gb", "v100", "v100-16gb")
CPUS = ("x86", "arm")
WORKLOAD_TYPES = ("model", "function", "agent")


def names() -> st.SearchStrategy[str]:
    """Names of documents: short ones, and any that are allowed."""
    printable = st.characters(exclude_categories=("C", "Z"), exclude_characters="/")
    any_name = st.text(printable, min_size=1, max_size=20)
    return st.one_of(st.sampled_from([f"{letter}{digit}" for digit in range(3) for letter in "abc"]), any_name)


def money() -> st.SearchStrategy[str]:
    """Prices of a node for an hour."""
    micros = st.integers(1, 10**9).map(lambda micros: f"{micros // 10**6}.{micros % 10**6:06}")
    return st.one_of(st.sampled_from(["1", "0.526", "0"]), micros)


def location_choices() -> st.SearchStrategy[siting.Choice]:
    """Places that a policy can allow."""
    return st.one_of(
        st.sampled_from(COUNTRIES).map(lambda code: siting.Choice("country", code)),
        st.sampled_from(CONTINENTS).map(lambda code: siting.Choice("continent", code)),
        st.sampled_from(GROUPS).map(lambda name: siting.Choice("group", name)),
        st.sampled_from(LOCATIONS).map(lambda place: siting.Choice("location", "/".join(place))),
    )


def flavor_choices() -> st.SearchStrategy[siting.Choice]:
    """Hardware that a policy can allow: codes, families, whole kinds."""
    return st.one_of(
        st.sampled_from((*GPUS, "any")).map(lambda code: siting.Choice("gpu", code)),
        st.sampled_from((*CPUS, "any")).map(lambda code: siting.Choice("cpu", code)),
    )


def provider_choices() -> st.SearchStrategy[siting.Choice]:
    """Providers, and the law that their owners answer to."""
    names = st.sampled_from(["aws", "gcp", "ovh", "hetzner"]).map(lambda name: siting.Choice("provider", name))
    laws = st.sampled_from(["us", "eu27", "fr"]).map(lambda law: siting.Choice("jurisdiction", law))
    return st.one_of(names, laws)


def capacity_choices() -> st.SearchStrategy[siting.Choice]:
    """Ways of buying nodes."""
    return st.sampled_from(["on-demand", "spot", "reserved"]).map(lambda name: siting.Choice("capacity", name))


@st.composite
def policies(draw: st.DrawFn, name: st.SearchStrategy[str] | None = None) -> siting.Policy:
    """Policies of all types, some with exceptions and targets; what they leave is never nothing."""
    options: dict[str, Any] = {}
    kind = draw(st.sampled_from(["locations", "locations", "flavors", "flavors", "providers", "capacity"]))
    offered = {
        "locations": location_choices,
        "flavors": flavor_choices,
        "providers": provider_choices,
        "capacity": capacity_choices,
    }
    chosen = options[kind] = draw(st.lists(offered[kind](), min_size=1, max_size=3, unique=True))
    # Exceptions leave something where what is allowed is wide.
    wide = {
        "flavors": siting.Choice("gpu", "any") in chosen,
        "locations": any(choice.type in ("continent", "group") for choice in chosen),
    }.get(kind, False)
    inner = (
        st.sampled_from(GPUS).map(lambda code: siting.Choice("gpu", code))
        if kind == "flavors"
        else st.sampled_from(COUNTRIES).map(lambda code: siting.Choice("country", code))
    )
    if wide:
        options["except_"] = draw(st.lists(inner, max_size=2, unique=True))
    targets = draw(st.lists(st.sampled_from(WORKLOAD_TYPES), max_size=2, unique=True))
    # Mostly none: what binds requests decides no placement.
    offered_callers = [siting.Choice("group", "eea"), siting.Choice("country", "us"), siting.Choice("continent", "as")]
    some = st.lists(st.sampled_from(offered_callers), min_size=1, max_size=2, unique=True)
    callers = draw(st.one_of(st.none(), st.none(), st.none(), some))
    named = draw(names() if name is None else name)
    return siting.Policy(named, resource_types=targets, callers=callers, **options)


def attachments(policies: Sequence[str]) -> st.SearchStrategy[list[siting.Attachment]]:
    """Attachments of some of these policies, most of them enforced."""
    if not policies:
        return st.just([])
    enforcement: st.SearchStrategy[Literal["enforce", "audit"]] = st.sampled_from(["enforce", "enforce", "audit"])
    # An end is for whoever asks at a moment: where none is known, whatever ends has ended.
    reason = st.sampled_from([None, None, "migration"])
    one = st.builds(siting.Attachment, st.sampled_from(list(policies)), enforcement, reason=reason)
    return st.lists(one, max_size=3, unique_by=lambda attached: attached.name)


@st.composite
def environments(
    draw: st.DrawFn, name: st.SearchStrategy[str] | None = None, policies: Sequence[str] = ()
) -> siting.Environment:
    """Environments under some of these policies."""
    return siting.Environment(
        draw(names() if name is None else name),
        policies=draw(attachments(policies)),
        require=draw(st.lists(st.sampled_from(["location", "flavor", "provider", "capacity"]), max_size=1)),
        on_violation=draw(st.sampled_from([None, "move-or-report", "move-or-stop", "report"])),
        on_loss=draw(st.sampled_from([None, "move", "wait"])),
        grace_seconds=draw(st.none() | st.integers(0, 600)),
        on_replaced=draw(st.sampled_from([None, "keep", "scale-to-zero", "deactivate"])),
    )


@st.composite
def organisations(
    draw: st.DrawFn, policies: Sequence[str] = (), environments: Sequence[str] = ("production",)
) -> siting.Organisation:
    """What holds for a whole workspace."""
    return siting.Organisation(
        "acme",
        policies=draw(attachments(policies)),
        default_environment=draw(st.sampled_from([None, *environments])),
        currency=draw(st.sampled_from([None, "EUR"])),
    )


@st.composite
def gpus(draw: st.DrawFn) -> siting.Gpu:
    """One alternative of a demand for GPUs."""
    share = draw(st.sampled_from([None, None, "0.5", "0.25"]))
    count = 1 if share is not None else draw(st.integers(1, 4))
    return siting.Gpu(
        count,
        type=draw(st.sampled_from([None, *GPUS])),
        memory=draw(st.sampled_from([None, "16Gi", "40Gi"])),
        share=share,
    )


@st.composite
def resources(draw: st.DrawFn) -> siting.Resources:
    """What one replica takes."""
    return siting.Resources(
        draw(st.sampled_from(["1", "500m", "4", "16"])),
        draw(st.sampled_from(["1Gi", "16Gi", "64Gi"])),
        storage=draw(st.sampled_from([None, "10Gi"])),
        cpu_type=draw(st.sampled_from([None, *CPUS])),
        gpu=draw(st.lists(gpus(), max_size=2)),
    )


@st.composite
def scalings(draw: st.DrawFn) -> siting.Scaling:
    """Settings of how replicas follow the load."""
    least = draw(st.integers(0, 3))
    cpu = draw(st.one_of(st.none(), st.integers(1, 100)))
    # A maximum of 0 is refused: nothing would ever answer.
    return siting.Scaling(least, max(least, 1) + draw(st.integers(0, 5)), target_cpu_utilization=cpu)


@st.composite
def load_balancers(draw: st.DrawFn) -> siting.LoadBalancer:
    """Settings of how requests are spread."""
    algorithms: list[Algorithm] = ["round-robin", "least-connections", "ip-hash", "consistent-hash"]
    check = siting.HealthCheck("/health", draw(st.integers(1, 60)))
    return siting.LoadBalancer(draw(st.sampled_from(algorithms)), check, sticky_sessions=draw(st.booleans()))


@st.composite
def preferences(draw: st.DrawFn) -> siting.Preferences:
    """Preferences and spread."""
    near = st.sampled_from(COUNTRIES).map(lambda code: siting.Near(country=code))
    by: list[Any] = ["cluster", "location", "country", "continent", "provider"]
    skews = st.builds(siting.Spread, st.sampled_from(by), st.just(1) | st.just(2), st.none() | st.integers(1, 3))
    spreads = st.builds(siting.Spread, st.sampled_from(by)) | skews
    together = st.none() | st.builds(siting.Together, st.sampled_from(by))
    prefer: st.SearchStrategy[Any] = st.one_of(st.just("price"), st.just("packing"), near)
    preferred = draw(st.lists(prefer, max_size=2, unique=True))
    return siting.Preferences(preferred, spread=draw(st.none() | spreads), together=draw(together))


@st.composite
def deployments(
    draw: st.DrawFn,
    name: st.SearchStrategy[str] | None = None,
    policies: Sequence[str] = (),
    environments: Sequence[str] = ("production",),
) -> siting.Deployment:
    """Deployments under some of these policies, in one of these environments."""
    return siting.Deployment(
        draw(names() if name is None else name),
        workload=draw(st.sampled_from(["m", "n"])),
        workload_type=draw(st.sampled_from(WORKLOAD_TYPES)),
        environment=draw(st.sampled_from([None, *environments])),
        policies=draw(attachments(policies)),
        priority=draw(st.sampled_from([0, 0, 1, -1])),
        replicas=draw(st.sampled_from([None, 1, 2, 5, 0])),
        resources=draw(st.none() | resources()),
        max_price_per_hour=draw(st.sampled_from([None, None, "2.50"])),
        scaling=draw(st.none() | scalings()),
        load_balancer=draw(st.none() | load_balancers()),
        placement=draw(st.none() | preferences()),
    )


@st.composite
def pools(draw: st.DrawFn, name: st.SearchStrategy[str] | None = None) -> siting.Pool:
    """Pools of nodes of one kind."""
    gpu = draw(st.none() | st.builds(siting.PoolGpu, st.sampled_from(GPUS), st.integers(1, 8)))
    cpu = draw(st.sampled_from(CPUS)) if gpu is None else draw(st.sampled_from([None, *CPUS]))
    return siting.Pool(
        draw(names() if name is None else name),
        nodes=draw(st.one_of(st.integers(1, 4), st.just("unlimited"))),
        cpu=draw(st.sampled_from(["4", "16", "64"])),
        memory=draw(st.sampled_from(["16Gi", "64Gi", "256Gi"])),
        cpu_flavor=cpu,
        gpu=gpu,
        price_per_hour=draw(st.none() | money()),
        capacity=draw(st.sampled_from([None, "spot", "reserved"])),
    )


@st.composite
def clusters(draw: st.DrawFn, name: st.SearchStrategy[str] | None = None) -> siting.Cluster:
    """Clusters with pools, and serverless ones."""
    where: dict[str, Any] = {"provider": "onprem", "country": draw(st.sampled_from(COUNTRIES))}
    if draw(st.booleans()):
        provider, location = draw(st.sampled_from(LOCATIONS))
        where = {"provider": provider, "location": location}
    if draw(st.booleans()):
        what: dict[str, Any] = {
            "pools": draw(st.lists(pools(), min_size=1, max_size=3, unique_by=lambda pool: pool.name))
        }
    else:
        codes = [f"gpu:{code}" for code in GPUS] + [f"cpu:{code}" for code in CPUS]
        what = {"flavors": draw(st.lists(st.sampled_from(codes), min_size=1, max_size=3, unique=True))}
    closed: dict[str, Any] = draw(st.sampled_from([{}, {}, {}, {"healthy": False}, {"cordoned": True}]))
    return siting.Cluster(draw(names() if name is None else name), **where, **what, **closed)


@st.composite
def runnings(draw: st.DrawFn, deployment: str = "m/d0", cluster: str = "c0", pool: str = "a0") -> siting.Running:
    """Replicas that run now on a pool."""
    replicas = draw(st.integers(1, 5))
    return siting.Running(draw(names()), deployment=deployment, cluster=cluster, pool=pool, replicas=replicas)
