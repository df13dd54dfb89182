"""Pickles that are damaged: what comes back is what was written, or a promised error."""

from __future__ import annotations

import itertools
import json
import pickle
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest

import siting
from siting import metrics, rollout, scaling, traffic
from siting._packed import pack, unpack

NUMBERS = [-1, 0, 2**32, 2**63, 2**64 - 1, 2**64, 1.5]
STRANGE: list[Any] = [None, True, *NUMBERS, "", "x", "4294967295", [], [None], {}, {"a": 1}]


def living() -> siting.Workspace:
    workspace = siting.Workspace(
        siting.Policy("eu", locations=["continent:eu"]),
        siting.Environment("production", policies=["eu"]),
        siting.Cluster(
            "paris",
            provider="onprem",
            country="fr",
            pools=[siting.Pool("a", nodes=4, cpu=4, memory="8Gi", cpu_flavor="x86")],
        ),
        siting.Deployment("one", model="bert", env={"TOKEN": "hunter2"}, resources=siting.Resources(1, "1Gi")),
    )
    bert = workspace.life("bert")
    bert.apply(siting.Command.push("v1", name="one", promote="production"), now=0)
    bert.observe("one", "built", now=1)
    bert.observe("one", "ready", now=2)
    bert.apply(siting.Command.push("v2", name="two"), now=3)
    workspace.reserve("paris", "a", "cpu:x86", cpu=1, memory="1Gi")
    return workspace


def changed(tree: Any) -> Iterator[Any]:
    """Yield the tree with something else in the place of each of its parts, one at a time."""
    yield from STRANGE
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield {other: kept for other, kept in tree.items() if other != key}
            for part in changed(value):
                yield {**tree, key: part}
    elif isinstance(tree, list):
        yield [*tree, *tree]
        for index, value in enumerate(tree):
            for part in changed(value):
                yield [*tree[:index], part, *tree[index + 1 :]]


def promised(make: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Return what is made; a panic is no error that is promised, and derives from none."""
    try:
        return make(*args, **kwargs)
    except siting.SitingError:
        return None


def used(workspace: siting.Workspace) -> None:
    """Ask of a workspace what can be asked."""
    workspace.place_all()
    workspace.check()
    workspace.violations(now=10)
    for life in workspace.lives:
        promised(getattr, life, "routes")
        promised(life.legal_commands, now=10)
        promised(life.apply, siting.Command.move("one"), now=10)
        promised(life.apply, siting.Command.delete_workload(), now=11)


def test_damaged_workspaces() -> None:
    restore = siting.Workspace.restore
    written = json.loads(living().state())
    used(restore(json.dumps(written)))
    for tree in changed(written):
        workspace = promised(restore, json.dumps(tree))
        if workspace is not None:
            promised(used, workspace)
    for wrong in (None, 3, b"x", "", "x", "{", "[" * 100_000):
        with pytest.raises(siting.SitingError):
            restore(wrong)  # type: ignore[arg-type]


def test_damaged_decisions_rollouts_and_autoscalers() -> None:
    decision = living().place("one")
    make, (packed,) = decision.__reduce__()
    kept = json.loads(unpack(packed, "a decision"))
    run = rollout.Rollout(rollout.Rolling(), now=0)
    restore, (text,) = run.__reduce__()
    scaler = scaling.Autoscaler(1, 2)
    build, (how, settings) = scaler.__reduce__()
    # Not all: each place and each strange value has its turn.
    for tree in itertools.islice(changed(kept), 0, None, 5):
        found = promised(make, pack(json.dumps(tree)))
        if found is not None:
            promised(repr, found)
            promised(found.explain)
            promised(getattr, found, "price_per_hour")
            promised(living().commit, found)
    for tree in changed(json.loads(text)):
        found = promised(restore, json.dumps(tree))
        if found is not None:
            group = rollout.Group(1, 1)
            promised(found.step, now=1, desired=3, old=group, new=group)
    for tree in changed(json.loads(settings)):
        found = promised(build, how, json.dumps(tree))
        if found is not None:
            promised(found.decide, now=0, current=1)
    for cut in range(0, len(packed), 7):
        with pytest.raises(siting.InvalidValue):
            make(packed[:cut])
        promised(make, packed[:cut] + b"?" + packed[cut + 1 :])
    for wrong in STRANGE:
        with pytest.raises(siting.InvalidValue):
            make(wrong)
        promised(restore, wrong)
        promised(build, wrong, settings)
        promised(build, "of", wrong)


def seen() -> list[Any]:
    """Return a window, a balancer and sessions that have seen something."""
    window = metrics.Window(60)
    window.request(now=1_000, latency=0.02, failed=True)
    window.gauge("cpu", 40, now=61_000)
    backends = [traffic.Backend(n, f"10.0.0.{n}", 80, weight=n + 1) for n in range(3)]
    balancer = traffic.Balancer("least-connections", backends, checks=traffic.Checks(fail_percent=50))
    sessions = traffic.Sessions(60)
    for n in range(5):
        chosen, _ = sessions.pick(balancer, f"client {n % 3}", now=n, random=n)
        balancer.finished(chosen, now=n, failed=n % 2 == 0)
    return [window, balancer, sessions]


def test_what_is_remembered_comes_back_and_goes_on() -> None:
    """R2, R5: what was pickled goes on as what was not; it differs as soon as one of them has seen more."""
    window, balancer, sessions = (pickle.loads(pickle.dumps(one)) for one in seen())
    assert [window, balancer, sessions] == seen()
    other_window, other, others = seen()
    assert window.summary(now=61_500) == other_window.summary(now=61_500)
    for n in range(20):
        assert sessions.pick(balancer, f"{n % 4}", now=n, random=7 * n) == others.pick(
            other, f"{n % 4}", now=n, random=7 * n
        )
        assert balancer.pick(now=n) == other.pick(now=n)
    assert (balancer, sessions) == (other, others)
    balancer.pick(now=20)
    assert balancer != other
    window.request(now=61_000, latency=0)
    assert window != other_window
    for one in (window, balancer, sessions):
        with pytest.raises(TypeError):
            hash(one)


def test_damaged_windows_balancers_and_sessions() -> None:
    for value in seen():
        make, (packed,) = value.__reduce__()
        for tree in changed(json.loads(unpack(packed, "it"))):
            found = promised(make, pack(json.dumps(tree)))
            if isinstance(found, metrics.Window):
                promised(found.summary, now=62_000)
                promised(found.request, now=62_000, latency=1)
            elif isinstance(found, traffic.Balancer):
                for n in range(3):
                    promised(found.pick, now=62_000)
                    promised(found.finished, n, now=62_000, failed=True)
                    promised(found.checked, n, False)
            elif found is not None:
                promised(found.pick, traffic.Balancer("round-robin", []), "a", now=62_000, random=1)
                promised(found.expire, now=62_000)
        for wrong in STRANGE:
            with pytest.raises(siting.InvalidValue):
                make(wrong)


def test_f17_decisions_are_compact_and_say_all_that_they_said(tour: siting.Workspace) -> None:
    for decisions in (tour.place_all(), tour.place_all(independent=True, partial=True)):
        back = pickle.loads(pickle.dumps(decisions))
        assert isinstance(back, siting.Decisions)
        assert back == decisions
        assert hash(back) == hash(decisions)
        assert repr(back) == repr(decisions)
        assert back.clusters == decisions.clusters
        assert pa.table(back).equals(pa.table(decisions))
        assert pa.table(back.pairs()).equals(pa.table(decisions.pairs()))
        assert pickle.dumps(back) == pickle.dumps(decisions)
        for one, other in zip(back, decisions, strict=True):
            again = pickle.loads(pickle.dumps(one))
            assert again == one == other
            assert (again.report, again.explain(), again.currency) == (other.report, other.explain(), other.currency)
            assert (again.verdict, again.placements, again.refusal) == (other.verdict, other.placements, other.refusal)
            assert (again.price_per_hour, again.candidates) == (other.price_per_hour, other.candidates)
            assert repr(again) == repr(other)
            assert len(pickle.dumps(other)) <= 1024
    many = tour.place_each(["bert-api-v1", "llama-chat"] * 50)
    assert len(pickle.dumps(many)) < 100 * len(many)


def test_allowed_clusters_come_back(tour: siting.Workspace) -> None:
    allowed = tour.allowed()
    back = pickle.loads(pickle.dumps(allowed))
    assert (back, hash(back), repr(back)) == (allowed, hash(allowed), repr(allowed))
    assert (back.clusters, back.deployments) == (allowed.clusters, allowed.deployments)
    assert pa.table(back).equals(pa.table(allowed))
    for address in allowed.deployments:
        assert back[address] == allowed[address]
    assert back["bert-api-v1"] == allowed["bert-api-v1"]
    for wrong in ("nobody", ""):
        with pytest.raises(siting.InvalidValue):
            back[wrong]
    assert back != siting.Workspace().allowed()
    make, (names, bits) = allowed.__reduce__()
    for args in ((names, bits[:-3]), (names, zlib.compress(b"x")), (bits, names), (None, None), (names, b"")):
        with pytest.raises(siting.InvalidValue):
            make(*args)


def test_pickles_of_another_version_say_so() -> None:
    make, (packed,) = living().place("one").__reduce__()
    with pytest.raises(siting.InvalidValue, match="another version") as caught:
        make(packed[:2] + b"1234" + packed[6:])
    assert caught.value.code == "other-version"
    with pytest.raises(siting.InvalidValue, match="another version"):
        make(pack(unpack(packed, "it").replace('"version":[1', '"version":[2', 1)))


def test_damaged_records_and_documents() -> None:
    for value in (
        siting.Deployment("d", model="m", env={"A": "b"}, resources=siting.Resources(1, "1Gi")),
        siting.Cluster("c", provider="aws", country="fr", flavors=["cpu:x86"]),
        siting.Resources(1, "1Gi", gpu=siting.Gpu(1)),
        siting.Strategy("rolling", max_surge=1),
        siting.Command.push("v1"),
        siting.Workspace().check()[0],
    ):
        make, arguments = value.__reduce__()[:2]
        assert make(*arguments) == value
        for index in range(len(arguments)):
            for wrong in STRANGE:
                promised(make, *arguments[:index], wrong, *arguments[index + 1 :])
        if isinstance(arguments[-1], dict):
            for tree in changed(arguments[-1]):
                promised(make, *arguments[:-1], tree)


def test_values_of_variables_are_not_seen_in_pickles() -> None:
    workspace = living()
    deployment = siting.Deployment("one", model="bert", env={"TOKEN": "hunter2"})
    command = siting.Command.push("v1", env={"TOKEN": "hunter2"})
    assert "hunter2" not in repr(workspace.life("bert").journal())
    values: list[Any] = [workspace, deployment, command, workspace.place("one")]
    for value in values:
        assert "hunter2" not in repr(value)
        assert "hunter2" not in repr(value.__reduce__())
        assert b"hunter2" not in pickle.dumps(value)
    same = pickle.loads(pickle.dumps(deployment))
    assert same.env == {"TOKEN": "hunter2"}
    assert same == deployment
    assert command.to_json() == {"push": {"version": "v1", "setEnv": ["TOKEN"]}}
