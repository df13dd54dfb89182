"""The layer of keywords and records under random arguments: ``SITING_PYTHON_CASES`` calls, which are few by default."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from test_arguments import CALLS, STRANGE, answers

import siting
from siting._document import _spellings, snake

CASES = int(os.environ.get("SITING_PYTHON_CASES", "500"))
"""How many calls are made."""
BATCH = 25
"""How many of one example: drawing takes longer than calling."""

# Texts are no paths here: what lies on this machine is nobody's manifest.
NAMES = sorted(name for name in CALLS if not name.endswith(("load", "simulate", ".test")))
FIELDS = sorted({snake(name) for name in _spellings()} | {"name", "policies", "now", "deployment", "cluster"})

numbers = st.one_of(
    st.integers(),
    st.integers(-2, 2),
    st.floats(),
    st.decimals(),
    st.sampled_from([2**31, 2**32, 2**63, 2**64, Decimal("1e-70"), Decimal("1e400")]),
)
texts = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["us", "gpu:t4", "country:us", "production", "one", "bert/one", "1Gi", "at-once", "any", "eu"]),
)
# By number: some of them are nested too deep to be shown.
strange = st.integers(0, len(STRANGE) - 1).map(lambda number: STRANGE[number])
scalars = st.one_of(st.none(), st.booleans(), numbers, texts, st.binary(max_size=4), strange)
keys = st.one_of(st.sampled_from(FIELDS), st.text(max_size=8))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3), st.tuples(inner)),
    max_leaves=6,
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, list[Any], dict[str, Any]]:
    """Draw a call, with some of its right arguments replaced, left out or added to."""
    name = draw(st.sampled_from(NAMES))
    _, args, kwargs = CALLS[name]
    told, named = list(args), dict(kwargs)
    for index in range(len(told)):
        if draw(st.booleans()):
            told[index] = draw(values)
    for key in kwargs:
        if draw(st.booleans()):
            named[key] = draw(values)
    if draw(st.integers(0, 4)) == 0:
        named[draw(keys)] = draw(values)
    if told and draw(st.integers(0, 9)) == 0:
        told.pop()
    return name, told, named


@settings(
    max_examples=max(1, CASES // BATCH),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # What fails says which call it was: nothing has to be made smaller.
    phases=[Phase.generate],
    report_multiple_bugs=False,
)
@given(batch=st.lists(cases(), min_size=BATCH, max_size=BATCH))
def test_every_call_is_answered_as_promised(batch: list[tuple[str, list[Any], dict[str, Any]]]) -> None:
    for name, args, kwargs in batch:
        made: list[Any] = []
        function = CALLS[name][0]()
        error = answers(kept(function, made), *args, **kwargs)
        if error is None:
            comes_back(made[0])
        elif isinstance(error, siting.InvalidArgument):
            assert error.path is not None or "positional argument" in error.message, (name, error)


def kept(function: Callable[..., Any], made: list[Any]) -> Callable[..., Any]:
    """Let what a call returns be kept."""
    return lambda *args, **kwargs: made.append(function(*args, **kwargs))


def comes_back(made: Any) -> None:
    """Whatever was made is written, read and copied as it is, and shows itself on one line."""
    if not isinstance(made, siting.Document | siting.Attachment | siting.Resources | siting.Pool | siting.Command):
        return
    assert repr(made).isprintable()
    assert pickle.loads(pickle.dumps(made)) == made
    if isinstance(made, siting.Document):
        again = siting.Document.from_manifest(made.manifest())
        assert (again, hash(again), type(again)) == (made, hash(made), type(made))
    else:
        assert type(made).from_json(made.to_json()) == made
