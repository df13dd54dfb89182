"""Metrics, autoscaling, balancing, offloading: numbers from the rules and from the originals' own cases."""

from __future__ import annotations

import copy
import itertools
import json
import pickle
from collections.abc import Iterator
from decimal import Decimal

import pytest
from conftest import ROOT

import siting
from siting.metrics import MetricSpec, Window
from siting.scaling import Autoscaler, Figures, Limit, Replica, Requests, RequestTarget, Rules, Sample, State
from siting.traffic import Backend, Balancer, Checks, NoRoute, Offloading, Remote, Sessions

CPU = MetricSpec("resource", "cpu", target="utilization", value=50)


def test_r2_windows_count_and_merge() -> None:
    one, other = Window(60, slots=6), Window(60, slots=6)
    for second in range(10):
        one.request(now=second * 1000, latency=0.1, failed=second == 0)
        other.request(now=second * 1000, latency=0.3)
    one.gauge("cpu", "50.5", now=9000)
    one.gauge("queue-length", 7, now=9000)
    one.merge(other)
    summary = one.summary(now=9999)
    assert (summary.requests, summary.errors, summary.replicas) == (20, 1, 2)
    assert summary.over_millis == 10_000
    assert (summary.request_rate, summary.error_rate) == (Decimal(2), Decimal(5))
    assert summary.gauges == {"cpu": Decimal("50.5"), "queue-length": Decimal(7)}
    assert summary.latency_p50 is not None
    assert abs(summary.latency_p50 - 100) < 2
    assert summary.latency_p99 is not None
    assert abs(summary.latency_p99 - 300) < 5
    assert pickle.loads(pickle.dumps(summary)) == summary
    assert one.summary(now=80_000).requests == 0
    alike = copy.copy(other)
    alike.request(now=10_000, latency=1)
    assert other.summary(now=10_000).requests + 1 == alike.summary(now=10_000).requests
    with pytest.raises(siting.InvalidValue, match="cut"):
        one.merge(Window(60, slots=3))
    with pytest.raises(siting.InvalidValue):
        Window(1, slots=7)


def replica(used: str) -> Replica:
    return Replica(Sample(used, at=3_600_000), requested=1, started=0, ready=(True, 0))


def test_r4_cpu_is_held_as_kubernetes_does() -> None:
    scaler = Autoscaler(1, 10, metrics=[CPU])
    figures = [Figures((replica("0.9"), replica("0.7")))]
    decision, state = scaler.decide(now=3_600_000, current=2, figures=figures)
    assert (decision.replicas, decision.proposed, decision.silent) == (4, 4, ())  # 80 % of two, at 50 %: 3.2
    # Fewer are wanted only after the window of 300 s.
    calm = [Figures((replica("0.1"),) * 4)]
    decision, state = scaler.decide(state, now=3_660_000, current=4, figures=calm)
    assert (decision.proposed, decision.replicas) == (1, 4)
    decision, _ = scaler.decide(pickle.loads(pickle.dumps(state)), now=3_960_001, current=4, figures=calm)
    assert decision.replicas < 4


def test_r4_bounds_and_rates() -> None:
    slow = Rules(limits=(Limit("replicas", 1, period=60),))
    scaler = Autoscaler(1, 10, metrics=[CPU], up=slow)
    figures = [Figures((replica("2"),))]
    assert scaler.decide(now=3_600_000, current=1, figures=figures)[0].replicas == 2
    assert Autoscaler(1, 3, metrics=[CPU]).decide(now=3_600_000, current=1, figures=figures)[0].replicas == 3
    with pytest.raises(siting.InvalidValue, match="at least 3"):
        Autoscaler(3, 2)


def test_r4_requests_are_held_as_knative_does() -> None:
    scaler = Autoscaler(0, 100, requests=RequestTarget(target=10, capacity=10))
    seen = Requests(ready=5, stable=100, panic=100)
    decision, _ = scaler.decide(now=1000, current=5, requests=seen)
    assert decision.replicas == 10
    assert scaler.decide(now=1000, current=5)[0].silent[0]["reason"] == "nothing was measured of the requests"


def test_r4_settings_of_other_platforms() -> None:
    scaler = Autoscaler.baseten(max_replica=5, concurrency_target=8, target_in_flight_tokens=4096)
    assert scaler.bounds == (0, 5)
    assert list(scaler.unsaid) == ["target_in_flight_tokens"]
    assert Autoscaler.beamlit(metric="rps", target="50").bounds == (0, 10)
    with pytest.raises(siting.InvalidValue, match="autoscaling_window"):
        Autoscaler.baseten(autoscaling_window=5)
    with pytest.raises(siting.InvalidValue, match="unknown field"):
        Autoscaler.baseten(max_replicas=5)
    assert pickle.loads(pickle.dumps(scaler)) == scaler
    assert "concurrency_target=8" in repr(scaler)


def picks(balancer: Balancer, count: int) -> str:
    return "".join("abc"[balancer.pick(now=0)] for _ in range(count))


def test_r5_round_robin_turns_as_nginx_does() -> None:
    for weights, turns in [((5, 1, 1), "aabacaa"), ((1, 1, 1), "abcabc"), ((2, 1), "abaaba")]:
        backends = [Backend(id, "10.0.0.1", 80, weight=weight) for id, weight in enumerate(weights)]
        assert picks(Balancer("round-robin", backends), len(turns)) == turns


def test_r5_consistent_hashing_answers_as_nginx_does() -> None:
    cases = json.loads((ROOT / "tests/vectors/consistent_hash.json").read_text())
    balancer = Balancer("consistent-hash", [Backend(host, f"10.0.0.{host}", 443, weight=100) for host in range(1, 10)])
    assert len(cases) > 10
    for key, server in cases:
        assert f"10.0.0.{balancer.pick(now=0, key=key.encode())}:443" == server


def test_r5_least_connections_and_health() -> None:
    balancer = Balancer(
        "least-connections", [Backend(0, "a", 1), Backend(1, "b", 1)], checks=Checks(fail_percent=50, fail_requests=1)
    )
    assert {balancer.pick(now=0), balancer.pick(now=0)} == {0, 1}
    balancer.finished(1, now=1)
    assert balancer.connections == {0: 1, 1: 0}
    assert balancer.pick(now=2) == 1
    balancer.finished(1, now=3, failed=True)
    assert balancer.pick(now=4) == 0
    for _ in range(3):
        balancer.checked(0, passed=False)
    with pytest.raises(NoRoute, match="no ready replica is healthy") as caught:
        balancer.pick(now=5)
    assert caught.value.code == "unhealthy"
    balancer.update(0, allowed=False)
    with pytest.raises(siting.UnknownName):
        balancer.update(7, ready=True)
    with pytest.raises(siting.InvalidValue, match="no IP address"):
        balancer.pick(now=0, address="10.0.0")
    with pytest.raises(siting.InvalidValue, match="`algorithm` cannot be"):
        Balancer("random", [])  # type: ignore[arg-type]
    balancer.replace([])
    with pytest.raises(NoRoute) as caught:
        balancer.pick(now=0)
    assert caught.value.code == "wake-first"


def test_r5_sessions_stick_and_expire() -> None:
    balancer = Balancer("round-robin", [Backend(0, "a", 1), Backend(1, "b", 1, version=1)])
    sessions = Sessions(60)
    first = sessions.pick(balancer, "ann", now=0, random=0, split={0: 50, 1: 50})
    assert first == (0, "new")
    assert sessions.pick(balancer, "ann", now=1000, random=99, split={0: 50, 1: 50}) == (0, "kept")
    assert sessions.pick(balancer, "ann", now=2000, random=0, split={0: 0, 1: 100}) == (1, "anew")
    assert len(sessions) == 1
    sessions.expire(now=100_000)
    assert len(sessions) == 0
    with pytest.raises(siting.InvalidValue, match="100"):
        sessions.pick(balancer, "ann", now=0, random=0, split={0: 50})


def test_r4_a_state_that_begins_keeps_what_runs() -> None:
    autoscaler = Autoscaler.baseten(min_replica=0, max_replica=5)
    idle = Requests(ready=4, stable=0, panic=0)
    kept, _ = autoscaler.decide(State.beginning(now=0, replicas=4), now=899_000, current=4, requests=idle)
    gone, _ = autoscaler.decide(State.beginning(now=0, replicas=4), now=900_000, current=4, requests=idle)
    assert kept.replicas == 4
    assert gone.replicas < 4


def test_r5_weights_are_bounded() -> None:
    Balancer("consistent-hash", [Backend(0, "a", 1, weight=1_000_000)])
    with pytest.raises(siting.InvalidValue, match="at most 1000000"):
        Balancer("consistent-hash", [Backend(0, "a", 1, weight=1_000_001)])


def test_r6_offloading() -> None:
    offloading = Offloading(30, window=10)
    remotes = [Remote(7, healthy=False), Remote(8)]
    calm, state = offloading.step(now=0, loads=[1000], local_ready=True, remotes=remotes)
    assert (calm.local, calm.remote) == (100, None)
    loaded, state = offloading.step(state, now=10_000, loads=[1100], local_ready=True, remotes=remotes)
    assert (loaded.local, loaded.remote, loaded.remote_share, loaded.why) == (70, 8, 30, "loaded")
    assert loaded.choose(69) == "local"
    assert loaded.choose(70) == 8
    down, state = offloading.step(state, now=11_000, loads=[None], local_ready=False, remotes=remotes)
    assert (down.local, down.remote, down.remote_share) == (0, 8, 100)
    nowhere, _ = offloading.step(state, now=12_000, loads=[None], local_ready=False, remotes=[Remote(7, allowed=False)])
    assert nowhere.choose(5) is None
    with pytest.raises(siting.InvalidValue):
        Offloading(101).step(now=0, loads=[], local_ready=True)


def test_r5_two_backends_of_one_number_are_refused() -> None:
    with pytest.raises(siting.InvalidValue, match="there are two backends 1") as caught:
        Balancer("round-robin", [Backend(1, "a", 1), Backend(1, "b", 1)])
    assert caught.value.help == "give each backend a number of its own"


def test_r5_what_can_be_gone_through_once_is_read_once() -> None:
    balancer = Balancer("round-robin", [Backend(0, "a", 1), Backend(1, "b", 1), Backend(2, "c", 1)])
    # The native half does not take decimals, so the arguments are read a second time.
    assert balancer.pick(now=0, tried=iter([Decimal(0), Decimal(1)])) == 2  # type: ignore[arg-type]

    def broken() -> Iterator[int]:
        yield 0
        raise ValueError("the caller's own")

    with pytest.raises(ValueError, match="the caller's own") as caught:
        balancer.pick(now=0, tried=broken())
    assert not isinstance(caught.value, siting.SitingError)
    with pytest.raises(siting.InvalidArgument, match="more than 2000000 items"):
        balancer.pick(now=0, tried=itertools.repeat(0))


def test_r5_no_split_is_not_an_empty_one() -> None:
    balancer = Balancer("round-robin", [Backend(0, "a", 1)])
    sessions = Sessions(60)
    assert sessions.pick(balancer, "ann", now=0, random=0) == (0, "new")
    with pytest.raises(siting.InvalidValue, match="100"):
        sessions.pick(balancer, "bob", now=0, random=0, split={})


def test_r7_no_backend_of_a_version_is_told_as_such() -> None:
    balancer = Balancer("round-robin", [Backend(0, "a", 1)])
    with pytest.raises(NoRoute, match="there is no replica of what is asked for: wake it first"):
        balancer.pick(now=0, version=7)
