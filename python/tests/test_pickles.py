"""Pickles that are damaged: what comes back is what was written, or a promised error."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import siting
from siting import rollout, scaling

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
    make, (kept,) = decision.__reduce__()
    run = rollout.Rollout(rollout.Rolling(), now=0)
    restore, (text,) = run.__reduce__()
    scaler = scaling.Autoscaler(1, 2)
    build, (how, settings) = scaler.__reduce__()
    for tree in changed(json.loads(kept["report"])):
        found = promised(make, {**kept, "report": json.dumps(tree)})
        if found is not None:
            promised(repr, found)
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
    for wrong in STRANGE:
        promised(make, wrong)
        promised(restore, wrong)
        promised(build, wrong, settings)
        promised(build, "of", wrong)


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
