"""For tests of what builds on siting: Hypothesis strategies, and laws to hold a platform to.

>>> from hypothesis import given, settings
>>> from siting import testing
>>>
>>> @settings(deadline=None)
>>> @given(testing.worlds())
>>> def test_my_platform_stays_within_policies(world):
>>>     testing.check_laws(my_platform.candidates, world)

Everything a strategy makes is valid: it can be loaded. Values shrink towards few, short and common ones. Needs the
package ``hypothesis`` (``pip install "./python[testing]"``).
"""

from siting.testing._laws import (
    BrokenLaw,
    Decide,
    Spot,
    candidates,
    check_laws,
    duplicates_do_not_matter,
    is_deterministic,
    never_widens,
    order_does_not_matter,
    refused_commands_change_nothing,
    replay_gives_the_same,
    stays_inside,
    targets_isolate,
    tighter_policies_add_nothing,
)
from siting.testing._lives import Happening, Sequence, Sighting, commands, run, sequences
from siting.testing._rates import (
    SeenRequest,
    autoscalers,
    backends,
    figures,
    metric_specs,
    replicas,
    request_series,
)
from siting.testing._strategies import (
    attachments,
    clusters,
    deployments,
    environments,
    flavor_choices,
    gpus,
    load_balancers,
    location_choices,
    money,
    names,
    organisations,
    policies,
    pools,
    preferences,
    resources,
    runnings,
    scalings,
)
from siting.testing._worlds import World, worlds

__all__ = [
    "BrokenLaw",
    "Decide",
    "Happening",
    "SeenRequest",
    "Sequence",
    "Sighting",
    "Spot",
    "World",
    "attachments",
    "autoscalers",
    "backends",
    "candidates",
    "check_laws",
    "clusters",
    "commands",
    "deployments",
    "duplicates_do_not_matter",
    "environments",
    "figures",
    "flavor_choices",
    "gpus",
    "is_deterministic",
    "load_balancers",
    "location_choices",
    "metric_specs",
    "money",
    "names",
    "never_widens",
    "order_does_not_matter",
    "organisations",
    "policies",
    "pools",
    "preferences",
    "refused_commands_change_nothing",
    "replay_gives_the_same",
    "replicas",
    "request_series",
    "resources",
    "run",
    "runnings",
    "scalings",
    "sequences",
    "stays_inside",
    "targets_isolate",
    "tighter_policies_add_nothing",
    "worlds",
]
