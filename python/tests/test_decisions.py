"""Decisions: truth, equality, pickling, notebooks, commits."""

from __future__ import annotations

import copy
import pickle
import re
from decimal import Decimal

import pytest
from conftest import four_nodes

import siting
from siting._packed import pack, unpack


def test_a_placed_decision_is_true_and_tells_where(small: siting.Workspace) -> None:
    decision = small.place("bert/v1")
    assert decision
    assert decision.verdict == "placed"
    assert decision.require() is decision
    (placement,) = decision.placements
    assert (placement.cluster, placement.pool, placement.replicas) == ("paris", "a", 3)
    assert placement.flavor == siting.Choice("cpu", "x86")
    assert decision.price_per_hour == placement.price_per_hour == Decimal("1.5")
    assert decision.refusal is None
    assert "3 × paris/a on cpu:x86" in repr(decision)


def test_a_refused_decision_is_false_and_tells_why(small: siting.Workspace) -> None:
    decision = small.place("bert/big")
    assert not decision
    assert decision.refusal is not None
    assert (decision.refusal.wanted, decision.refusal.fitting, decision.refusal.clusters) == (5, 4, 2)
    codes = [reason.code for reason in decision.refusal.reasons]
    assert codes == ["location-not-allowed", "insufficient-capacity"]
    assert decision.refusal.reasons[0].policies == (siting.PolicyAt("europe", "environment"),)
    with pytest.raises(siting.NotPlaced, match="bert/big is refused") as caught:
        decision.require()
    assert caught.value.decision == decision
    assert caught.value.code == "decision-refused"
    assert "\\u{a}" not in str(caught.value)
    assert "; " in str(caught.value)


def test_partial_is_not_true(small: siting.Workspace) -> None:
    decision = small.place("bert/big", partial=True)
    assert (decision.verdict, bool(decision)) == ("partial", False)
    assert sum(placement.replicas for placement in decision.placements) == 4


def test_explanations(small: siting.Workspace) -> None:
    reasons = small.place("bert/v1").explain().reasons
    assert [reason.code for reason in reasons] == ["location-not-allowed"]
    ohio = small.explain("bert/v1", cluster="ohio")
    assert ohio.allowed is False
    assert ohio.pools[0].reasons[0].code == "location-not-allowed"
    paris = small.explain("bert/v1", cluster="paris")
    assert paris.admitted_by == (siting.Admission("europe", "environment", siting.Choice("continent", "eu")),)
    assert "paris is allowed" in str(paris)


def test_equal_decisions_are_equal_and_hash_so(small: siting.Workspace) -> None:
    one, other = small.place("bert/v1"), small.place("v1")
    assert one == other
    assert hash(one) == hash(other)
    assert one != small.place("big")
    assert len({one, other}) == 1
    assert copy.copy(one) is one
    assert copy.deepcopy(one) is one


def test_decisions_do_not_change(small: siting.Workspace) -> None:
    decision = small.place("bert/v1")
    with pytest.raises(AttributeError, match="do not change"):
        decision.verdict = "refused"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        decision.placements[0].replicas = 4  # type: ignore[misc]
    with pytest.raises(TypeError, match=r"Workspace\.place"):
        siting.Decision()


@pytest.mark.parametrize("address", ["bert/v1", "bert/big"])
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickled_decisions_say_the_same(small: siting.Workspace, address: str, protocol: int) -> None:
    decision = small.place(address)
    back = pickle.loads(pickle.dumps(decision, protocol))
    assert back == decision
    assert hash(back) == hash(decision)
    assert (bool(back), back.verdict, back.placements) == (bool(decision), decision.verdict, decision.placements)
    assert back.explain() == decision.explain()
    assert repr(back) == repr(decision)
    assert back._repr_html_() == decision._repr_html_()
    assert pickle.loads(pickle.dumps(back, protocol)) == back


def test_what_is_read_without_a_report_is_what_the_report_says(tour: siting.Workspace) -> None:
    for light, whole in zip(tour.place_all(), tour.place_all(), strict=True):
        report = whole.report
        assert (light.workload, light.name, light.environment) == (report.workload, report.name, report.environment)
        assert light.placements == report.placements == whole.placements
        codes = [reason.code for reason in report.refusal.reasons] if report.refusal else []
        assert all(code in repr(light) for code in codes)
        assert bool(light) == (report.refusal is None)
        assert light.price_per_hour == whole.price_per_hour
        assert "report" not in light._kept


def test_a_notebook_shows_a_table(small: siting.Workspace) -> None:
    placed, refused = small.place("v1")._repr_html_(), small.place("big")._repr_html_()
    assert "<td" in placed
    assert "paris" in placed
    assert "USD/h" in placed
    assert "location-not-allowed" in refused
    assert "refused</b>" in refused
    assert small.place_all()._repr_html_().count("<tr>") == 3
    refusal = small.place("big").refusal
    assert refusal is not None
    assert refusal._repr_html_() in refused


def test_html_is_escaped() -> None:
    name = "<script>alert(1)"
    workspace = siting.Workspace(
        siting.Deployment(name, model="m"), siting.Cluster(name, provider="p", country="fr", flavors=["cpu:x86"])
    )
    shown = workspace.place_all()[0]._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_i4_commit_reserves_and_conflicts_change_nothing(small: siting.Workspace) -> None:
    stale = small.place("v1")
    (reservation,) = small.commit(stale)
    before = small.reservations
    with pytest.raises(siting.Conflict, match="wanted") as caught:
        small.commit(stale)
    assert caught.value.code == "capacity-taken"
    assert small.reservations == before
    assert not small.place("v1")
    small.release(reservation)
    assert small.place("v1") == stale
    with pytest.raises(siting.Conflict) as caught:
        small.release(reservation)
    assert caught.value.code == "unknown-reservation"
    with pytest.raises(siting.Conflict) as caught:
        small.commit(small.place("big"))
    assert caught.value.code == "decision-refused"


def test_i4_a_decision_of_another_process_can_be_committed(small: siting.Workspace) -> None:
    sent = pickle.loads(pickle.dumps(small.place("v1")))
    (held,) = small.commit(sent)
    assert [one.id for one in small.reservations] == [held]
    assert not small.place("v1")
    with pytest.raises(siting.Conflict):
        small.commit(sent)
    with pytest.raises(siting.Conflict) as caught:
        small.commit(pickle.loads(pickle.dumps(small.place("big"))))
    assert caught.value.code == "decision-refused"


def test_w6_what_is_no_longer_allowed_is_not_committed(small: siting.Workspace) -> None:
    early = small.place("v1")
    before = small.state()
    other = siting.Workspace.restore(before)
    other.set_cluster("paris", cordoned=True)
    for decision in (early, pickle.loads(pickle.dumps(early))):
        with pytest.raises(siting.Conflict, match="the cluster is cordoned") as caught:
            other.commit(decision)
        assert caught.value.code == "no-longer-allowed"
    assert other.reservations == ()
    forged, (packed,) = early.__reduce__()
    text = re.sub(r'"replicas":\d+', '"replicas":99', unpack(packed, "a decision"))
    with pytest.raises(siting.Conflict, match="99 replicas are placed"):
        small.commit(forged(pack(text)))
    assert small.state() == before


def test_w4_a_state_comes_back_and_others_are_refused(small: siting.Workspace) -> None:
    small.commit(small.place("v1"))
    state = small.state()
    assert siting.Workspace.restore(state).state() == state
    with pytest.raises(siting.InvalidValue, match="version 99"):
        siting.Workspace.restore(re.sub(r'"version":\d+', '"version":99', state, count=1))
    for damaged in ("", "{}", "[]", state[:-9], state.replace('"taken":[{', '"taken":[{"x":1,', 1)):
        with pytest.raises(siting.InvalidValue):
            siting.Workspace.restore(damaged)


def test_i4_reservations_are_values(small: siting.Workspace) -> None:
    made = small.reserve("paris", "a", "cpu:x86", replicas=2, cpu="4", memory="1Gi")
    (kept,) = small.reservations
    assert kept.id == made
    kept = pickle.loads(pickle.dumps(kept))
    small.release(made)
    small.take_back(kept)
    assert small.reservations == (kept,)
    with pytest.raises(siting.Conflict):
        small.take_back(kept)
    with pytest.raises(siting.UnknownName, match="did you mean `paris`"):
        small.reserve("pariss", "a", "cpu:x86")
    with pytest.raises(siting.InvalidValue, match="no pool `b`"):
        small.reserve("paris", "b", "cpu:x86")
    with pytest.raises(siting.Conflict, match="9 replicas"):
        small.reserve("paris", "a", "cpu:x86", replicas=9, cpu=4)


def test_i3_closed_clusters_take_nothing(small: siting.Workspace) -> None:
    small.set_cluster("paris", cordoned=True)
    decision = small.place("v1")
    assert decision.refusal is not None
    assert "cordoned" in [reason.code for reason in decision.refusal.reasons]
    small.set_cluster("paris", cordoned=False, healthy=False)
    refusal = small.place("v1").refusal
    assert refusal is not None
    assert "unhealthy" in [reason.code for reason in refusal.reasons]
    small.set_cluster("paris", healthy=True)
    assert small.place("v1")


def test_snapshots_are_workspaces_of_their_own(small: siting.Workspace) -> None:
    other = copy.copy(small)
    small.commit(small.place("v1"))
    assert other.reservations == ()
    assert other.place("v1")
    assert not small.place("v1")


def test_d4_batches_equal_single_decisions(tour: siting.Workspace) -> None:
    alone = tour.place_all(independent=True)
    assert list(alone) == [tour.place(f"{one.workload.type}/{one.address}") for one in alone]
    assert len(alone) == len(tour.deployments)
    some = ["voice-lagos", "bert-api-v1"]
    assert list(tour.place_each(some)) == [tour.place(address) for address in some]
    with pytest.raises(siting.UnknownName):
        tour.place_each([*some, "nobody"])
    assert alone[-1] == list(alone)[-1]
    assert alone[1:3] == list(alone)[1:3]
    with pytest.raises(IndexError):
        alone[len(alone)]
    assert pickle.loads(pickle.dumps(alone)) == alone


def test_a_pickled_workspace_decides_alike(small: siting.Workspace) -> None:
    small.commit(small.place("v1"))
    held = small.reserve("ohio", "a", "cpu:x86", cpu=1)
    small.set_cluster("ohio", cordoned=True)
    small.attach("big", siting.Attachment("us", "audit"))
    small.change_policies(["europe", "us"], environment="production")
    small.change_policies([siting.Attachment("us", "audit")])
    small.remove_environment("staging")
    back = pickle.loads(pickle.dumps(small))
    assert back.reservations == small.reservations
    by_name = lambda manifest: (manifest["kind"], manifest["metadata"]["name"])  # noqa: E731
    assert sorted(back.manifests(), key=by_name) == sorted(small.manifests(), key=by_name)
    assert back.environments == small.environments
    assert back.place_all(independent=True) == small.place_all(independent=True)
    back.release(held)
    assert len(back.reservations) == len(small.reservations) - 1


def test_a_pickled_workspace_knows_what_runs() -> None:
    workspace = siting.Workspace(
        siting.Cluster("c", provider="p", country="fr", pools=four_nodes("1")),
        siting.Deployment("v1", model="m", replicas=2, resources=siting.Resources(4, "1Gi")),
        siting.Running("r", deployment="m/v1", cluster="c", pool="a", replicas=2),
    )
    back = pickle.loads(pickle.dumps(workspace))
    assert back.reservations == workspace.reservations
    assert back.place("v1") == workspace.place("v1")
