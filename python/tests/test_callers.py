"""Policies that bind requests: where callers are answered, in documents, balancers and lives (P18)."""

from __future__ import annotations

import pickle

import pytest

import siting
from siting import Command
from siting.traffic import Backend, Balancer, CallerMasks, NoRoute, Remote, RemotePlace, Routing, Sessions

EUROPEANS = siting.Policy("europeans", locations=["group:eea"], callers=["group:eea"])


def world(*clusters: str) -> siting.Workspace:
    """A deployment in production, where Europeans are answered in the EEA only."""
    return siting.Workspace(
        EUROPEANS,
        siting.Environment("production", policies=["europeans"]),
        siting.Deployment("v1", model="bert", offloading=siting.Offloading(50)),
        *(siting.Cluster(name, provider="onprem", country=name, flavors=["gpu:t4"]) for name in clusters),
    )


def test_p18_a_policy_states_callers() -> None:
    assert EUROPEANS.callers == (siting.Choice("group", "eea"),)
    assert siting.Policy("all", locations=["group:eea"]).callers == ()
    assert pickle.loads(pickle.dumps(EUROPEANS)) == EUROPEANS
    with pytest.raises(siting.InvalidArgument, match="must not be empty") as empty:
        siting.Policy("p", locations=["group:eea"], callers=[])
    assert empty.value.path == "callers"
    with pytest.raises(siting.SitingError, match="does not belong in this list"):
        siting.Policy("p", locations=["group:eea"], callers=["location:aws/us-east-1"])
    with pytest.raises(siting.SitingError, match="germny"):
        siting.Workspace(siting.Policy("p", locations=["group:eea"], callers=["country:germny"]))


def test_p18_callers_are_answered_within_their_mask() -> None:
    fleet = world("de", "us")
    assert fleet.place("bert/v1").verdict == "placed"
    assert fleet.answerable("v1", caller="DEU") == ("de",)
    assert fleet.answerable("v1", caller="us") == ("de", "us")
    assert fleet.answerable("v1", caller=None) == ("de",)
    with pytest.raises(siting.UnknownName) as unknown:
        fleet.answerable("v1", caller="germny")
    assert unknown.value.path == "caller"
    sites = {7: RemotePlace("de", "gpu-t4", "gpu:t4"), 9: RemotePlace("us", "gpu-t4", "gpu:t4")}
    masks = fleet.caller_masks("v1", sites)
    assert pickle.loads(pickle.dumps(masks)) == masks
    balancer = Balancer("round-robin", [Backend(0, "10.0.0.1", 80, site=7), Backend(1, "10.0.0.2", 80, site=9)])
    balancer.bind(masks)
    assert {balancer.pick(now=0, country="de") for _ in range(5)} == {0}
    assert {balancer.pick(now=0) for _ in range(5)} == {0}
    assert {balancer.pick(now=0, country="us") for _ in range(6)} == {0, 1}
    assert Sessions(60).pick(balancer, "ann", now=0, random=0, country="de")[0] == 0
    # A failover stays within, and says so; what is kept binds as before.
    kept = pickle.loads(pickle.dumps(balancer))
    kept.update(0, ready=False)
    with pytest.raises(NoRoute) as none:
        kept.pick(now=0, country="de")
    assert none.value.code == "not-ready"
    kept.replace([Backend(1, "10.0.0.2", 80, site=9)])
    with pytest.raises(NoRoute) as none:
        kept.pick(now=0, country="de")
    assert none.value.code == "not-for-caller"
    with pytest.raises(siting.InvalidValue) as wrong:
        kept.pick(now=0, country="T1")
    assert wrong.value.path == "country"
    with pytest.raises(siting.UnknownName):
        fleet.caller_masks("v1", {0: RemotePlace("mars", "gpu-t4", "gpu:t4")})
    with pytest.raises(siting.SitingError):
        kept.bind(CallerMasks("no masks"))


def test_p18_a_failover_with_nowhere_to_go_says_so() -> None:
    fleet = world("us")
    found = fleet.offload("v1", now=0, ready=False)
    assert found is not None
    everybody, _ = found
    assert (everybody.why, everybody.remote_share) == ("local-down", 100)
    european = fleet.offload_for("v1", everybody, caller="de", local=False)
    assert (european.why, european.local, european.remote, european.remotes) == ("no-route", 0, None, ())
    assert fleet.offload_for("v1", everybody, caller="jp", local=False) == everybody
    loaded = Routing(60, 1, 40, "loaded")
    remotes = [Remote(1, allowed=False), Remote(2)]
    assert loaded.for_caller(local=True, remotes=remotes) == Routing(60, 2, 40, "loaded")
    assert loaded.for_caller(local=False, remotes=remotes) == Routing(0, 2, 100, "local-not-for-caller")
    assert loaded.for_caller(local=False, remotes=[]).choose(5) is None


def test_p18_a_life_tells_what_callers_get() -> None:
    fleet = world("us")
    life = fleet.life("bert")
    life.apply(Command.push("v1", name="one", promote="production"), now=0)
    for seen in ("built", "ready"):
        life.observe("one", seen, now=1)
    assert life.routes["workload"].answer == "routed"
    assert life.routes_from("us")["workload"].answer == "routed"
    assert life.routes_from("de")["workload"].answer == "notForCaller"
    assert life.routes_from(None)["workload"].shares == ()
    masks = life.caller_masks("one", {3: RemotePlace("us", "gpu-t4", "gpu:t4")})
    balancer = Balancer("round-robin", [Backend(0, "10.0.0.1", 80, site=3)])
    balancer.bind(masks)
    assert balancer.pick(now=0, country="us") == 0
    with pytest.raises(NoRoute):
        balancer.pick(now=0, country="de")
