"""Arguments: what is not known, missing, of another type or out of range, of every public class and call."""

from __future__ import annotations

import array
import datetime
import fractions
import inspect
import itertools
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

import siting
from siting import metrics, rollout, scaling, traffic

MONDAY = datetime.datetime(2026, 11, 30, tzinfo=datetime.timezone.utc)


def fleet() -> siting.Workspace:
    return siting.Workspace(
        siting.Policy("eu", locations=["continent:eu"]),
        siting.Environment("production", policies=["eu"]),
        siting.Cluster(
            "paris",
            provider="aws",
            location="eu-west-3",
            pools=[siting.Pool("a", nodes=4, cpu=4, memory="8Gi", cpu_flavor="x86")],
        ),
        siting.Deployment("one", model="bert", resources=siting.Resources(1, "1Gi")),
    )


Made = Callable[[], Callable[..., Any]]

CALLS: dict[str, tuple[Made, tuple[Any, ...], dict[str, Any]]] = {}
"""Every public call: how it is had, and arguments that are right."""


def call(name: str, made: Made, /, *args: Any, **kwargs: Any) -> None:
    assert name not in CALLS
    CALLS[name] = (made, args, kwargs)


def records() -> None:
    gpu = siting.Gpu(1, type="t4")
    needs = siting.Resources(1, "1Gi")
    pool = siting.Pool("a", nodes=4, cpu=4, memory="8Gi", cpu_flavor="x86")
    step = siting.CanaryStep(10)
    limit = siting.Limit(at_most=1)
    check = siting.StrategyCheck("error-rate", limit)
    for cls, args, kwargs in (
        (siting.Attachment, ("eu",), {"enforcement": "audit"}),
        (siting.CanaryStep, (10,), {"soak_seconds": 1, "min_requests": 1}),
        (siting.Choice, ("country", "us"), {}),
        (siting.ExpectedDemand, (1, needs), {}),
        (siting.Favourite, (), {"cluster": "paris", "weight": 2}),
        (siting.FlavorDefinition, ("gpu", "x900"), {"parent": None, "aliases": ["X"], "memory": "1Gi"}),
        (siting.Gpu, (1,), {"type": "t4", "memory": None, "share": None}),
        (siting.HealthCheck, ("/", 30), {}),
        (siting.Limit, (), {"at_most": 1}),
        (siting.LoadBalancer, ("round-robin",), {"enabled": False, "sticky_sessions": True}),
        (siting.Location, ("onprem/oslo", "no"), {}),
        (siting.Near, (), {"country": "de"}),
        (siting.Offloading, (30,), {"metrics": (), "window_seconds": 1}),
        (siting.Pool, ("a",), {"nodes": 4, "cpu": 4, "memory": "8Gi", "spot": True, "used": siting.Used(cpu=1)}),
        (siting.PoolGpu, ("t4", 1), {}),
        (
            siting.Preferences,
            (["price"],),
            {"spread": siting.Spread("location"), "together": siting.Together("country")},
        ),
        (siting.Resources, (1, "1Gi"), {"storage": "1Gi", "gpu": gpu}),
        (siting.Scaling, (1, 2), {"enabled": True, "target_cpu_utilization": 50}),
        (siting.Site, ("paris", "a", "cpu:x86", 1), {}),
        (siting.Spread, ("location",), {"max_skew": 1, "min_domains": 2}),
        (siting.Strategy, ("canary",), {"steps": [step], "checks": [check]}),
        (siting.StrategyCheck, ("error-rate", limit), {"count": 1, "failure_limit": "unlimited"}),
        (siting.Together, ("location",), {}),
        (siting.Used, (), {"cpu": 1}),
        (
            siting.Policy,
            ("eu",),
            {"locations": ["continent:eu"], "except_": ["country:fr"], "resource_types": ["model"]},
        ),
        (siting.Environment, ("e",), {"policies": ["eu"], "require": ["location"], "on_violation": "report"}),
        (
            siting.Organisation,
            ("o",),
            {"groups": {"n": ["se"]}, "currency": "EUR", "flavors": (), "labels": {"a": "b"}},
        ),
        (siting.Cluster, ("c",), {"provider": "aws", "country": "fr", "healthy": True, "pools": [pool]}),
        (siting.Running, ("r",), {"deployment": "one", "cluster": "c", "pool": "a", "replicas": 1}),
        (
            siting.Deployment,
            ("d",),
            {"model": "m", "replicas": 1, "priority": 1, "resources": needs, "env": {"A": "b"}, "policies": ["eu"]},
        ),
        (rollout.Rolling, (), {"max_surge": 1}),
        (rollout.BlueGreen, (), {"bake": 1}),
        (rollout.Step, (10,), {"soak": 1, "requests": 1}),
        (rollout.Canary, ((rollout.Step(10),),), {"fewest": 1}),
        (rollout.Threshold, ("at-most", 1), {}),
        (rollout.Check, ("cpu",), {"success": rollout.Threshold("below", 1), "interval": 1}),
        (rollout.Group, (1, 1), {}),
        (scaling.Limit, ("replicas", 1), {"period": 1}),
        (scaling.Rules, (), {"window": 1, "select": "min", "limits": (scaling.Limit("replicas", 1),)}),
        (scaling.RequestTarget, (1, 2), {"panic_threshold": 2.0}),
        (scaling.Zero, (), {"grace": 1}),
        (scaling.Sample, (1, 2), {"window": 1}),
        (scaling.Replica, (), {"phase": "running", "ready": (True, 0)}),
        (scaling.Figures, (), {"values": (1, 2)}),
        (scaling.Requests, (1, 1.0, 1.0), {"reachable": True}),
        (metrics.MetricSpec, ("resource", "cpu"), {"target": "utilization", "value": 90}),
        (traffic.Backend, (1, "10.0.0.1", 80), {"weight": 1}),
        (traffic.Checks, (), {"fail_percent": 50}),
        (traffic.Remote, (1,), {"healthy": True}),
        (traffic.Offloading, (30,), {"window": 1}),
        (metrics.Window, (60,), {"slots": 60}),
        (scaling.Autoscaler, (1, 2), {"tolerance": (1, 1), "metrics": []}),
        (rollout.Rollout, (rollout.Rolling(),), {"now": 0, "deadline": 1}),
        (traffic.Balancer, ("round-robin", [traffic.Backend(1, "a", 1)]), {}),
        (traffic.Sessions, (60,), {}),
    ):
        call(f"{cls.__module__}.{cls.__qualname__}", lambda cls=cls: cls, *args, **kwargs)  # type: ignore[misc]


def reserved() -> siting.Reservation:
    workspace = fleet()
    workspace.reserve("paris", "a", "cpu:x86", cpu=1, memory="1Gi")
    return workspace.reservations[0]


def questions() -> None:
    of = siting.Workspace
    at: dict[str, Any] = {"now": 0}
    place = traffic.RemotePlace("paris", "a", "cpu:x86")
    sites, offloaded = {0: place}, traffic.Offloaded(50, place, 50, "metric", (place,))
    args: tuple[Any, ...]
    for name, args, kwargs in (
        ("place", ("one",), {"partial": True}),
        ("place_each", (["one"],), {"partial": True}),
        ("place_all", (), {"partial": True, "optimize": 1, "independent": False}),
        ("decide", (fleet().allowed().pairs(),), {"partial": True}),
        ("explain", ("one",), {"cluster": "paris"}),
        ("options", ("production",), {"workload_type": "model", "given": ["cpu:x86"]}),
        ("describe", ("one",), {}),
        ("reserve", ("paris", "a", "cpu:x86"), {"replicas": 1, "cpu": 1, "memory": "1Gi", "gpus": 0}),
        ("release", (), {}),
        ("set_cluster", ("paris",), {"healthy": True, "cordoned": False}),
        ("attach", ("one", "eu"), {}),
        ("change_policies", (["eu"],), {"environment": "production"}),
        ("impact", (["eu"],), {"environment": "production", **at}),
        ("violations", (), at),
        ("settle_violations", (), at),
        ("losses", (), at),
        ("settle_losses", (), at),
        ("jump_to", (0,), {}),
        ("remove_environment", ("staging",), {}),
        ("test", ({},), {}),
        ("diff", (fleet(),), {}),
        ("verify", (fleet().place("one"),), {}),
        ("drill", ("country:fr",), {}),
        ("drain", ("paris",), {}),
        ("plan_moves", (), {}),
        ("at", (0,), {}),
        ("next_change", (0,), {}),
        ("simulate", ({},), {}),
        ("commit", (fleet().place("one"),), {}),
        ("take_back", (reserved(),), {}),
        ("life", ("bert",), {"type": "model"}),
        ("change", (siting.Change(),), at),
        ("put", (siting.Policy("eu", locations=["group:eea"]),), at),
        ("remove", (("Deployment", "one"),), at),
        ("offload", ("one",), {"ready": True, **at}),
        ("offload_for", ("one", offloaded), {"caller": "de", "local": True}),
        ("answerable", ("one",), {"caller": "de"}),
        ("caller_masks", ("one", sites), {}),
        ("preview", (siting.Change(),), at),
        ("what_if", (siting.Change(),), at),
        ("prepare", (siting.Change(),), {"key": "k", **at}),
        ("apply", ("{}",), {}),
        ("rebase", ("{}",), {}),
    ):
        call(f"Workspace.{name}", lambda name=name: getattr(fleet(), name), *args, **kwargs)  # type: ignore[misc]
    for name, args, kwargs in (
        ("apply", (siting.Command.push("v1"),), at),
        ("preview", (siting.Command.push("v1"),), at),
        ("check", (siting.Command.push("v1"),), at),
        ("observe", ("a", "built"), {"generation": 1, **at}),
        ("observe_place", ("a", siting.Site("paris", "a", "cpu:x86", 1)), {"sequence": 1, **at}),
        ("advance", ("a",), {"old": 1, "new": 1, "requests": 1, **at}),
        ("autoscale", ("a",), {"ready": 1, "window": metrics.Window(60), **at}),
        ("adopt", (), at),
        ("offload", ("a",), {"ready": True, **at}),
        ("offload_for", ("a", offloaded), {"caller": "de"}),
        ("routes_from", ("de",), {}),
        ("caller_masks", ("a", sites), {}),
        ("legal_commands", (), at),
        ("describe", ("a",), {}),
        ("restore", ({},), {}),
    ):
        call(f"Life.{name}", lambda name=name: getattr(fleet().life("bert"), name), *args, **kwargs)  # type: ignore[misc]
    for name, args, kwargs in (
        ("push", ("v1",), {"name": "a", "draft": True, "replicas": 1, "policies": ["eu"]}),
        ("patch", ("v1",), {}),
        ("promote", ("a", "production"), {"by": "at-once", "force": True}),
        ("release", ("a", "b"), {"on_replaced": "keep"}),
        ("update_version", ("production", "v2"), {"name": "b"}),
        ("roll_back", ("production",), {}),
        ("cancel", ("production",), {}),
        ("scale", ("a", 1), {}),
        ("edit", ("a",), {"priority": 1}),
        ("rename", ("a", "b"), {}),
        ("set_policies", ("production", ["eu"]), {}),
    ):
        call(f"Command.{name}", lambda name=name: getattr(siting.Command, name), *args, **kwargs)  # type: ignore[misc]
    for name, args, kwargs in (
        ("put", (siting.Policy("eu", locations=["group:eea"]),), {}),
        ("remove", (("Environment", "staging"),), {}),
        ("attach", ("eu",), {"environment": "production", "audit": True}),
        ("detach", ("eu",), {"deployment": "one"}),
        ("nodes", ("paris", "a", 2), {"gone": [1]}),
        ("cluster", ("paris",), {"healthy": True, "cordoned": False}),
        ("compact", (), {"keep": 10}),
        ("command", ("bert", siting.Command.push("v1")), {"type": "model"}),
        ("settle", (siting.Violation(siting.Workload("model", "bert"), "a", (), "move", None),), {}),
        ("observe", ("bert", "a", "built"), {"generation": 1, "type": "model"}),
        ("observe_place", ("bert", "a", siting.Site("paris", "a", "cpu:x86", 1)), {"sequence": 1}),
        ("advance", ("bert", "a"), {"old": 1, "new": 1, "requests": 1, **at}),
    ):
        call(f"Change.{name}", lambda name=name: getattr(siting.Change(), name), *args, **kwargs)  # type: ignore[misc]
    call("load", lambda: siting.load, {}, quarantine=True)
    call("loads", lambda: siting.loads, "", name="x", quarantine=True)
    call("schema", lambda: siting.schema, "Policy")
    call("simulate", lambda: siting.simulate, [])
    call("Workspace", lambda: of, quarantine=True)
    window = metrics.Window(60)
    call("Window.request", lambda: window.request, now=0, latency=1, failed=True)
    call("Window.gauge", lambda: window.gauge, "cpu", 1, now=0)
    call("Window.merge", lambda: metrics.Window(60).merge, window)
    call("Window.summary", lambda: window.summary, now=0)
    balancer = traffic.Balancer("round-robin", [traffic.Backend(1, "10.0.0.1", 80)])
    call("Balancer.pick", lambda: balancer.pick, now=0, address="10.0.0.1", key=b"", tried=[2], version=0)
    call("Balancer.bind", lambda: balancer.bind, fleet().caller_masks("one", sites))
    call("Balancer.finished", lambda: balancer.finished, 1, now=0, failed=True)
    call("Balancer.checked", lambda: balancer.checked, 1, True)
    call("Balancer.update", lambda: balancer.update, 1, ready=True)
    call("Balancer.replace", lambda: balancer.replace, [traffic.Backend(1, "10.0.0.1", 80)])
    sessions = traffic.Sessions(60)
    call("Sessions.expire", lambda: sessions.expire, now=0)
    call("Sessions.pick", lambda: sessions.pick, balancer, "me", now=0, random=1, split={0: 100})
    scaler = scaling.Autoscaler(1, 2)
    call("Autoscaler.decide", lambda: scaler.decide, None, now=0, current=1, ready=1)
    call("Autoscaler.baseten", lambda: scaling.Autoscaler.baseten, min_replica=1, max_replica=2)
    call("Offloading.step", lambda: traffic.Offloading(30).step, None, now=0, loads=[1000], local_ready=True)
    call(
        "Rollout.step",
        lambda: rollout.Rollout(rollout.Rolling(), now=0).step,
        now=0,
        desired=1,
        old=rollout.Group(),
        new=rollout.Group(),
    )
    for command in ("resume", "cancel", "roll_back", "force_forward"):
        run = rollout.Rollout(rollout.Rolling(), now=0)
        call(f"Rollout.{command}", lambda run=run, command=command: getattr(run, command), now=0)  # type: ignore[misc]
    call("fewest", lambda: rollout.fewest, rollout.Rolling(), 3)
    call("peak", lambda: rollout.peak, rollout.Rolling(), 3)
    call("from_manifest", lambda: siting.Document.from_manifest, {"kind": "Policy"})
    call("Routing.choose", lambda: traffic.Routing(100, None, 0, "").choose, 1)
    call("Routing.for_caller", lambda: traffic.Routing(100, None, 0, "calm").for_caller, local=True, remotes=[])


records()
questions()

deep: list[Any] = []
deep.append(deep)
nested: dict[str, Any] = {}
for _ in range(5000):
    nested = {"a": nested}

STRANGE: list[Any] = [
    None, True, 0, -1, 1, 2**31, 2**63, 2**64, -(2**64), 10**400, 1.5, -0.5, float("nan"), float("inf"), 1e300,
    Decimal("NaN"), Decimal("sNaN"), Decimal("1e999999"), Decimal("1.5"), Decimal(2), fractions.Fraction(1, 3), 1j,
    "", "False", "eu", "a\nb", "\x1b[31m", "\u202eeu", "\ud800", "\x00", "x" * 100_000, "a:b", "1", b"eu",
    [], [None], [[]], ["eu", 1], {}, {"a": None}, {1: 2}, {"x": {"y": []}}, set(), {"eu"}, deep, nested, (1, 2),
    object(), int, len, lambda: 1, range(3), iter([]), array.array("i", [1]),
    MONDAY, MONDAY.replace(tzinfo=None), datetime.timedelta(seconds=-1), datetime.timedelta.max, MONDAY.date(),
    siting.Policy("eu", flavors=["gpu:t4"]), siting.Attachment("eu"), siting.Choice("gpu", "t4"), siting.Gpu(1),
    itertools.repeat("eu", 10),
]  # fmt: skip


def answers(function: Callable[..., Any], *args: Any, **kwargs: Any) -> siting.SitingError | None:
    """Call, and return what went wrong: only what is promised may."""
    try:
        function(*args, **kwargs)
    except siting.SitingError as error:
        for one in (error, *getattr(error, "errors", ())):
            assert one.message
            assert one.code
            # Whatever is wrong with an argument has a path, or stands in a file.
            assert one.path or one.file is not None or not isinstance(one, (siting.InvalidValue, siting.Refused)), one
            # It can be shown anywhere, and is short.
            assert all(line.isprintable() for line in str(one).split("\n"))
            assert len(one.message) < 5000
        return error
    return None


@pytest.mark.parametrize("name", CALLS)
def test_what_is_right_is_taken(name: str) -> None:
    made, args, kwargs = CALLS[name]
    error = answers(made(), *args, **kwargs)
    assert not isinstance(error, siting.InvalidArgument), error


@pytest.mark.parametrize("name", CALLS)
def test_every_strange_value_is_taken_or_refused(name: str) -> None:
    made, args, kwargs = CALLS[name]
    for index in range(len(args)):
        for value in STRANGE:
            answers(made(), *args[:index], value, *args[index + 1 :], **kwargs)
    for key in kwargs:
        for value in STRANGE:
            answers(made(), *args, **{**kwargs, key: value})


@pytest.mark.parametrize("name", CALLS)
def test_keywords_that_are_not_known_are_errors_with_the_nearest(name: str) -> None:
    made, args, kwargs = CALLS[name]
    function = made()
    inner = function.__init__ if inspect.isclass(function) else function
    parameters = inspect.signature(inner).parameters.values()
    named = [one.name for one in parameters if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)]
    for known in named:
        if known in ("self", "cls"):
            continue
        for wrong in (known + "s", known[:-1] + "x" * 12, known.upper()):
            error = answers(function, *args, **kwargs, **{wrong: 1})
            assert isinstance(error, siting.InvalidArgument), (name, wrong)
            assert error.code in ("unknown-field", "duplicate"), error
            assert error.path == wrong


# What is said, and where.

POOL: dict[str, Any] = {"nodes": 4, "cpu": 4, "memory": "8Gi", "cpu_flavor": "x86"}

SAID: list[tuple[Callable[[], Any], str, str | None, str]] = [
    (lambda: siting.Environment("production", policy=["eu"]), "unknown-field", "policy", "`policies`"),  # type: ignore[call-arg]
    (lambda: siting.Environment("production", required=["location"]), "unknown-field", "required", "`require`"),  # type: ignore[call-arg]
    (lambda: siting.Cluster("c", cordonned=True), "unknown-field", "cordonned", "`cordoned`"),  # type: ignore[call-arg]
    (lambda: siting.Policy("p", excepts=["country:is"]), "unknown-field", "excepts", "`except_`"),  # type: ignore[call-arg]
    (lambda: siting.Deployment("d", model="m", replica=3), "unknown-field", "replica", "`replicas`"),  # type: ignore[call-arg]
    (lambda: siting.Running("r", deploymnt="d"), "unknown-field", "deploymnt", "`deployment`"),  # type: ignore[call-arg]
    (lambda: siting.Organisation("o", group={}), "unknown-field", "group", "`groups`"),  # type: ignore[call-arg]
    (lambda: siting.Organisation("o", label={}), "unknown-field", "label", "`labels`"),  # type: ignore[call-arg]
    (lambda: siting.Command.push("v1", replica=3), "unknown-field", "replica", "`replicas`"),  # type: ignore[call-arg]
    (lambda: siting.Command("pussh", {}), "invalid-value", "verb", "`push`"),
    (lambda: siting.Pool("a", **POOL, spots=True), "unknown-field", "spots", "`spot`"),  # type: ignore[call-arg]
    (lambda: siting.Strategy("rolling", max_surges=1), "unknown-field", "max_surges", "`max_surge`"),
    (lambda: siting.Strategy("rolling", maxSurge=1), "unknown-field", "maxSurge", "`max_surge`"),
    (lambda: siting.Cluster("c", provider="aws", healthy="False"), "wrong-type", "healthy", "not a str"),  # type: ignore[arg-type]
    (lambda: siting.Deployment("d", model="m", replicas=[]), "wrong-type", "replicas", "not a list"),  # type: ignore[arg-type]
    (lambda: siting.Deployment("d", model="m", replicas=True), "wrong-type", "replicas", "not a bool"),
    (lambda: siting.Deployment("d", model="m", replicas=2.5), "invalid-value", "replicas", "whole"),  # type: ignore[arg-type]
    (lambda: siting.Deployment("d", model="m", priority={}), "wrong-type", "priority", "not a dict"),  # type: ignore[arg-type]
    (lambda: siting.Deployment("d", model="m", env={"A": None}), "wrong-type", "env.A", "not None"),  # type: ignore[dict-item]
    (lambda: siting.Deployment(1, model="m"), "wrong-type", "name", "not an int"),  # type: ignore[arg-type]
    (lambda: siting.Environment("e", policies="eu"), "wrong-type", "policies", "not a str"),
    (lambda: siting.Environment("e", policies=["eu", 3]), "wrong-type", "policies[1]", "not an int"),  # type: ignore[list-item]
    (lambda: siting.Environment("e"[:0]), "invalid-value", "name", "name"),
    (lambda: siting.Environment(), "missing-field", "name", "needs `name`"),  # type: ignore[call-arg]
    (lambda: siting.Environment("e", "eu"), "unknown-field", None, "1 positional"),  # type: ignore[call-arg]
    (lambda: siting.Environment("e", name="f"), "duplicate", "name", "twice"),  # type: ignore[misc]
    # What only the reader of the manifests knows is told by the path all the same, in Python's words.
    (
        lambda: siting.Cluster("c", provider="aws", country="fr", pools=[siting.Pool("a", **{**POOL, "cpu": "4x"})]),
        "invalid-value",
        "pools[0].cpu",
        "no unit",
    ),
    (
        lambda: siting.Deployment("d", model="m", scaling=siting.Scaling(3, 2)),
        "out-of-range",
        "scaling.max_replicas",
        "`min_replicas`",
    ),
    (lambda: siting.Policy("p", locations=["country:us", "us"]), "invalid-value", "locations[1]", "kind:name"),
    # A part may be a mapping as manifests have it, and is checked as closely.
    (
        lambda: siting.Cluster("c", provider="aws", country="fr", pools=[{"name": "a", "nodes": 1, "cpus": 4}]),  # type: ignore[list-item]
        "unknown-field",
        "pools[0].cpus",
        "did you mean",
    ),
    (
        lambda: siting.Deployment("d", model="m", resources={"cpu": 1, "memory": []}),  # type: ignore[arg-type]
        "wrong-type",
        "resources.memory",
        "not a list",
    ),
    (lambda: siting.load({"kind": "Policy", "spec": {1: 2}}), "wrong-type", "spec", "key"),
    (
        lambda: siting.load({
            "apiVersion": "siting.dev/v1",
            "kind": "Environment",
            "metadata": {"name": "e"},
            "spec": {"require": ["location", "flavour"]},
        }),
        "invalid-value",
        "spec.require[1]",
        "did you mean `flavor`",
    ),
    (lambda: fleet().place("one", partial="no"), "wrong-type", "partial", "not a str"),  # type: ignore[arg-type]
    (lambda: fleet().place("one", partal=True), "unknown-field", "partal", "`partial`"),  # type: ignore[call-arg]
    (lambda: fleet().place_all(optimize=-1), "out-of-range", "optimize", "-1"),
    (lambda: fleet().place_each("one"), "wrong-type", "deployments", "not a str"),
]  # fmt: skip


@pytest.mark.parametrize("case", SAID, ids=[f"{path}: {words}" for _, _, path, words in SAID])
def test_what_is_wrong_is_said_by_its_path(case: tuple[Callable[[], Any], str, str | None, str]) -> None:
    make, code, path, words = case
    with pytest.raises(siting.SitingError) as caught:
        make()
    error = caught.value
    assert isinstance(error, ValueError)
    assert (error.code, error.path) == (code, path)
    assert words in str(error)
    assert code != "wrong-type" or isinstance(error, TypeError)


def test_every_public_call_is_tried() -> None:
    tried = {name.rpartition(".")[2] if name.startswith("siting.") else name for name in CALLS}
    missing = set()

    def takes_something(function: object) -> bool:
        return inspect.isfunction(function) and bool({*inspect.signature(function).parameters} - {"self"})

    for module in (siting, metrics, rollout, scaling, traffic):
        own = {name for name, member in vars(module).items() if getattr(member, "__module__", "") == module.__name__}
        for name in set(siting.__all__) if module is siting else {name for name in own if not name.startswith("_")}:
            member = getattr(module, name)
            if takes_something(member) and name not in tried:
                missing.add(name)
            if inspect.isclass(member) and not issubclass(member, Exception):
                methods = {key for key, method in vars(member).items() if takes_something(method)}
                missing |= {f"{name}.{key}" for key in methods if not key.startswith("_")} - tried
    assert missing == set()


def test_the_nearest_keyword_is_offered() -> None:
    with pytest.raises(siting.InvalidArgument, match="did you mean `policies`"):
        siting.Environment("production", policy=["eu"])  # type: ignore[call-arg]


def test_errors_that_the_native_half_finds_have_a_path() -> None:
    workspace = fleet()
    life = workspace.life("bert")
    gpu = siting.Resources(1, "1Gi", gpu=siting.Gpu(1, type="t5"))
    for path, wrong in (
        ("deployment", lambda: workspace.place("two")),
        ("deployments[1]", lambda: workspace.place_each(["one", "two"])),
        ("cluster", lambda: workspace.explain("one", cluster="rome")),
        ("environment", lambda: workspace.options("staging")),
        ("workload_type", lambda: workspace.options(workload_type="pipeline")),
        ("given[0]", lambda: workspace.options(given=["gpu:t5"])),
        ("pool", lambda: workspace.reserve("paris", "b", "cpu:x86")),
        ("policy.name", lambda: workspace.attach("one", siting.Attachment("us"))),
        ("policies[1]", lambda: workspace.change_policies(["eu", "us"])),
        ("name", lambda: workspace.set_cluster("rome", healthy=False)),
        ("name", lambda: workspace.remove_environment("staging")),
        ("kind", lambda: siting.schema("Polcy")),
        ("now", lambda: life.apply(siting.Command.push("v1"), now=-1)),
        ("command.arguments", lambda: life.apply(siting.Command.activate("x"), now=0)),
        ("command.arguments.deployment", lambda: life.apply(siting.Command.promote("x", "production"), now=0)),
        ("command.arguments.replicas", lambda: life.apply(siting.Command.scale("x", -1), now=0)),
        ("command.arguments.resources.gpu.type", lambda: life.apply(siting.Command.push("v1", resources=gpu), now=0)),
        ("deployment", lambda: life["x"]),
        ("deployment", lambda: life.describe("x")),
        ("journal.x", lambda: life.restore({"x": 1})),
        ("state", lambda: siting.Workspace.restore("x")),
        ("replicas", lambda: siting.Deployment("d", model="m", replicas=10**400)),
        ("window", lambda: traffic.Offloading(30, window=-1)),
    ):
        with pytest.raises(siting.SitingError) as caught:
            wrong()
        assert caught.value.path == path, caught.value


def test_numbers_of_numpy_and_decimals_are_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    plain = siting.Deployment("d", model="m", replicas=2, priority=-1, resources=siting.Resources("0.1", "1Gi"))
    wholes: tuple[Any, ...] = (numpy.int64, numpy.uint8, numpy.int32, Decimal)
    for whole in wholes:
        for real in (numpy.float64, numpy.float32, Decimal):
            number = real("0.1")
            needs = siting.Resources(number, "1Gi")
            assert siting.Deployment("d", model="m", replicas=whole(2), priority=-1, resources=needs) == plain
    cluster = siting.Cluster("c", provider="aws", country="fr", cordoned=numpy.True_, pools=[siting.Pool("a", **POOL)])
    assert cluster.cordoned is True
    assert fleet().place("one", partial=numpy.False_)
    manifest = plain.manifest()
    manifest["spec"] |= {"replicas": numpy.int64(2), "priority": numpy.int8(-1)}
    assert siting.Deployment.from_manifest(manifest) == plain


def test_a_document_where_a_name_is_expected_must_be_the_one_of_that_name() -> None:
    eu = siting.Policy("eu", locations=["continent:eu"])
    other = siting.Policy("eu", locations=["continent:na"])
    cluster = siting.Cluster("paris", provider="aws", country="fr", pools=[siting.Pool("a", **POOL)])
    production = siting.Environment("production", policies=[eu])
    one = siting.Deployment("one", model="bert", environment=production)
    workspace = siting.Workspace(eu, production, cluster, one)
    assert workspace.explain(one, cluster=cluster) == workspace.explain("one", cluster="paris")
    assert workspace.place(one) == workspace.place("one")
    assert workspace.place_each([one]) == workspace.place_each(["one"])
    workspace.attach(one, eu)
    # It has changed since.
    with pytest.raises(siting.InvalidValue) as differs:
        workspace.place(one)
    assert differs.value.code == "document-differs"
    for wrong in (
        lambda: siting.Workspace(other, production, cluster),
        lambda: siting.load([other, production]),
        lambda: workspace.attach("one", other),
        lambda: workspace.change_policies([other]),
        lambda: workspace.explain(
            "one", cluster=siting.Cluster("paris", provider="aws", country="de", flavors=["cpu:x86"])
        ),
    ):
        with pytest.raises(siting.InvalidValue) as differs:
            wrong()
        assert differs.value.code == "document-differs"
    with pytest.raises(siting.UnknownName):
        workspace.attach("one", siting.Policy("na", locations=["continent:na"]))
    assert workspace.manifests() == siting.load(workspace.manifests()).manifests()
