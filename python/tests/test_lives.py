"""Lives of workloads: commands, observations, routes, violations, scenarios."""

from __future__ import annotations

import json
import pickle
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from conftest import ROOT, four_nodes

import siting
from siting import Command
from siting.metrics import Reading, Window


def test_l1_l3_a_push_is_promoted_and_routed(small: siting.Workspace) -> None:
    bert = small.life("bert")
    before = bert.routes["workload"]
    assert before.answer == "notFound"
    built = bert.apply(Command.push(from_="bert/v1", promote="production"), now=0)
    # A build has a deadline.
    assert [effect.kind for effect in built] == ["build", "timer", "notify"]
    started = bert.observe("v1", "built", now=timedelta(seconds=5))
    (start,) = [effect for effect in started if effect.kind == "start"]
    assert start.details["places"][0] == {"cluster": "paris", "pool": "a", "flavor": "cpu:x86", "replicas": 3}
    assert small.reservations
    ready = bert.observe("v1", "ready", now=6000, generation=start.details["generation"])
    assert "route workload to v1" in [effect.text for effect in ready]
    live = bert["v1"]
    assert (live.id, live.status, live.role, live.holds, live.replicas) == (
        "bert-1",
        "ACTIVE",
        "production",
        "production",
        3,
    )
    assert bert.routes["workload"].answer == "routed"
    assert small.lives[0].deployments == (live,)
    assert bert.describe("v1").history[0]["what"]


def test_l2_refusals_name_the_rule_and_the_next_step(small: siting.Workspace) -> None:
    bert = small.life("bert")
    bert.apply(Command.push("v1", name="one", from_="bert/v1"), now=0)
    before = bert.journal()
    refused = bert.check(Command.promote("one", "production"), now=1)
    assert refused is not None
    assert refused.rule == "L6"
    assert refused.next == refused.help == "wait until it is active"
    with pytest.raises(siting.Refused, match="L6"):
        bert.apply(Command.promote("one", "production"), now=1)
    assert bert.journal() == before
    assert bert.check(Command.cancel("production"), now=1) is not None
    assert bert.check(Command.deactivate("one"), now=1) is None
    legal = bert.legal_commands(now=1)
    assert {"push", "deactivate", "rename", "edit"} <= legal.verbs
    assert "promote" not in legal.verbs
    assert "name" in {form.lacks for form in legal.forms}


def test_l14_replicas_are_seen_one_place_at_a_time(small: siting.Workspace) -> None:
    bert = small.life("bert")
    bert.apply(Command.push(from_="bert/v1", promote="production"), now=0)
    bert.observe("v1", "built", now=1000)
    (place,) = bert["v1"].places
    assert place.replicas == 3
    bert.observe_place("v1", place, now=2000, sequence=1, ready=1)
    assert (bert["v1"].status, bert.routes["workload"].answer) == ("ACTIVE", "routed")
    # The same number again changes nothing, whatever it says.
    assert bert.observe_place("v1", place, now=3000, sequence=1, lost=3) == ()
    stopped = bert.observe_place("v1", place, now=4000, sequence=2, ready=2, failed=1)
    (stop,) = [effect for effect in stopped if effect.kind == "stop"]
    assert (stop.details["places"][0]["replicas"], stop.details["started"]) == (1, bert["v1"].generation)
    assert bert["v1"].replicas == 2
    lost = bert.observe_place("v1", place, now=5000, sequence=3, lost=2)
    assert [effect.kind for effect in lost] == ["unroute"] * len(lost)
    assert bert["v1"].status == "UNHEALTHY"
    with pytest.raises(siting.SitingError, match="`-1`"):
        bert.observe_place("v1", place, now=6000, sequence=-1)


OFFLOADING = """
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: europe}
spec: {type: location, locations: [{type: continent, name: eu}]}
---
apiVersion: siting.dev/v1
kind: Environment
metadata: {name: production}
spec: {policies: [europe]}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: v1}
spec:
  model: bert
  environment: production
  replicas: 2
  resources: {cpu: 8, memory: 16Gi}
  offloading:
    percentage: 50
    windowSeconds: 60
    metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 90}}}]
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: local}
spec:
  provider: own
  country: fr
  pools: [{name: p, nodes: 2, cpuFlavor: x86, cpu: 8, memory: 32Gi, pricePerHour: "0.1"}]
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: remote-us}
spec: {provider: own, country: us, flavors: [{type: cpu, name: x86}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: remote-de}
spec: {provider: own, country: de, flavors: [{type: cpu, name: x86}]}
"""


def test_r6_requests_are_offloaded_to_where_the_policies_allow() -> None:
    ws = siting.loads(OFFLOADING)
    bert = ws.life("bert")
    bert.apply(Command.push(from_="bert/v1", promote="production"), now=0)
    bert.observe("v1", "built", now=0)
    bert.observe("v1", "ready", now=0)
    # Of what two replicas ask for, 1,600 %, 95 % is used: the target is 90 %.
    high = Reading(1520, requested=1600, replicas=2)
    told = bert.offload("v1", now=0, ready=True, readings=[high])
    assert told is not None
    routing, state = told
    assert (routing.local, routing.remote, routing.why) == (100, None, "calm")
    told = bert.offload("v1", state, now=60_000, ready=True, readings=[high])
    assert told is not None
    routing, state = told
    assert (routing.local, routing.remote_share, routing.why) == (50, 50, "loaded")
    # R6: the policies bind the remote side, so nothing goes to the United States.
    assert routing.remote is not None
    assert [remote.cluster for remote in routing.remotes] == ["remote-de"]
    assert (routing.remote.cluster, routing.remote.flavor) == ("remote-de", "x86")
    assert pickle.loads(pickle.dumps(routing)) == routing
    # A loaded deployment, of which nothing runs, in the same way: with none ready, all goes to the best place.
    told = ws.offload("bert/v1", now=0, ready=False, readings=[None])
    assert told is not None
    assert (told[0].local, told[0].remote_share, told[0].why) == (0, 100, "local-down")
    with pytest.raises(siting.InvalidValue, match="1 metrics are watched"):
        bert.offload("v1", now=0, ready=True)
    with pytest.raises(siting.Refused, match="no deployment"):
        bert.offload("v7", now=0, ready=True)
    with pytest.raises(siting.UnknownName):
        ws.offload("v7", now=0, ready=True)
    bert.apply(Command.push("v3", name="plain"), now=61_000)
    assert bert.offload("plain", now=61_000, ready=True) is None


COMMANDS = [
    Command.push("v1", name="a", from_="bert/v1", replicas=1),
    Command.push(
        "v1", name="a", resources=siting.Resources(1, "1Gi"), load_balancer=siting.LoadBalancer(enabled=False)
    ),
    Command.push(draft=True),
    Command.push("v2", promote="production", on_replaced="keep", environment=None),
    Command.patch("v3"),
    Command.promote("a", "staging", name="b", on_replaced="deactivate", force=True),
    Command.release("staging", "production", name="c"),
    Command.update_version("production", "v4", name="d", on_replaced="scale-to-zero"),
    Command.roll_back("production"),
    Command.cancel("production"),
    Command.promote("a", "staging", by="at-once"),
    Command.push("v2", promote="production", by=siting.Strategy("rolling", max_surge=1)),
    Command.roll_back("production", by=siting.Strategy("blue-green", bake_seconds=60)),
    Command.pause("production"),
    Command.resume("production"),
    Command.force_forward("production"),
    Command.activate("a"),
    Command.deactivate("a"),
    Command.wake("a"),
    Command.idle("a"),
    Command.move("a"),
    Command.delete("a"),
    Command.delete_workload(),
    Command.scale("a", 2),
    Command.edit("a", priority=3, description="x", scaling=siting.Scaling(1, 2)),
    Command.rename("a", "z"),
    Command.set_policies("staging", ["us", siting.Attachment("europe", "audit")]),
    Command.set_policies("staging", []),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.verb}")
def test_commands_are_values_that_the_reader_understands(small: siting.Workspace, command: Command) -> None:
    assert pickle.loads(pickle.dumps(command)) == command
    assert Command.from_json(json.loads(json.dumps(command.to_json()))) == command
    assert hash(command) == hash(Command.from_json(command.to_json()))
    refused = small.life("bert").check(command, now=0)
    assert refused is None or refused.rule[0] in "LEPRC"  # a rule refuses it, and not its form


def replaced(version_fails: bool) -> tuple[siting.Life, list[siting.Effect], int]:
    """Two replicas of `one` hold production; `two` replaces them by canary, on a host that behaves."""
    workspace = siting.Workspace(
        siting.Environment("production"),
        siting.Cluster("c", provider="p", country="fr", pools=four_nodes("1")),
    )
    life = workspace.life("bert")
    demand = siting.Resources(4, "1Gi")
    life.apply(Command.push("v1", name="one", promote="production", replicas=2, resources=demand), now=0)
    life.observe("one", "built", now=0)
    life.observe("one", "ready", now=0)
    check = siting.StrategyCheck("error-rate", siting.Limit(at_most=1), min_requests=10, interval_seconds=10)
    steps = [siting.CanaryStep(20, soak_seconds=30, min_requests=50)]
    canary = siting.Strategy("canary", steps=steps, checks=[check])
    life.apply(Command.update_version("production", "v2", name="two", by=canary), now=0)
    effects = list(life.observe("two", "built", now=0))
    window, requests, weight = Window(60), 0, 0
    for second in range(1, 600):
        now = second * 1000
        for number in range(weight):
            requests += 1
            window.request(now=now, latency=0.01, failed=version_fails and number % 2 == 0)
        if not life["two"].holds and life["two"].status != "INACTIVE":
            running = {name: life[name].replicas for name in ("one", "two")}
            effects += life.advance(
                "two", now=now, old=running["one"], new=running["two"], requests=requests, window=window
            )
        share = {one.callee.name: one.percent for one in life.routes["environment/production"].shares}
        assert sum(share.values()) == 100  # R3: somebody answers at every moment
        weight = share.get("two", 0)
    return life, effects, requests


def test_r1_a_good_version_takes_over_step_by_step() -> None:
    life, effects, requests = replaced(version_fails=False)
    splits = [effect.weights for effect in effects if effect.kind == "split"]
    assert splits[0] == (siting.Weight(1, 80), siting.Weight(2, 20))
    assert requests >= 50
    assert life["two"].holds == "production"
    (share,) = life.routes["environment/production"].shares
    assert (share.callee.name, share.callee.version, share.percent) == ("two", "v2", 100)


def test_r2_a_bad_version_never_gets_further() -> None:
    life, effects, _ = replaced(version_fails=True)
    assert {max(one.percent for one in effect.weights) for effect in effects if effect.kind == "split"} == {80}
    assert life["one"].holds == "production"
    assert life["one"].replicas == 2
    assert any("check 1 failed" in effect.text for effect in effects)


def test_r1_a_rollout_is_steered_by_commands(small: siting.Workspace) -> None:
    bert = small.life("bert")
    bert.apply(Command.push(from_="bert/v1", promote="production", replicas=1), now=0)
    bert.observe("v1", "built", now=0)
    bert.observe("v1", "ready", now=0)
    bert.apply(Command.update_version("production", "v2", name="two", by=siting.Strategy("blue-green")), now=0)
    bert.observe("two", "built", now=0)
    bert.apply(Command.pause("production"), now=1)
    refused = bert.check(Command.pause("production"), now=1)
    assert refused is not None
    assert "paused already" in refused.reason
    bert.apply(Command.resume("production"), now=2)
    bert.apply(Command.cancel("production"), now=3)
    assert bert["v1"].holds == "production"


def test_r4_a_life_is_scaled_as_its_load_wants(small: siting.Workspace) -> None:
    bert, window = small.life("bert"), Window(60)
    scaling = siting.Scaling(1, 4, target_cpu_utilization=50)
    bert.apply(
        Command.push("v1", name="a", resources=siting.Resources(4, "1Gi"), scaling=scaling, promote="production"),
        now=0,
    )
    bert.observe("a", "built", now=0)
    bert.observe("a", "ready", now=0)
    window.gauge("cpu", 100, now=600_000)
    effects, state = bert.autoscale("a", now=600_000, ready=1, window=window)
    # Replicas that start have a deadline.
    assert [effect.kind for effect in effects] == ["start", "timer"]
    assert bert["a"].replicas == 2  # 100 % of one, to be held at 50 %
    again, _ = bert.autoscale("a", state, now=600_001, ready=1, window=window)
    assert again == ()
    with pytest.raises(siting.Refused, match="no deployment `b`"):
        bert.autoscale("b", now=0, ready=1, window=window)


def test_commands_of_a_wrong_form_are_bad_values(small: siting.Workspace) -> None:
    bert: Any = small.life("bert")
    wrong: list[tuple[Any, str]] = [
        (lambda: Command.push("v1", replicass=3), "did you mean `replicas`"),  # type: ignore[call-arg]
        (lambda: Command.edit("a", bogus=1), "no argument `bogus`"),  # type: ignore[call-arg]
        (lambda: Command("psuh", {}), "did you mean `push`"),
        (lambda: Command("traffic", {"environment": "production", "requestsPerSecond": 1}), "is no command"),
    ]
    for make, said in wrong:
        with pytest.raises(siting.InvalidValue, match=said):
            make()
    with pytest.raises(siting.InvalidValue, match="`replicas` cannot be"):
        bert.apply(Command.push("v1", replicas=-3), now=0)
    with pytest.raises(siting.InvalidValue, match="did you mean `built`"):
        bert.apply(Command.push("v1", name="a"), now=0) and bert.observe("a", "biult", now=1)
    with pytest.raises(ValueError, match="a moment cannot be -1"):
        bert.apply(Command.push("v1"), now=-1)
    with pytest.raises(ValueError, match="no offset"):
        bert.apply(Command.push("v1"), now=datetime(2026, 1, 1))


def test_moments(small: siting.Workspace) -> None:
    bert = small.life("bert")
    bert.apply(Command.push("v1", name="a"), now=datetime(1970, 1, 1, 0, 0, 1, tzinfo=timezone.utc))
    bert.apply(Command.push("v1", name="b"), now=timedelta(seconds=2))
    bert.apply(Command.push("v1", name="c"), now=3000)
    assert [one.created_at for one in bert.deployments] == [1000, 2000, 3000]


def test_l8_late_observations_change_nothing(small: siting.Workspace) -> None:
    bert = small.life("bert")
    bert.apply(Command.push("v1", name="a", from_="bert/v1"), now=0)
    first = bert["a"].generation
    bert.observe("a", "built", now=1)
    before = bert.journal()
    assert bert.observe("a", "failed", now=2, generation=first) == ()
    assert bert.journal() == before


def test_l13_violations_are_told_and_settled(small: siting.Workspace) -> None:
    bert = small.life("bert")
    bert.apply(Command.push(from_="bert/v1", promote="production"), now=0)
    bert.observe("v1", "built", now=1)
    bert.observe("v1", "ready", now=2)
    assert small.violations(now=3) == ()
    (foreseen,) = small.impact(["us"], environment="production", now=3)
    assert (foreseen.deployment, foreseen.remedy, foreseen.places[0].cluster) == ("v1", "move", "paris")
    assert small.violations(now=3) == ()
    small.change_policies(["us"], environment="production")
    assert small.violations(now=3) == (foreseen,)
    (settled,) = small.settle_violations(now=4)
    assert settled.effects
    assert settled.refused is None
    assert {place.cluster for place in bert["v1"].places} == {"paris", "ohio"}


def test_l12_a_life_is_written_down_and_restored(small: siting.Workspace) -> None:
    bert = small.life("bert")
    assert bert.journal() is None
    bert.apply(Command.push("v1", name="a"), now=0)
    written = json.loads(json.dumps(bert.journal()))
    other = small.snapshot().life("bert")
    other.apply(Command.delete("a"), now=1)
    other.restore(written)
    assert other.journal() == bert.journal()
    with pytest.raises(siting.InvalidValue, match="schema version is 99"):
        other.restore({**written, "schemaVersion": 99})
    with pytest.raises(siting.InvalidValue):
        other.restore({"schemaVersion": 1})


def test_l12_a_pickled_workspace_goes_on_living(small: siting.Workspace) -> None:
    bert = small.life("bert")
    bert.apply(Command.push(from_="bert/v1", promote="production"), now=0)
    bert.observe("v1", "built", now=1)
    (taken,) = small.reservations
    back = pickle.loads(pickle.dumps(small))
    assert back.life("bert").journal() == bert.journal()
    assert [(one.cluster, one.taken) for one in back.reservations] == [(taken.cluster, taken.taken)]
    back.life("bert").observe("v1", "ready", now=2)
    assert back.life("bert")["v1"].role == "production"
    back.life("bert").apply(Command.delete_workload(), now=3)
    assert back.reservations == ()
    assert back.place("v1")


def test_i4_a_life_begins_with_what_runs() -> None:
    workspace = siting.Workspace(
        siting.Cluster("c", provider="p", country="fr", pools=four_nodes("1")),
        siting.Deployment("v1", model="m", replicas=2, resources=siting.Resources(4, "1Gi")),
        siting.Running("r", deployment="m/v1", cluster="c", pool="a", replicas=2),
    )
    life = workspace.life("m")
    assert life.adopt(now=0) == ("m-1",)
    assert (life["v1"].status, life["v1"].role, life["v1"].replicas) == ("ACTIVE", "production", 2)
    with pytest.raises(siting.Refused, match="already has a lifecycle"):
        life.adopt(now=1)
    back = pickle.loads(pickle.dumps(workspace))
    assert back.life("m").deployments == life.deployments
    assert len(back.reservations) == len(workspace.reservations) == 1


def test_scenarios_of_the_tour_pass() -> None:
    reports = siting.simulate(ROOT / "docs/tour")
    assert len(reports) >= 9
    for report in reports:
        assert report, [step.differences for step in report.steps if step.differences]


def test_a_scripted_host_tells_what_it_saw_over_time() -> None:
    reports = {report.name: report for report in siting.simulate(ROOT / "docs/tour")}
    report = reports["canary-update-of-a-bad-version"]
    assert report.series is not None
    assert [line.name for line in report.series.deployments] == ["one", "two"]
    # At every moment the shares of all are everything or, before there is a holder, nothing.
    moments = sorted({point.at for line in report.series.deployments for point in line.points})
    for moment in moments:
        past = [[point for point in line.points if point.at <= moment] for line in report.series.deployments]
        assert sum(points[-1].percent for points in past if points) in (0, 100)
    assert {one.deployment: one.failed > 0 for one in report.requests} == {"one": False, "two": True}
    assert report.lost == 0
    assert siting.ScenarioReport.from_json(report.to_json()) == report


def test_a_scenario_that_fails_says_how(small: siting.Workspace) -> None:
    step = {"push": {"name": "one", "version": "v1"}, "expect": {"status": {"one": "ACTIVE"}}}
    scenario = {
        "apiVersion": "siting.dev/v1",
        "kind": "Scenario",
        "metadata": {"name": "story"},
        "spec": {"model": "bert", "steps": [step]},
    }
    (report,) = small.simulate(scenario)
    assert not report
    (difference,) = report.steps[0].differences
    assert (difference.expected, difference.found) == ("ACTIVE", "BUILDING")
    step["psuh"] = {}
    with pytest.raises(siting.LoadError, match="psuh"):
        small.simulate(scenario)


def test_l13_what_runs_by_placements_is_told_too() -> None:
    pools = [siting.Pool("a", nodes=4, cpu=4, memory="16Gi", cpu_flavor="x86")]
    workspace = siting.Workspace(
        siting.Policy("us", locations=["country:us"]),
        siting.Environment("production", policies=["us"]),
        siting.Cluster("paris", provider="onprem", country="fr", pools=pools),
        siting.Cluster("ohio", provider="onprem", country="us", pools=pools),
        siting.Deployment("v1", model="bert", replicas=3, resources=siting.Resources(1, "1Gi")),
        siting.Running("stray", deployment="bert/v1", cluster="paris", pool="a", replicas=2),
        siting.Running("home", deployment="bert/v1", cluster="ohio", pool="a", replicas=1),
    )
    (violation,) = workspace.violations(now=0)
    assert (violation.workload.name, violation.deployment, violation.remedy) == ("bert", "v1", "report")
    assert [(site.cluster, site.replicas) for site in violation.places] == [("paris", 2)]
    (finding,) = [one for one in workspace.check() if one.code == "runs-where-forbidden"]
    assert finding.severity == "error"
    assert finding.message == (
        "2 replicas of deployment `bert/v1` run on `paris`/`a` (cpu x86), which policy `us` (environment) does not"
        " allow"
    )
    assert workspace.settle_violations(now=1) == (violation,)
    # What a change would make of it is told before it is made (P11).
    assert workspace.impact([], environment="production", now=0) == ()
    workspace.change_policies([], environment="production")
    assert workspace.violations(now=0) == ()


def test_l13_check_lists_what_lives_run_where_they_may_not() -> None:
    pools = [siting.Pool("a", nodes=4, cpu=4, memory="16Gi", cpu_flavor="x86")]
    workspace = siting.Workspace(
        siting.Cluster("paris", provider="onprem", country="fr", pools=pools),
        siting.Deployment("v1", model="bert", resources=siting.Resources(1, "1Gi")),
    )
    bert = workspace.life("bert")
    bert.apply(siting.Command.push("v1", name="one", promote="production"), now=0)
    bert.observe("one", "built", now=1)
    bert.observe("one", "ready", now=2)
    assert [one for one in workspace.check() if one.code == "runs-where-forbidden"] == []
    workspace.put(
        siting.Policy("us", locations=["country:us"]), siting.Environment("production", policies=["us"]), now=3
    )
    (finding,) = [one for one in workspace.check() if one.code == "runs-where-forbidden"]
    assert finding.message.startswith("1 replica of deployment `bert/one` runs on `paris`/`a` (cpu x86), which its ")
    assert finding.severity == "error"


def test_l8_a_deleted_deployment_may_still_be_told_of(small: siting.Workspace) -> None:
    bert = small.life("bert")
    bert.apply(Command.push(from_="bert/v1"), now=0)
    bert.observe("v1", "built", now=1000)
    (place,) = bert["v1"].places
    bert.apply(Command.delete("v1"), now=2000)
    assert bert.observe("bert-1", "ready", now=3000) == ()
    assert bert.observe_place("bert-1", place, now=3000, sequence=1, ready=3) == ()
    with pytest.raises(siting.Refused, match="there is no deployment `v1`"):
        bert.observe("v1", "ready", now=3000)


def test_l14_a_misspelt_flavor_is_no_other_place(small: siting.Workspace) -> None:
    bert = small.life("bert")
    bert.apply(Command.push(from_="bert/v1"), now=0)
    bert.observe("v1", "built", now=1000)
    (place,) = bert["v1"].places

    def seen(flavor: str, sequence: int) -> int:
        site = siting.Site(place.cluster, place.pool, flavor, place.replicas)
        bert.observe_place("v1", site, now=2000, sequence=sequence, ready=sequence)
        return bert["v1"].ready

    assert seen("cpu:x86", 1) == 1
    # An alias is the same place.
    assert seen("cpu:amd64", 2) == 2
    with pytest.raises(siting.UnknownName, match="`cpu:x68` is no flavor"):
        seen("cpu:x68", 3)
    with pytest.raises(siting.InvalidValue, match="`x86` is no choice"):
        seen("x86", 3)
