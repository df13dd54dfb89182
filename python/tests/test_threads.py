"""Snapshots from many threads at once, and a module that does not need the interpreter's lock."""

from __future__ import annotations

import sys
import sysconfig
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import siting


def test_many_threads_get_the_same_decisions(tour: siting.Workspace) -> None:
    expected = list(tour.place_all(independent=True))

    def decide(_: int) -> list[siting.Decision]:
        return list(tour.place_all(independent=True))

    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(decide, range(16)):
            assert found == expected


def test_racing_commits_never_overbook(small: siting.Workspace) -> None:
    barrier = threading.Barrier(8)

    def take(_: int) -> bool:
        barrier.wait()
        decision = small.place("v1")
        try:
            small.commit(decision)
        except siting.Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(take, range(8)))
    assert sum(taken) == 1  # four nodes of four cores hold three replicas once
    assert len(small.reservations) == 1


def test_other_threads_run_while_a_batch_is_decided(tour: siting.Workspace) -> None:
    ended = threading.Event()
    counted = 0

    def count() -> None:
        nonlocal counted
        while not ended.is_set():
            counted += 1

    counter = threading.Thread(target=count)
    counter.start()
    while counted == 0:
        pass
    before = counted
    for _ in range(20):
        tour.place_all(optimize=2000)
    ended.set()
    counter.join()
    assert counted > before


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this interpreter has a lock")
def test_the_lock_stays_off() -> None:
    assert not sys._is_gil_enabled()  # type: ignore[attr-defined,unused-ignore]
