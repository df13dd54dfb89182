"""Placing in rounds: partitions propose, one reducer commits. No engine is needed to hold its law."""

from __future__ import annotations

import pickle
import random
import runpy
from collections.abc import Iterable, Sequence

import pytest
from conftest import ROOT, four_nodes

import siting
from siting import rounds


def fleet(nodes: int, deployments: int) -> siting.Workspace:
    """Three clusters of so many nodes at rising prices, and deployments that each want one node to three."""
    return siting.Workspace(
        siting.Environment("production"),
        *(
            siting.Cluster(
                f"c{n}",
                provider="onprem",
                country="fr",
                pools=[
                    siting.Pool("a", nodes=nodes, cpu=4, memory="16Gi", cpu_flavor="x86", price_per_hour=f"0.{n + 1}")
                ],
            )
            for n in range(3)
        ),
        *(
            siting.Deployment(
                f"d{n:02}", model="m", priority=n % 3, replicas=1 + n % 3, resources=siting.Resources(4, "8Gi")
            )
            for n in range(deployments)
        ),
        siting.Organisation("o", default_environment="production"),
    )


class Workers:
    """So many workers, to which everything is sent, and which answer in any order."""

    def __init__(self, count: int, seed: int) -> None:
        self.count, self.chance, self.rounds = count, random.Random(seed), 0

    def __call__(self, snapshot: siting.Workspace, addresses: Sequence[str]) -> Iterable[siting.Decision]:
        self.rounds += 1
        sent = pickle.dumps(snapshot)
        answers = [
            pickle.loads(pickle.dumps(one))
            for part in rounds.parts(addresses, self.count)
            for one in pickle.loads(sent).place_each(part)
        ]
        self.chance.shuffle(answers)
        return answers


def told(decisions: Iterable[siting.Decision]) -> list[tuple[str, str, tuple[siting.Placement, ...]]]:
    return [(one.address, one.verdict, one.placements) for one in decisions]


def held(workspace: siting.Workspace) -> dict[str, int]:
    """Return the replicas that each cluster holds; each takes a whole node."""
    used: dict[str, int] = {}
    for one in workspace.reservations:
        used[one.cluster] = used.get(one.cluster, 0) + sum(part["count"] for part in one.taken)
    return used


def test_with_room_for_all_in_the_cheapest_it_is_what_place_all_decides() -> None:
    workers = Workers(3, 1)
    workspace = fleet(nodes=50, deployments=12)
    expected = told(workspace.place_all())
    assert told(rounds.commit_in_rounds(workspace, workers)) == expected
    assert workers.rounds == 1
    assert held(workspace) == {"c0": sum(1 + n % 3 for n in range(12))}


@pytest.mark.parametrize("seed", range(3))
def test_i4_nothing_is_overbooked_and_partitions_make_no_difference(seed: int) -> None:
    """I4, D4: where room is scarce, all of it is used, none twice, and the result is the same however it is shared."""
    alone = fleet(nodes=5, deployments=12)
    expected = told(rounds.commit_in_rounds(alone, rounds.here))
    workspace = fleet(nodes=5, deployments=12)
    workers = Workers(1 + 2 * seed, seed)
    assert told(rounds.commit_in_rounds(workspace, workers)) == expected
    assert workers.rounds > 1
    assert held(workspace) == {"c0": 5, "c1": 5, "c2": 5}
    placed = sum(placement.replicas for _, _, placements in expected for placement in placements)
    assert placed == 15
    assert [address for address, *_ in expected] == list(workspace.deployments)


def test_what_is_not_proposed_or_not_asked_for_is_told() -> None:
    workspace = fleet(nodes=5, deployments=3)
    other = siting.Workspace(
        siting.Deployment("x", model="y"), siting.Cluster("c", provider="p", country="fr", pools=four_nodes("1"))
    )
    before = workspace.state()
    for wrong in (lambda *_: [], lambda snapshot, asked: [*snapshot.place_each(asked), other.place("x")]):
        with pytest.raises(siting.InvalidValue):
            rounds.commit_in_rounds(workspace, wrong)
    assert workspace.state() == before
    assert rounds.commit_in_rounds(siting.Workspace(), rounds.here) == ()
    assert rounds.parts(["a", "b", "c"], 2) == [["a", "c"], ["b"]]
    with pytest.raises(siting.InvalidArgument):
        rounds.parts([], 0)


def test_the_example_runs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    runpy.run_path(str(ROOT / "python/examples/processes.py"), run_name="__main__")
    assert "placed" in capsys.readouterr().out
