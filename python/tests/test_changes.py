"""A workspace that changes: put, remove, preview, what if, and entries of a shared log."""

from __future__ import annotations

import json

import pytest

import siting
from siting.metrics import Window

FLEET = """
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: only-de}
spec: {type: location, locations: [{type: country, name: de}]}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: a}
spec: {model: m, replicas: 2, resources: {cpu: 4, memory: 1Gi}}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: berlin}
spec: {provider: onprem, country: de, pools: [{name: p, nodes: 2, cpuFlavor: x86, cpu: 4, memory: 64Gi}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: paris}
spec: {provider: onprem, country: fr, pools: [{name: p, nodes: 2, cpuFlavor: x86, cpu: 4, memory: 64Gi}]}
"""


@pytest.fixture
def workspace() -> siting.Workspace:
    return siting.loads(FLEET)


def only(country: str) -> siting.Policy:
    return siting.Policy("only", locations=[f"country:{country}"])


def test_documents_are_put_and_removed_whole_or_not_at_all(workspace: siting.Workspace) -> None:
    assert workspace.put(only("fr"))
    assert not workspace.put(only("fr"))
    assert workspace.revision == 1
    assert "only" in workspace.policies
    workspace.change(siting.Change().attach(only("fr"), environment="production"))
    assert {placement.cluster for placement in workspace.place("a").placements} == {"paris"}
    before = workspace.state()
    with pytest.raises(siting.LoadError) as failed:
        workspace.remove(only("fr"), ("Cluster", "pari"))
    assert [error.code for error in failed.value.errors] == ["unknown-name", "in-use"]
    assert workspace.state() == before
    change = siting.Change().detach("only", environment="production").remove(("Policy", "only"))
    assert workspace.change(change).revision == 3
    assert "only" not in workspace.policies


def test_what_is_wrong_is_told_by_the_path_of_the_field(workspace: siting.Workspace) -> None:
    manifest = {
        "apiVersion": "siting.dev/v1",
        "kind": "Deployment",
        "metadata": {"name": "b"},
        "spec": {"model": "m", "policies": ["only-dd"]},
    }
    with pytest.raises(siting.LoadError) as failed:
        workspace.put(manifest)
    (error,) = failed.value.errors
    assert (error.message, error.path) == ("no policy is called `only-dd`", "spec.policies[0]")


def test_a_preview_tells_who_is_hit_and_changes_nothing(workspace: siting.Workspace) -> None:
    before = workspace.state()
    workspace.life("m")
    change = siting.Change().put(only("it")).attach("only").nodes("berlin", "p", 1)
    preview = workspace.preview(change)
    assert [(hit.deployment, hit.loses, hit.loses_all) for hit in preview.impact] == [("model/m/a", 2, True)]
    assert workspace.state() == before
    then = workspace.what_if(change)
    assert not then.place("a")
    assert workspace.place("a")


def test_nodes_that_go_tell_whose_they_were(workspace: siting.Workspace) -> None:
    made = workspace.reserve("berlin", "p", "cpu:x86", replicas=2, cpu=4)
    changed = workspace.change(siting.Change().nodes("berlin", "p", 1, gone=[0]))
    (displaced,) = changed.displaced
    assert (displaced.reservation, displaced.replicas, displaced.owner) == (made, 1, None)
    again = siting.Workspace.restore(workspace.state())
    assert siting.Workspace.restore(workspace.state_bytes()).state() == workspace.state()
    with pytest.raises(siting.InvalidValue, match="the bytes are damaged"):
        siting.Workspace.restore(workspace.state_bytes()[:-1])
    assert again.state() == workspace.state()
    with pytest.raises(siting.InvalidArgument):
        siting.Change().nodes("berlin", "p", -1)
    with pytest.raises(siting.InvalidArgument):
        siting.Change().attach("only", environment="production", deployment="a")


def test_a_deployment_that_is_not_loaded_is_decided_as_if_it_were(workspace: siting.Workspace) -> None:
    new = siting.Deployment("b", model="m", replicas=4, resources=siting.Resources(4, "1Gi"), policies=["only-de"])
    assert not workspace.place(new)
    assert sum(placement.replicas for placement in workspace.place(new, partial=True).placements) == 2
    assert workspace.explain(new, cluster="paris").allowed is False
    assert workspace.deployments == ("m/a",)
    other = siting.Deployment("a", model="m", replicas=9)
    with pytest.raises(siting.InvalidValue, match="differs"):
        workspace.place(other)


def test_two_planners_share_a_log(workspace: siting.Workspace) -> None:
    here, there = workspace, workspace.snapshot()
    change = siting.Change().cluster("paris", cordoned=True, healthy=False)
    entry = here.prepare(change, key="close-paris", now=5)
    mine = there.prepare(siting.Change().put(only("fr")), key="put", now=3)
    assert entry is not None
    assert mine is not None
    assert json.loads(entry)["revision"] == 0
    for planner in (here, there):
        applied = planner.apply(entry)
        assert applied
        assert applied.revision == 1
        assert planner.apply(entry) is None
    assert here.state() == there.state()
    with pytest.raises(siting.Conflict, match="cluster `paris` moved") as behind:
        there.apply(mine)
    assert behind.value.code == "behind"
    rebased = there.rebase(mine)
    for planner in (here, there):
        assert planner.apply(rebased)
    assert here.state() == there.state()
    assert here.prepare(change, key="again") is None
    with pytest.raises(siting.InvalidValue):
        here.apply("{}")
    with pytest.raises(siting.Conflict):
        here.apply(mine.replace('"fr"', '"de"'))


def test_lives_are_shared_by_the_log(workspace: siting.Workspace) -> None:
    """W3, W7: commands and what is seen are parts of changes; what should be follows wherever they are applied."""
    here, there = workspace, workspace.snapshot()

    def shared(change: siting.Change, now: int) -> None:
        entry = here.prepare(change, key=str(now), now=now)
        assert entry is not None
        assert here.apply(entry)
        assert there.apply(entry)

    push = siting.Command.push("v1", from_="m/a", name="one", promote="production")
    shared(siting.Change().put(only("fr")).attach("only", environment="production").command("m", push), 0)
    (desired,) = there.desired
    (one,) = desired.deployments
    assert (one.id, one.build, one.awaits, desired.routes) == ("m-1", True, "built", ())
    # Names mean what they mean after the steps before.
    named = siting.Change().command("m", siting.Command.rename("one", "uno")).observe("m", "uno", "built")
    shared(named, 1)
    (one,) = there.desired[0].deployments
    (place,) = one.places
    assert (one.name, one.build, one.awaits, place.cluster, place.replicas) == ("uno", False, "ready", "paris", 2)
    shared(siting.Change().observe_place("m", "uno", place, sequence=1, ready=2, generation=one.generation), 2)
    routes = {route.endpoint: route.shares for route in there.desired[0].routes}
    assert routes["environment/production"] == (siting.DesiredShare("m-1", 100),)
    assert here.state() == there.state()
    with pytest.raises(siting.LoadError, match=r"already its holder|holds production|\(L"):
        here.prepare(siting.Change().command("m", siting.Command.promote("uno", "production")), key="no", now=3)
    with pytest.raises(siting.Refused, match="there is no deployment `two`"):
        here.prepare(siting.Change().observe("m", "two", "ready"), key="no", now=3)
    with pytest.raises(siting.InvalidArgument, match="buildt"):
        siting.Change().observe("m", "uno", "buildt")  # type: ignore[arg-type]
    with pytest.raises(siting.InvalidArgument, match="`ready` cannot be -1"):
        siting.Change().observe_place("m", "uno", place, sequence=1, ready=-1)
    policies = siting.Command.set_policies("production", [])
    with pytest.raises(siting.InvalidValue, match="policies are no command"):
        here.preview(siting.Change().command("m", policies))


def test_a_rollout_goes_on_by_the_log(workspace: siting.Workspace) -> None:
    """W3, R1: what a window saw is in the entry, so whoever applies it comes to the same."""
    here, there = workspace, workspace.snapshot()

    def shared(change: siting.Change, now: int) -> None:
        entry = here.prepare(change, key=str(now), now=now)
        assert entry is not None
        assert here.apply(entry)
        assert there.apply(entry)

    canary = siting.Strategy("canary", steps=[siting.CanaryStep(50, soak_seconds=10, min_requests=1)])
    shared(siting.Change().command("m", siting.Command.push("v1", from_="m/a", promote="production")), 0)
    shared(siting.Change().observe("m", "a", "built"), 1)
    shared(siting.Change().observe("m", "a", "ready"), 2)
    update = siting.Command.update_version("production", "v2", name="two", by=canary)
    shared(siting.Change().command("m", update), 3)
    shared(siting.Change().observe("m", "two", "built"), 4)
    shared(siting.Change().observe("m", "two", "ready"), 5)
    window = Window(60)
    window.request(now=10_000, latency=0.01)
    shared(siting.Change().advance("m", "two", now=10_000, old=2, new=1, requests=1, window=window), 10_000)
    shares = {share.callee.name: share.percent for share in there.life("m").routes["environment/production"].shares}
    assert shares == {"a": 50, "two": 50}
    assert here.state() == there.state()


def test_time_jumps_where_that_is_said(workspace: siting.Workspace) -> None:
    workspace.put(only("fr"), now=0)
    with pytest.raises(siting.LoadError, match="48 hours later"):
        workspace.put(only("de"), now=48 * 3_600_000)
    assert workspace.change(siting.Change().put(only("de")).later(), now=48 * 3_600_000)


def test_two_documents_of_one_name_keep_their_places(workspace: siting.Workspace) -> None:
    def deployment(policy: str, environment: str) -> dict[str, object]:
        return {
            "apiVersion": "siting.dev/v1",
            "kind": "Deployment",
            "metadata": {"name": "b"},
            "spec": {"model": "m", "environment": environment, "policies": [policy]},
        }

    change = siting.Change().put(deployment("only-de", "production")).put(deployment("only-dd", "production"))
    with pytest.raises(siting.LoadError) as failed:
        workspace.change(change)
    told = {(error.message, error.path) for error in failed.value.errors}
    assert ("no policy is called `only-dd`", "spec.policies[0]") in told
    assert all(error.line is None for error in failed.value.errors)


def test_what_is_no_entry_is_not_called_a_state(workspace: siting.Workspace) -> None:
    for call in (workspace.apply, workspace.rebase):
        with pytest.raises(siting.InvalidValue, match="not an entry of a log: missing field") as caught:
            call("{}")
        assert caught.value.path == "entry"
    with pytest.raises(siting.InvalidValue, match="the entry is of version 7"):
        workspace.apply('{"version": 7}')


def test_a_lost_cluster_is_relieved() -> None:
    """W9: what is on a lost cluster is not ready, is listed, and others start elsewhere after the grace."""
    pool = "[{name: p, nodes: 2, cpuFlavor: x86, cpu: 8, memory: 32Gi}]"
    spec = "spec: {provider: onprem, country: %s, pools: %s}\n"
    cluster = "apiVersion: siting.dev/v1\nkind: Cluster\nmetadata: {name: %s}\n" + spec
    fleet = siting.loads(
        "---\n".join([cluster % ("berlin", "de", pool), cluster % ("paris", "fr", pool)])
        + "---\napiVersion: siting.dev/v1\nkind: Environment\nmetadata: {name: production}\nspec: {graceSeconds: 60}\n"
    )
    bert = fleet.life("bert")
    bert.apply(siting.Command.push("v1", name="one", resources=siting.Resources(cpu=4, memory="1Gi")), now=0)
    bert.observe("one", "built", now=1)
    bert.observe("one", "ready", now=2)
    where = bert["one"].places[0].cluster
    lost = fleet.change(siting.Change().cluster(where, healthy=False), now=1000)
    assert lost.effects
    (loss,) = fleet.losses(now=2000)
    assert (loss.relief, loss.until, loss.since) == ("until", 61_000, 1000)
    (loss,) = fleet.settle_losses(now=61_000)
    assert loss.relief == "move"
    assert loss.effects
    bert.observe("one", "ready", now=61_001)
    assert [place.cluster for place in bert["one"].places] == [{"berlin": "paris", "paris": "berlin"}[where]]
    assert fleet.losses(now=61_002) == ()
    assert fleet.jump_to(61_000 + 2 * 24 * 3_600_000)
    assert not fleet.jump_to(61_000)


def test_losses_and_violations_are_settled_through_a_log() -> None:
    """W3, W9, L13: what settles them is prepared here, and comes to the same there; nodes that go are lost as well."""
    pool = "[{name: p, nodes: 3, cpuFlavor: x86, cpu: 8, memory: 32Gi}]"
    spec = "spec: {provider: onprem, country: %s, pools: %s}\n"
    cluster = "apiVersion: siting.dev/v1\nkind: Cluster\nmetadata: {name: %s}\n" + spec
    here = siting.loads("---\n".join([cluster % ("berlin", "de", pool), cluster % ("paris", "fr", pool)]))
    there = here.snapshot()

    def both(now: int, change: siting.Change) -> None:
        entry = here.prepare(change, key=f"key-{now}", now=now)
        assert entry is not None
        for workspace in (here, there):
            assert workspace.apply(entry)
        assert here.state() == there.state()

    push = siting.Command.push("v1", name="one", replicas=2, resources=siting.Resources(cpu=8, memory="1Gi"))
    both(0, siting.Change().command("bert", push))
    both(1, siting.Change().observe("bert", "one", "built"))
    both(2, siting.Change().observe("bert", "one", "ready"))
    (place,) = here.life("bert")["one"].places
    both(1000, siting.Change().nodes(place.cluster, "p", 1))
    (loss,) = here.losses(now=2000)
    assert (loss.relief, loss.action, loss.since) == ("until", None, 1000)
    assert loss.places[0].replicas == 1
    assert here.prepare(siting.Change().settle(loss), key="early", now=2000) is None
    (loss,) = here.losses(now=301_000)
    assert (loss.relief, loss.action) == ("move", "replace")
    both(301_000, siting.Change().settle(loss))
    both(301_001, siting.Change().observe("bert", "one", "ready"))
    assert here.losses(now=301_001) == ()
    assert sorted(one.replicas for one in here.life("bert")["one"].places) == [1, 1]
    country = {"berlin": "fr", "paris": "de"}[place.cluster]
    only = siting.Policy("only", locations=[f"country:{country}"])
    both(301_002, siting.Change().put(only).attach("only", environment="production"))
    (violation,) = here.violations(now=301_002)
    assert violation.remedy == "move"
    both(301_003, siting.Change().settle(violation))
    both(301_004, siting.Change().observe("bert", "one", "ready"))
    assert {one.cluster for one in here.life("bert")["one"].places} != {place.cluster}
    assert here.violations(now=301_004) == ()


def test_a_key_is_that_of_one_change() -> None:
    """W3."""
    fleet = siting.loads(FLEET)
    entry = fleet.prepare(siting.Change().cluster("berlin", cordoned=True), key="one", now=0)
    assert entry is not None
    fleet.apply(entry)
    for cordoned, code in ((True, "already-applied"), (False, "key-used")):
        with pytest.raises(siting.Conflict) as caught:
            fleet.prepare(siting.Change().cluster("berlin", cordoned=cordoned), key="one", now=0)
        assert caught.value.code == code


def test_who_uses_what_is_removed_is_told() -> None:
    """W2."""
    fleet = siting.loads(FLEET)
    fleet.change(siting.Change().attach("only-de", deployment="m/a"))
    with pytest.raises(siting.LoadError) as caught:
        fleet.change(siting.Change().remove(("Policy", "only-de")))
    (error,) = caught.value.errors
    assert (error.code, error.message) == ("in-use", "policy `only-de` is attached to deployment `m/a`")
