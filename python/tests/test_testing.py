"""The strategies make what can be loaded, and the laws hold, and find faults that are planted."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

import siting
from siting import testing
from siting.metrics import Window
from siting.scaling import Autoscaler, Figures
from siting.traffic import Algorithm, Backend, Balancer, NoRoute

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(testing.worlds())
def test_worlds_can_be_loaded_and_decided(world: testing.World) -> None:
    workspace = world.workspace()
    assert siting.load(workspace.manifests()).place_all() == workspace.place_all()
    for document in world.documents:
        assert siting.Document.from_manifest(document.manifest()) == document
        assert pickle.loads(pickle.dumps(document)) == document
    for decision in workspace.place_all(independent=True):
        assert pickle.loads(pickle.dumps(decision)) == decision


@QUICK
@given(testing.worlds())
def test_laws_hold(world: testing.World) -> None:
    testing.check_laws(testing.candidates, world)


@QUICK
@given(
    st.one_of(
        testing.policies(),
        testing.environments(),
        testing.clusters(),
        testing.deployments(),
        testing.organisations(),
        testing.runnings(),
    )
)
def test_documents_are_valid(document: siting.Document) -> None:
    assert siting.Document.from_manifest(document.manifest()) == document


@QUICK
@given(testing.autoscalers(), testing.figures(), st.integers(0, 20))
def test_r4_numbers_stay_within_bounds(scaler: Autoscaler, figures: Figures, current: int) -> None:
    decision, state = scaler.decide(now=3_600_000, current=current, figures=[figures])
    least, most = scaler.bounds
    assert least <= decision.replicas <= most
    assert scaler.decide(now=3_600_000, current=current, figures=[figures]) == (decision, state)


@QUICK
@given(testing.backends(), st.sampled_from(["round-robin", "least-connections", "ip-hash", "consistent-hash"]))
def test_r5_every_backend_chosen_can_be(backends: list[Backend], algorithm: Algorithm) -> None:
    balancer = Balancer(algorithm, backends)
    good = {one.id for one in backends if one.ready and one.allowed and not one.draining and one.weight > 0}
    for turn in range(5):
        try:
            assert balancer.pick(now=turn, address="192.0.2.1", key=bytes([turn])) in good
        except NoRoute:
            full = [one for one in backends if one.id in good and one.max_connections is not None]
            assert len(full) == len(good)


@QUICK
@given(testing.request_series())
def test_r2_windows_count_all_that_they_still_see(series: list[testing.SeenRequest]) -> None:
    window = Window(3600)
    for seen in series:
        window.request(now=seen.at, latency=seen.latency, failed=seen.failed)
    summary = window.summary(now=max((seen.at for seen in series), default=0))
    assert (summary.requests, summary.errors) == (len(series), sum(seen.failed for seen in series))


def forgetful(world: testing.World, deployment: siting.Deployment) -> set[testing.Spot]:
    """A platform that forgets the environment's policies."""
    environments = tuple(siting.Environment(one.name) for one in world.environments)
    seen = testing.World(world.policies, environments, world.deployments, world.clusters, world.organisation)
    return testing.candidates(seen, deployment)


def test_a_planted_fault_is_found_and_shrinks_to_a_small_world() -> None:
    def breaks(world: testing.World) -> bool:
        try:
            testing.stays_inside(forgetful, world)
        except testing.BrokenLaw as broken:
            return broken.law == "stays_inside"
        return False

    world = find(testing.worlds(), breaks, settings=settings(max_examples=2000, database=None, deadline=None))
    assert len(world.policies) <= 1
    assert len(world.deployments) == len(world.clusters) == 1
    assert len(world.clusters[0].pools + world.clusters[0].flavors) == 1


@QUICK
@given(testing.sequences())
def test_l12_lives_keep_their_laws(sequence: testing.Sequence) -> None:
    workspace = siting.Workspace(
        siting.Environment("staging"),
        siting.Cluster("c", provider="p", country="fr", flavors=["gpu:t4"]),
    )
    testing.refused_commands_change_nothing(workspace.snapshot().life("bert"), sequence)
    testing.replay_gives_the_same(workspace.snapshot().life("bert"), workspace.snapshot().life("bert"), sequence)


@given(st.data())
@settings(max_examples=20, deadline=None)
def test_sequences_reach_production(data: st.DataObject) -> None:
    sequence = data.draw(testing.sequences(max_size=5))
    moments = [at for at, _ in sequence]
    assert moments == sorted(moments)


def test_broken_laws_tell_where() -> None:
    world = testing.World(
        deployments=(siting.Deployment("d", model="m"),),
        clusters=(siting.Cluster("c", provider="p", country="fr", flavors=["cpu:x86"]),),
    )
    calls = iter([[("c", "cpu-x86", "cpu:x86")], []])
    with pytest.raises(testing.BrokenLaw, match="is_deterministic: m/d at"):
        testing.is_deterministic(lambda *_: next(calls), world)
