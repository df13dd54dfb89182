"""What clusters and pools bear, and policies ask for (P15)."""

from __future__ import annotations

import json
import pickle

import pytest

import siting

ASKS = siting.Policy("regulated", attributes=["attribute:hipaa", "attribute:confidential+c5"])


def world(*clusters: siting.Cluster) -> siting.Workspace:
    """A deployment in production, where regulated work is bound."""
    return siting.Workspace(
        siting.Organisation("acme", attributes=["hipaa", "c5", "confidential"]),
        ASKS,
        siting.Environment("production", policies=["regulated"]),
        siting.Deployment("v1", model="bert", resources=siting.Resources(1, "1Gi")),
        *clusters,
    )


def cluster(name: str, attributes: list[str], pool: list[str]) -> siting.Cluster:
    """One pool of four nodes."""
    nodes = siting.Pool("p", nodes=4, cpu=4, memory="16Gi", cpu_flavor="x86", attributes=tuple(pool))
    return siting.Cluster(name, provider="onprem", country="de", attributes=attributes, pools=[nodes])


def test_p15_a_pool_bears_its_clusters_attributes_and_its_own() -> None:
    fleet = world(cluster("a", ["c5"], []), cluster("b", ["c5"], ["confidential"]), cluster("c", [], ["hipaa"]))
    decision = fleet.place("v1")
    assert decision.candidate_count == 2
    scope = decision.scope.attributes
    assert (scope.state, scope.attributes) == ("restricted", (("c5", "confidential"), ("hipaa",)))
    assert fleet.verify(decision)
    refused = world(cluster("a", ["c5"], [])).place("v1").refusal
    assert refused is not None
    assert [reason.code for reason in refused.reasons] == ["attribute-not-allowed"]


def test_p15_policies_are_written_and_read() -> None:
    assert ASKS.attributes == (siting.Choice("attribute", "hipaa"), siting.Choice("attribute", "c5+confidential"))
    written = json.loads(json.dumps(ASKS.manifest()))
    assert written["spec"]["attributes"] == [{"type": "attribute", "name": "hipaa"}, {"allOf": ["c5", "confidential"]}]
    assert siting.Document.from_manifest(written) == ASKS == pickle.loads(pickle.dumps(ASKS))


def test_p15_what_is_not_declared_is_an_error() -> None:
    with pytest.raises(siting.LoadError, match="hipa"):
        world(cluster("a", ["hipa"], []))
    with pytest.raises(siting.LoadError, match="each is listed by itself"):
        world(cluster("a", [], ["hipaa+c5"]))
    with pytest.raises(siting.SitingError, match="except"):
        siting.Policy("p", attributes=["attribute:hipaa"], except_=["attribute:c5"])


def test_p15_an_unrestricted_scope_says_so() -> None:
    fleet = siting.Workspace(
        siting.Deployment("v1", model="bert"), siting.Cluster("a", provider="onprem", country="de", flavors=["gpu:t4"])
    )
    explained = fleet.explain("v1")
    assert (explained.scope.attributes.state, explained.scope.attributes.attributes) == ("unrestricted", None)
    assert fleet.verify(explained)
