"""Rollouts: each strategy with a good version and with a bad one."""

from __future__ import annotations

import copy
import pickle
from typing import Literal

import pytest

import siting
from siting.metrics import Window
from siting.rollout import (
    Action,
    BlueGreen,
    Canary,
    Check,
    Group,
    Rolling,
    Rollout,
    Step,
    Strategy,
    Threshold,
    fewest,
    peak,
)

ERRORS = Check("error-rate", success=Threshold("at-most", 5), interval=10, min_requests=10)


class Host:
    """A host whose replicas are ready at once, and whose new version fails some of its requests."""

    def __init__(self, strategy: Strategy, *, replicas: int, failing: float) -> None:
        self.rollout = Rollout(strategy, checks=[ERRORS], now=0)
        self.strategy, self.desired, self.failing = strategy, replicas, failing
        self.old, self.new, self.weight, self.requests = replicas, 0, 0, 0
        self.window = Window(60)
        self.actions: list[Action] = []

    def run(self, seconds: int) -> str:
        for second in range(seconds):
            now = second * 1000
            for number in range(self.weight // 5):
                self.requests += 1
                self.window.request(now=now, latency=0.01, failed=number < self.failing * (self.weight // 5))
            actions = self.rollout.step(
                now=now,
                desired=self.desired,
                old=Group(self.old, self.old),
                new=Group(self.new, self.new),
                window=self.window,
                requests=self.requests,
            )
            self.actions += actions
            for action in actions:
                if action.kind == "scale-old":
                    self.old = action.value
                elif action.kind == "scale-new":
                    self.new = action.value
                elif action.kind == "route":
                    self.weight = action.value
                elif action.kind == "done":
                    return str(action.value)
            assert self.old + self.new <= peak(self.strategy, self.desired)
            assert self.old + self.new >= fewest(self.strategy, self.desired)
            assert self.weight == 0 or self.new > 0  # R3
            assert self.weight == 100 or self.old > 0
        return "under way"


STRATEGIES: list[Strategy] = [
    Rolling(max_surge=1, max_unavailable=0),
    BlueGreen(bake=5, rollback_window=60),
    Canary((Step(20, soak=30, requests=50), Step(60, soak=30, requests=50))),
    Canary((Step(50, soak=30, requests=50),), by_replicas=Rolling("50%", 0)),
]


@pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)
def test_r1_a_good_version_takes_over(strategy: Strategy) -> None:
    host = Host(strategy, replicas=4, failing=0)
    assert host.run(1000) == "completed"
    assert (host.new, host.weight) == (4, 100)  # what becomes of the old one is for lifecycles to say (L5)


@pytest.mark.parametrize("strategy", STRATEGIES[1:], ids=repr)
def test_r2_a_bad_version_is_rolled_back(strategy: Strategy) -> None:
    host = Host(strategy, replicas=4, failing=0.5)
    assert "rolled-back" in host.run(1000)
    assert (host.old, host.new, host.weight) == (4, 0, 0)
    assert "reverting" in [action.kind for action in host.actions]


def test_r1_rollouts_can_be_steered() -> None:
    rollout = Rollout(Canary(), now=0)
    rollout.pause()
    assert rollout.standing.paused == "by-hand"
    with pytest.raises(siting.Refused, match="paused already") as caught:
        rollout.pause()
    assert caught.value.rule == "R1"
    rollout.resume(now=1)
    rollout.cancel(now=2)
    assert "reverting" in repr(rollout)
    with pytest.raises(siting.Refused):
        rollout.roll_back(now=3)
    rollout.force_forward(now=4)
    assert rollout.standing.phase == "advancing"


def test_l12_a_rollout_is_written_down_and_goes_on() -> None:
    host = Host(STRATEGIES[2], replicas=4, failing=0)
    host.run(5)
    for same in (pickle.loads(pickle.dumps(host.rollout)), copy.copy(host.rollout), copy.deepcopy(host.rollout)):
        assert same.standing == host.rollout.standing
        before = host.rollout.standing
        same.cancel(now=6000)
        assert same.standing != before
        assert host.rollout.standing == before  # each goes on by itself


def test_r1_bounds_are_known_before() -> None:
    # Kubernetes: surge rounds up, unavailable down.
    assert (peak(Rolling(), 10), fewest(Rolling(), 10)) == (13, 8)
    assert (peak(BlueGreen(), 10), fewest(BlueGreen(), 10)) == (20, 10)


def test_bad_values_are_told() -> None:
    bad: list[tuple[Strategy, str]] = [
        (Rolling(max_surge="a quarter"), "is no number of replicas"),
        (Rolling(max_surge=-1), "is no number of replicas"),
        (Canary((Step(50), Step(20))), "ascend"),
        (Canary((Step(0),)), "ascend"),
    ]
    for strategy, said in bad:
        with pytest.raises(siting.InvalidValue, match=said):
            peak(strategy, 1)
    with pytest.raises(siting.InvalidValue, match="neither"):
        Rollout(Rolling(), checks=[Check("error-rate")], now=0)


def test_l17_where_nobody_comes_to_judge_by_it_waits_or_goes_on() -> None:
    def run(when_idle: Literal["wait", "proceed"]) -> tuple[str, bool]:
        canary = Canary((Step(50, soak=60, requests=100),))
        rollout = Rollout(canary, now=0, when_idle=when_idle)
        told, new, old = [], 0, 2
        for second in range(0, 3600, 10):
            actions = rollout.step(now=second * 1000, desired=2, old=Group(old, old), new=Group(new, new))
            for action in actions:
                new = action.value if action.kind == "scale-new" else new
                old = action.value if action.kind == "scale-old" else old
            told += [action.value for action in actions if action.kind == "idle"]
        return str(rollout.standing.phase), when_idle in told

    assert run("wait") == ("advancing", True)
    phase, told = run("proceed")
    assert told
    assert "completed" in phase
    with pytest.raises(siting.InvalidArgument, match="when_idle"):
        Rollout(Rolling(), now=0, when_idle="never")  # type: ignore[arg-type]
