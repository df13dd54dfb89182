"""Laws that every decider keeps: this package, and platforms that decide for themselves.

A law takes the platform's own ``decide``: of a world and a deployment in it the spots where one replica could run.
It raises :class:`BrokenLaw` where it does not hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import siting

if TYPE_CHECKING:
    from siting.testing._lives import Sequence
    from siting.testing._worlds import World

Spot: TypeAlias = "tuple[str, str, str]"
"""Cluster, pool and flavor, such as ``gpu:t4``; pools of a cluster's short form are named like ``gpu-t4``."""
Decide: TypeAlias = "Callable[[World, siting.Deployment], Iterable[Spot]]"
"""Whoever decides: of a world and a deployment in it, everywhere that one replica could run if it were empty."""


class BrokenLaw(AssertionError):
    """A law that does not hold; :attr:`law` is the name of the function that checks it."""

    def __init__(self, law: str, told: str) -> None:
        super().__init__(f"{law}: {told}")
        self.law = law


def candidates(world: World, deployment: siting.Deployment) -> set[Spot]:
    """Decide as this package does."""
    decision = world.workspace().place(f"{deployment.workload_type}/{deployment.address}")
    return {(one.cluster, one.pool, str(one.flavor)) for one in decision.candidates}


def check_laws(decide: Decide, world: World) -> None:
    """Hold a platform to every law of policies, for every deployment of a world."""
    for law in (
        is_deterministic,
        stays_inside,
        never_widens,
        tighter_policies_add_nothing,
        order_does_not_matter,
        duplicates_do_not_matter,
        targets_isolate,
    ):
        law(decide, world)


def is_deterministic(decide: Decide, world: World) -> None:
    """Equal questions get equal answers (D4)."""
    for deployment in world.deployments:
        once, again = set(decide(world, deployment)), set(decide(world, deployment))
        _hold(once == again, "is_deterministic", deployment, once ^ again)


def stays_inside(decide: Decide, world: World) -> None:
    """No candidate is outside what the policies of all levels allow (D9)."""
    for deployment in world.deployments:
        outside = set(decide(world, deployment)) - candidates(world, deployment)
        _hold(not outside, "stays_inside", deployment, outside)


def never_widens(decide: Decide, world: World) -> None:
    """No level allows what the others do not: without it there are at least the same candidates (P5).

    What a level requires is left aside: taking its policies away may leave that unmet.
    """
    free = _without_requirements(world)
    for deployment in free.deployments:
        with_all = set(decide(free, deployment))
        for fewer, same in _without_levels(free, deployment):
            added = with_all - set(decide(fewer, same))
            _hold(not added, "never_widens", deployment, added)


def tighter_policies_add_nothing(decide: Decide, world: World) -> None:
    """A policy that allows one option less adds no candidate."""
    for index, policy in enumerate(world.policies):
        _, options = _options(policy)
        if len(options) < 2:
            continue
        try:
            tighter = _policy(policy, options[:-1], policy.except_)
            narrowed = world.with_policies([*world.policies[:index], tighter, *world.policies[index + 1 :]])
            narrowed.workspace()
        except ValueError:
            # Its exceptions take out all that is left: no policy at all.
            continue
        for deployment in world.deployments:
            added = set(decide(narrowed, deployment)) - set(decide(world, deployment))
            _hold(not added, "tighter_policies_add_nothing", deployment, added)


def order_does_not_matter(decide: Decide, world: World) -> None:
    """Documents and attachments mean the same in any order (D4)."""
    turned = replace(
        world,
        policies=world.policies[::-1],
        environments=tuple(_turned(one) for one in world.environments[::-1]),
        clusters=world.clusters[::-1],
    )
    for deployment in world.deployments:
        differing = set(decide(world, deployment)) ^ set(decide(turned, deployment))
        _hold(not differing, "order_does_not_matter", deployment, differing)


def duplicates_do_not_matter(decide: Decide, world: World) -> None:
    """An option that is repeated changes nothing (P1)."""
    repeated = world.with_policies(_repeated(policy) for policy in world.policies)
    for deployment in world.deployments:
        differing = set(decide(world, deployment)) ^ set(decide(repeated, deployment))
        _hold(not differing, "duplicates_do_not_matter", deployment, differing)


def targets_isolate(decide: Decide, world: World) -> None:
    """A policy whose targets leave a workload's type out is as if absent (P6)."""
    for deployment in world.deployments:
        out = {p.name for p in world.policies if p.resource_types and deployment.workload_type not in p.resource_types}
        if not out:
            continue
        fewer, same = _detached(world, deployment, out)
        differing = set(decide(world, deployment)) ^ set(decide(fewer, same))
        _hold(not differing, "targets_isolate", deployment, differing)


def refused_commands_change_nothing(life: siting.Life, sequence: Sequence) -> None:
    """A refused command leaves the state as it was, byte for byte (L12)."""
    from siting.testing._lives import tell

    for at, step in sequence:
        before = json.dumps(life.journal())
        try:
            tell(life, step, at)
        except (siting.Refused, siting.UnknownName):
            if json.dumps(life.journal()) != before:
                raise BrokenLaw("refused_commands_change_nothing", f"{step} changed it") from None


def replay_gives_the_same(life: siting.Life, other: siting.Life, sequence: Sequence) -> None:
    """Accepted commands, told to another that begins where the first did, give the same state (L12)."""
    from siting.testing._lives import run

    run(life, sequence)
    run(other, sequence)
    if life.journal() != other.journal():
        raise BrokenLaw("replay_gives_the_same", "the two lives differ")


def _hold(holds: bool, law: str, deployment: siting.Deployment, spots: set[Spot]) -> None:
    if not holds:
        raise BrokenLaw(law, f"{deployment.address} at {sorted(spots)[:5]}")


def _environment(one: siting.Environment, policies: Iterable[siting.Attachment]) -> siting.Environment:
    return siting.Environment(
        one.name,
        policies=policies,
        require=one.require,
        on_violation=one.on_violation,
        on_loss=one.on_loss,
        grace_seconds=one.grace_seconds,
        on_replaced=one.on_replaced,
    )


def _organisation(one: siting.Organisation | None, policies: Iterable[siting.Attachment]) -> siting.Organisation | None:
    if one is None:
        return None
    return siting.Organisation(
        one.name,
        policies=policies,
        require=one.require,
        default_environment=one.default_environment,
        currency=one.currency,
    )


def _deployment(one: siting.Deployment, policies: Iterable[siting.Attachment]) -> siting.Deployment:
    manifest = one.manifest()
    # What is not stated is left out, as in any manifest.
    stated = ({key: value for key, value in one.to_json().items() if value is not None} for one in policies)
    manifest["spec"]["policies"] = list(stated)
    return siting.Deployment.from_manifest(manifest)


def _without_requirements(world: World) -> World:
    environments = (siting.Environment(one.name, policies=one.policies) for one in world.environments)
    root = world.organisation
    if root is not None:
        told = {"policies": root.policies, "default_environment": root.default_environment}
        root = siting.Organisation(root.name, **told)  # type: ignore[arg-type]
    return replace(world, environments=tuple(environments), organisation=root)


def _without_levels(world: World, deployment: siting.Deployment) -> Iterable[tuple[World, siting.Deployment]]:
    yield replace(world, organisation=_organisation(world.organisation, ())), deployment
    yield replace(world, environments=tuple(_environment(one, ()) for one in world.environments)), deployment
    yield _instead(world, deployment, _deployment(deployment, ()))


def _instead(world: World, deployment: siting.Deployment, other: siting.Deployment) -> tuple[World, siting.Deployment]:
    found = tuple(other if one == deployment else one for one in world.deployments)
    return replace(world, deployments=found), other


def _detached(world: World, deployment: siting.Deployment, names: set[str]) -> tuple[World, siting.Deployment]:
    def kept(attached: tuple[siting.Attachment, ...]) -> list[siting.Attachment]:
        return [one for one in attached if one.name not in names]

    root = world.organisation
    fewer = replace(
        world,
        organisation=_organisation(root, kept(root.policies) if root else ()),
        environments=tuple(_environment(one, kept(one.policies)) for one in world.environments),
    )
    return _instead(fewer, deployment, _deployment(deployment, kept(deployment.policies)))


def _turned(environment: siting.Environment) -> siting.Environment:
    return _environment(environment, environment.policies[::-1])


def _options(policy: siting.Policy) -> tuple[str, tuple[siting.Choice, ...]]:
    """What a policy allows, and the argument that says it."""
    lists = ("locations", "flavors", "providers", "capacity", "attributes")
    return next((name, options) for name in lists if (options := getattr(policy, name)))


def _policy(
    policy: siting.Policy, options: tuple[siting.Choice, ...], except_: tuple[siting.Choice, ...]
) -> siting.Policy:
    """Return a policy of the same name and type with other options."""
    stated: dict[str, Any] = {_options(policy)[0]: options}
    callers = policy.callers or None
    return siting.Policy(policy.name, except_=except_, resource_types=policy.resource_types, callers=callers, **stated)


def _repeated(policy: siting.Policy) -> siting.Policy:
    return _policy(policy, _options(policy)[1] * 2, policy.except_ * 2)
