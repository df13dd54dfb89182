"""Remedies of refusals, and what is verified (D7, D8, A5)."""

from __future__ import annotations

import json

import pytest

import siting

FLEET = """
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: us-only}
spec: {type: location, locations: [{type: country, name: us}]}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: bert-api-v1}
spec: {model: bert, policies: [us-only]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: paris}
spec: {provider: onprem, country: fr, flavors: [{type: gpu, name: t4}]}
"""


def test_d7_a_refusal_offers_the_least_changes() -> None:
    workspace = siting.loads(FLEET)
    for decision in (workspace.place("bert-api-v1"), workspace.place_all()[0]):
        refusal = decision.refusal
        assert refusal is not None
        first, second = refusal.remedies
        assert str(first) == "detach `us-only` from the deployment"
        assert (first.owner, first.opens, refusal.more_remedies, refusal.lower_priority) == ("deployment", 1, False, ())
        (change,) = second.changes
        assert (change.kind, change.policy, change.option) == ("add-option", "us-only", siting.Choice("country", "fr"))
        assert decision.explain().remedies == refusal.remedies


def test_d8_a_decision_is_verified_and_refuted() -> None:
    workspace = siting.loads(FLEET)
    decision = workspace.place("bert-api-v1")
    assert workspace.verify(decision)
    claim = json.loads(decision._text("report"))
    assert workspace.verify(json.dumps(claim))
    claim["verdict"] = "placed"
    refuted = workspace.verify(json.dumps(claim))
    assert not refuted
    assert refuted.refuted[0].path == "verdict"
    assert not siting.loads(FLEET.replace("name: us}", "name: fr}")).verify(decision)
    with pytest.raises(siting.InvalidValue):
        workspace.verify("no JSON")


def test_a5_a_certificate_is_written_and_verified() -> None:
    workspace = siting.loads(FLEET)
    certificate = workspace.certify()
    assert workspace.verify(certificate)
    assert not workspace.verify(certificate.replace("us-only", "eu-only"))
