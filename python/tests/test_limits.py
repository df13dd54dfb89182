"""What deployments may hold together (E4)."""

from __future__ import annotations

import pytest

import siting

CLUSTER = siting.Cluster(
    "paris",
    provider="own",
    country="fr",
    pools=[siting.Pool("p", nodes=9, cpu_flavor="x86", cpu=8, memory="16Gi")],
)


def deployment(name: str, replicas: int) -> siting.Deployment:
    """Replicas of four cores each."""
    return siting.Deployment(name, model="bert", replicas=replicas, resources=siting.Resources(4, "1Gi"))


def test_e4_limits_are_parts_of_documents() -> None:
    """E4: an environment and the workspace state limits, and keep what they state."""
    limits = siting.Limits(gpu=64, gpus={"h100": 16}, cpu=512, memory="2Ti", price_per_hour="400")
    environment = siting.Environment("production", limits=limits)
    assert environment.limits is not None
    assert list(environment.limits.gpus or {}) == ["h100"]
    assert siting.Environment("production", limits=limits) == environment
    assert siting.Organisation("acme", limits=siting.Limits(cpu=8)).limits is not None
    assert siting.Environment("production").limits is None


def test_e4_a_refusal_says_what_is_held() -> None:
    """E4: what would pass a limit is refused, with the limit, what is held and by whom."""
    production = siting.Environment("production", limits=siting.Limits(cpu=12))
    workspace = siting.Workspace(production, CLUSTER, deployment("a", 2), deployment("b", 2))
    placed = workspace.place("a")
    workspace.commit(placed)
    with pytest.raises(siting.Conflict, match="limits cpu to 12") as caught:
        workspace.commit(placed)
    assert caught.value.code == "over-limit"
    refused = workspace.place("b")
    assert refused.refusal is not None
    (reason,) = refused.refusal.reasons
    assert (reason.code, refused.refusal.fitting) == ("over-limit", 1)
    assert reason.figures is not None
    (limit,) = reason.figures.limits
    assert (limit.level, limit.environment, limit.name, limit.most, limit.held) == (
        "environment",
        "production",
        "cpu",
        "12",
        "8",
    )
    assert [(held.who, held.held) for held in limit.by] == [("bert/a", "8")]
