"""Placing many deployments with several workers: partitions propose on one snapshot, one reducer commits in order.

Where two proposals want the same room, the one that comes first in the order of deciding has it, and the other goes
round again on what is left. Nothing is overbooked, since every commit is checked; the result does not depend on how the
deployments were shared between workers, nor on who answered first. Where there is room for all, it is what
:meth:`siting.Workspace.place_all` decides, as long as no preference looks at what is in use.

>>> from siting import rounds
>>> decisions = rounds.commit_in_rounds(workspace, rounds.here)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from siting._arguments import checked
from siting._decision import Decision
from siting._errors import Conflict, InvalidArgument, InvalidValue, shown
from siting._workspace import Workspace

__all__ = ["Propose", "commit_in_rounds", "here", "parts"]

Propose: TypeAlias = Callable[[Workspace, Sequence[str]], Iterable[Decision]]
"""What asks workers: a snapshot and addresses to a decision about each, in any order.

A worker calls ``snapshot.place_each(part)``. Snapshots and decisions can be pickled."""


def here(snapshot: Workspace, addresses: Sequence[str]) -> Iterable[Decision]:
    """Propose in this process."""
    return snapshot.place_each(addresses)


@checked
def parts(addresses: Sequence[str], count: int) -> list[list[str]]:
    """Share addresses between so many workers, as evenly as can be; a part is empty where there are too few."""
    if count < 1:
        message = f"`count` cannot be {count}"
        raise InvalidArgument(message, code="out-of-range", help="share between one worker or more", path="count")
    return [list(addresses[worker::count]) for worker in range(count)]


def commit_in_rounds(workspace: Workspace, propose: Propose) -> tuple[Decision, ...]:
    """Place all deployments of a workspace and reserve what is placed; returns the decisions in the order of deciding.

    ``workspace`` holds the reservations afterwards: give a :meth:`siting.Workspace.snapshot` where they are not wanted.
    There are at most as many rounds as deployments, since the first proposal of each is always committed or refused.

    Raises :class:`siting.InvalidValue` where ``propose`` leaves out a deployment, or answers for another.
    """
    order = list(workspace.deployments)
    made: dict[str, Decision] = {}
    pending = order
    while pending:
        proposed = _by_address(propose(workspace.snapshot(), tuple(pending)), pending)
        lost: list[str] = []
        why: Conflict | None = None
        for address in pending:
            decision = proposed[address]
            try:
                # What has no room on the snapshot has none on what is left of it.
                if decision.verdict != "refused":
                    workspace.commit(decision)
                made[address] = decision
            except Conflict as conflict:
                lost.append(address)
                why = why or conflict
        if why is not None and len(lost) == len(pending):
            # Nobody took anything, so that the next round would end the same.
            raise why
        pending = lost
    return tuple(made[address] for address in order)


def _by_address(proposed: Iterable[Decision], asked: Sequence[str]) -> dict[str, Decision]:
    found = {decision.address: decision for decision in proposed}
    for address in asked:
        if address not in found:
            help = "answer each address with the decision about it"
            raise InvalidValue(f"nothing is proposed for `{shown(address)}`", code="missing", help=help)
    if len(found) > len(asked):
        help = "answer the addresses that were asked for, and no others"
        raise InvalidValue("there are proposals for deployments that were not asked for", code="unasked", help=help)
    return found
