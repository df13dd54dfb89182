"""The control plane, from end to end: its API, its store, a platform that loses calls, and a second planner (W1–W7)."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from control_plane import Planner, Pretend, Shares, Store, api, reconcile
from fastapi.testclient import TestClient

import siting
from siting import CanaryStep, Cluster, Deployment, Environment, Limit, Policy, Pool, Resources, Strategy, StrategyCheck

EUROPE = Policy("europe", locations=["continent:eu"])
PRODUCTION = Environment("production", policies=[EUROPE], require=["location"])
CANARY = Strategy(
    "canary",
    steps=[CanaryStep(25, soak_seconds=60, min_requests=10)],
    checks=[StrategyCheck("error-rate", success=Limit(at_most=1), min_requests=10)],
    progress_deadline_seconds=600,
)


def cluster(name: str, country: str, nodes: int = 4) -> Cluster:
    pools = [Pool("p", nodes=nodes, cpu_flavor="x86", cpu=4, memory="16Gi", price_per_hour="0.2")]
    return Cluster(name, provider="onprem", country=country, pools=pools)


def bert(name: str, replicas: int = 2) -> Deployment:
    return Deployment(name, model="bert", replicas=replicas, resources=Resources(4, "8Gi"), strategy=CANARY)


FLEET = [EUROPE, PRODUCTION, cluster("paris", "fr"), cluster("ohio", "us"), bert("v1")]


class Fleet(Pretend):
    """A platform to which calls are lost: nothing happens then, as after a crash."""

    def __init__(self, lost: float = 0) -> None:
        super().__init__()
        self._random = random.Random(5)
        self._lost = lost

    def _comes(self) -> bool:
        return self._random.random() >= self._lost

    def build(self, id: str, deployment: siting.DesiredDeployment) -> None:
        if self._comes():
            super().build(id, deployment)

    def run(self, id: str, deployment: siting.DesiredDeployment) -> None:
        if self._comes():
            super().run(id, deployment)

    def route(self, endpoint: str, shares: Shares) -> None:
        if self._comes():
            super().route(endpoint, shares)

    def keep_only(self, ids: Collection[str], endpoints: Collection[str]) -> None:
        if self._comes():
            super().keep_only(ids, endpoints)


class Host:
    """A planner with its API, its clock and what its platform runs."""

    def __init__(self, path: Path, fleet: Fleet) -> None:
        self.seconds = 1_000_000.0
        self.store = Store(path)
        self.planner = Planner(self.store, clock=lambda: self.seconds)
        self.fleet = fleet
        self._client = TestClient(api(self.planner))

    def call(self, method: str, path: str, json: Any = None, key: str | None = None, status: int = 200) -> Any:
        headers = {} if key is None else {"Idempotency-Key": key}
        answer = self._client.request(method, path, json=json, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def put(self, *documents: siting.Document, **options: Any) -> Any:
        return self.call("PUT", "/documents", [document.manifest() for document in documents], **options)

    def command(self, command: siting.Command, **options: Any) -> Any:
        return self.call("POST", "/workloads/model/bert/commands", command.to_json(), **options)

    def settle(self) -> None:
        """Reconcile until nothing is left to do, for a while at most."""
        for _ in range(60):
            self.seconds += 1
            reconcile(self.planner, self.fleet)

    @property
    def statuses(self) -> dict[str, str]:
        told = self.call("GET", "/workloads/model/bert")
        return {one["name"]: one["status"] for one in told["deployments"]}

    @property
    def production(self) -> dict[str, int]:
        routes: dict[str, int] = self.call("GET", "/workloads/model/bert")["routes"]["environment/production"]
        return routes


Start = Callable[..., Host]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    hosts: list[Host] = []

    def starting(fleet: Fleet | None = None) -> Host:
        hosts.append(Host(tmp_path / "plane.db", fleet or Fleet()))
        return hosts[-1]

    yield starting
    for host in hosts:
        host.store.close()


def serving(start: Start, fleet: Fleet | None = None) -> Host:
    """Return a host whose `v1` holds production."""
    host = start(fleet)
    host.put(*FLEET)
    # Its canary would wait for calls to be judged by.
    host.command(siting.Command.push("v1", from_="bert/v1", promote="production", by="at-once"))
    host.settle()
    assert host.production == {"v1": 100}
    return host


def test_policies_and_clusters_change_at_run_time(start: Start) -> None:
    host = start()
    assert host.put(*FLEET)["revision"] == 1
    assert host.put(*FLEET)["changed"] is False
    placed = host.call("GET", "/place/bert/v1")
    assert [at["cluster"] for at in placed["decision"]["placements"]] == ["paris"]
    # Ohio is not in Europe, and the answer says who says so.
    (reason,) = [one for one in placed["explanation"]["reasons"] if one["code"] == "location-not-allowed"]
    assert [policy["name"] for policy in reason["policies"]] == ["europe"]

    america = Policy("europe", locations=["country:us"])
    preview = host.call("POST", "/preview", [america.manifest()])
    assert [(one["deployment"], one["loses"]) for one in preview["impact"]] == [("model/bert/v1", 1)]
    host.put(america)
    assert [at["cluster"] for at in host.call("GET", "/place/bert/v1")["decision"]["placements"]] == ["ohio"]

    host.put(cluster("ohio", "us", nodes=1))
    refused = host.call("GET", "/place/bert/v1")["decision"]
    assert refused["verdict"] == "refused"
    assert "insufficient-capacity" in {reason["code"] for reason in refused["refusal"]["reasons"]}
    host.call("DELETE", "/documents/Cluster/ohio")
    assert host.planner.current().clusters == ("paris",)


def test_what_is_wrong_is_told_and_changes_nothing(start: Start) -> None:
    host = start()
    host.put(*FLEET)
    before = host.planner.current().state()
    wrong = [{**EUROPE.manifest(), "spec": {"type": "location", "locations": [{"type": "country", "name": "frr"}]}}]
    (error,) = host.call("PUT", "/documents", wrong, status=422)["errors"]
    assert (error["path"], error["message"]) == ("spec.locations[0].name", "no country is called `frr`")
    (error,) = host.call("DELETE", "/documents/Policy/europe", status=409)["errors"]
    assert (error["code"], error["message"]) == ("in-use", "policy `europe` is attached to environment `production`")
    assert error["help"] == "detach it there in the same change, or keep it"
    assert host.call("GET", "/place/bert/v7", status=404)["errors"][0]["code"] == "unknown-name"
    (error,) = host.command(siting.Command.promote("v1", "production"), status=409)["errors"]
    assert "there is no deployment `v1`" in error["message"]
    assert host.planner.current().state() == before


def test_a_workload_is_promoted_rolled_back_and_deactivated(start: Start) -> None:
    """L3, L4, L8."""
    host = serving(start)
    host.command(siting.Command.push("v2", from_="bert/v1", name="two"))
    host.settle()
    host.command(siting.Command.promote("two", "production", by="at-once"))
    assert host.production == {"two": 100}
    host.command(siting.Command.roll_back("production", by="at-once"))
    assert host.production == {"v1": 100}
    host.command(siting.Command.deactivate("two"))
    host.settle()
    assert host.statuses == {"v1": "ACTIVE", "two": "INACTIVE"}
    assert host.fleet.running["model/bert/bert-2"] == ()
    # Twice is a mistake, and the rule says so.
    (error,) = host.command(siting.Command.deactivate("two"), status=409)["errors"]
    assert "(L8)" in error["message"]


def test_a_canary_of_a_bad_version_goes_back(start: Start) -> None:
    """R1, R2: a fourth of the calls meets the new version, which fails; the holder has them all again."""
    host = serving(start)
    host.command(siting.Command.update_version("production", "v2", name="two"))
    host.settle()

    def report(failed: int, answered: int) -> None:
        host.seconds += 10
        seen = {
            "candidate": "two",
            "old": 2,
            "new": 1,
            "requests": answered,
            "succeeded": 20 - failed,
            "failed": failed,
        }
        host.call("POST", "/workloads/model/bert/rollout", seen)

    report(failed=0, answered=20)
    host.settle()
    assert host.production == {"v1": 75, "two": 25}
    for answered in range(40, 200, 20):
        report(failed=10, answered=answered)
    host.settle()
    assert host.production == {"v1": 100}
    assert host.statuses["v1"] == "ACTIVE"
    assert host.statuses["two"] == "INACTIVE"


def test_a_host_that_restarts_goes_on_where_it_was(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W4, W7: from the store alone, and from what should be alone; also in the middle of something."""
    monkeypatch.setattr("control_plane.SNAPSHOT_EVERY", 3)
    host = serving(start)
    host.command(siting.Command.push("v2", from_="bert/v1", name="two"))
    state = host.planner.current().state()
    host.store.close()

    again = start()
    assert again.planner.current().state() == state
    again.settle()
    assert again.statuses == {"v1": "ACTIVE", "two": "ACTIVE"}
    assert set(again.fleet.running) == {"model/bert/bert-1", "model/bert/bert-2"}
    with sqlite3.connect(tmp_path / "plane.db") as db:
        assert db.execute("SELECT count(*) FROM snapshots").fetchone() >= (2,)
    db.close()


def test_every_second_call_may_be_lost(start: Start) -> None:
    """W7: effects are brought about at least once, by what should be."""
    host = serving(start, Fleet(lost=0.5))
    host.command(siting.Command.push("v2", from_="bert/v1", name="two"))
    host.command(siting.Command.deactivate("v1"))
    host.settle()
    (desired,) = host.planner.current().desired
    assert host.fleet.running == {f"model/bert/{one.id}": one.places for one in desired.deployments}
    assert host.fleet.routes == {f"model/bert/{one.endpoint}": one.shares for one in desired.routes}
    assert host.statuses == {"v1": "INACTIVE", "two": "ACTIVE"}


def losing(host: Host, first: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let another come first, once, when the host has decided and is about to append."""
    append, others = host.store.append, [first]

    def late(revision: int, entry: str) -> bool:
        if others:
            others.pop()()
        return append(revision, entry)

    monkeypatch.setattr(host.store, "append", late)


def test_a_planner_that_loses_the_race_catches_up_and_rebases(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """W3: what was decided still holds, so the very same is appended behind the other's entry."""
    one, two = serving(start), start()
    losing(two, lambda: one.put(cluster("rome", "it")), monkeypatch)
    push = siting.Command.push("v2", from_="bert/v1", name="two")
    done = two.command(push, key="push-two")
    assert done["revision"] == one.planner.current().revision
    assert one.planner.current().state() == two.planner.current().state()
    assert "rome" in two.planner.current().clusters
    # The answer was lost, say, and the client asks again, of another planner: it is done once.
    assert one.command(push, key="push-two") == {"changed": False, "revision": done["revision"]}
    assert list(one.statuses) == ["v1", "two"]


def test_a_planner_decides_anew_where_the_room_is_gone(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """W3, W6: a decision that does not hold at the head is not appended; the change is decided there."""
    one, two = serving(start), start()
    one.put(cluster("rome", "it"))
    # Paris has room for two more, which another takes first.
    losing(two, lambda: one.put(cluster("paris", "fr", nodes=2)), monkeypatch)
    two.command(siting.Command.scale("v1", 4))
    places = two.planner.current().life("bert")["v1"].places
    assert {place.cluster: place.replicas for place in places} == {"paris": 2, "rome": 2}
    assert one.planner.current().state() == two.planner.current().state()


def test_two_planners_see_the_same_and_tell_it_once(start: Start) -> None:
    fleet = Fleet()
    one, two = start(fleet), start(fleet)
    one.put(*FLEET)
    one.command(siting.Command.push("v1", from_="bert/v1", promote="production", by="at-once"))
    for _ in range(5):
        for host in (one, two):
            reconcile(host.planner, fleet)
    assert two.production == {"v1": 100}
    # Put, pushed, built, ready.
    assert one.planner.current().revision == 4
    assert one.planner.current().state() == two.planner.current().state()
