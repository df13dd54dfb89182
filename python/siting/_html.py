"""Answers as notebooks show them: tables, and small pictures with their text.

Everything that comes from outside is escaped. Colours are of the palette of Okabe and Ito, which all eyes tell apart,
and nothing is told by colour alone; texts and lines take the notebook's own colour, so that they are read on light and
on dark.
"""

from __future__ import annotations

from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING

from siting._errors import LONGEST, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from siting._reports import DecisionReport, Diff, Refusal
    from siting._scenarios import ScenarioReport, Series

_GREEN, _ORANGE, _RED, _BLUE = "#009e73", "#e69f00", "#d55e00", "#56b4e9"
_COLOURS = {"placed": _GREEN, "partial": _ORANGE, "refused": _RED}
_SIGNS = {"placed": "✓", "partial": "◐", "refused": "✗"}
_SIDES = {True: "text-align:right;font-variant-numeric:tabular-nums", False: "text-align:left"}
_LINES = (_BLUE, _ORANGE, _GREEN, _RED, "#cc79a7", "#0072b2")
_DASHES = ("none", "6 3", "2 3", "8 3 2 3")
MOST = 60
"""The most rows or columns of a picture; more are told by their number."""


def text(value: object) -> str:
    """Make a value harmless."""
    return escape(shown(str(value), LONGEST))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Make a table; every cell is escaped, and numbers stand below one another."""
    listed = [tuple(row) for row in rows]
    right = [
        any(isinstance(row[at], (int, Decimal)) for row in listed)
        and all(isinstance(row[at], (int, Decimal)) or row[at] == "-" for row in listed)
        for at in range(len(head))
    ]
    titles = "".join(f'<th scope="col" style="{_SIDES[right[at]]}">{text(one)}</th>' for at, one in enumerate(head))
    cells = (
        "".join(f'<td style="{_SIDES[right[at]]}">{text(cell)}</td>' for at, cell in enumerate(row)) for row in listed
    )
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"


def verdict(word: str) -> str:
    """Make a verdict, told by its word, its sign and its colour."""
    return f'<b><span style="color:{_COLOURS[word]}" aria-hidden="true">{_SIGNS[word]}</span> {word}</b>'


def picture(width: int, height: int, told: str, inside: str) -> str:
    """Make a picture that says in words what it shows."""
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{text(told)}" '
        f'style="max-width:100%;font:12px sans-serif;color:inherit"><title>{text(told)}</title>{inside}</svg>'
    )


def word(x: float, y: float, said: object, anchor: str = "start") -> str:
    """Make a word of a picture."""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="currentColor">{text(said)}</text>'


def bar(x: float, y: float, width: float, height: float, colour: str) -> str:
    """Make a bar, which has a rim to be seen on every ground."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{colour}" '
        f'stroke="currentColor" stroke-opacity="0.4"/>'
    )


def decision(report: DecisionReport, currency: str) -> str:
    """Make the table of a decision: its placements, and what stands in the way."""
    address = text(f"{report.workload.name}/{report.name}")
    parts = [f"<p><code>{address}</code> is {verdict(report.verdict)} in {text(report.environment)}</p>"]
    if report.placements:
        rows = [
            (p.cluster, p.pool, p.flavor, p.replicas, "-" if p.price_per_hour is None else p.price_per_hour)
            for p in report.placements
        ]
        parts.append(table(("cluster", "pool", "flavor", "replicas", f"{currency}/h"), rows))
    if report.refusal is not None:
        parts.append(refusal(report.refusal))
    return "".join(parts)


def refusal(refusal: Refusal) -> str:
    """Make a refusal: how the constraints narrow the clusters down, and the table of them."""
    rows = [(r.code, r.message, r.removed_alone, r.left_after) for r in refusal.reasons]
    said = f"<p>{refusal.wanted} wanted, {refusal.fitting} fitting, of {refusal.clusters} clusters</p>"
    return said + funnel(refusal) + table(("constraint", "why", "removes alone", "leaves"), rows)


def funnel(refusal: Refusal) -> str:
    """Make the funnel of a refusal: the clusters there are, and those that each constraint leaves."""
    steps = [("clusters", refusal.clusters), *((reason.code, reason.left_after) for reason in refusal.reasons)]
    told = " → ".join(str(left) for _, left in steps)
    most = max(refusal.clusters, 1)
    inside = []
    for at, (code, left) in enumerate(steps):
        y, width = 22 * at, max(300 * left / most, 1)
        inside.append(word(150, y + 15, code, "end"))
        inside.append(bar(160, y + 3, width, 16, _BLUE if left else _RED))
        inside.append(word(168 + width, y + 15, left))
    return picture(520, 22 * len(steps) + 2, f"clusters left: {told}", "".join(inside))


def allowed(deployments: Sequence[str], clusters: Sequence[str], sets: Sequence[frozenset[str]]) -> str:
    """Make the map of allowed clusters: a row a deployment, a part a column, the darker the more of it is allowed."""
    # Clusters that stand side by side share a column where there are too many for one each.
    each = max(-(-len(clusters) // MOST), 1)
    parts = [clusters[at : at + each] for at in range(0, len(clusters), each)]
    inside = []
    for row, (name, own) in enumerate(zip(deployments[:MOST], sets, strict=False)):
        y = 18 * row
        inside.append(word(230, y + 13, name if len(name) <= 34 else name[:33] + "…", "end"))
        for column, part in enumerate(parts):
            count = sum(cluster in own for cluster in part)
            names = part[0] if len(part) == 1 else f"{part[0]} … {part[-1]}"
            title = f"<title>{text(f'{name}: {count} of {len(part)} allowed ({names})')}</title>"
            inside.append(
                f'<rect x="{240 + 9 * column}" y="{y + 2}" width="8" height="14" fill="{_BLUE}" '
                f'fill-opacity="{count / len(part):.2f}" stroke="currentColor" stroke-opacity="0.3">{title}</rect>'
            )
        inside.append(word(246 + 9 * len(parts), y + 13, len(own)))
    told = "; ".join(
        f"{name}: {len(own)} of {len(clusters)}" for name, own in zip(deployments[:MOST], sets, strict=False)
    )
    more = len(deployments) - MOST
    rest = f"<p>and {more} more</p>" if more > 0 else ""
    size = (300 + 9 * len(parts), 18 * min(len(deployments), MOST) + 4)
    head = f"<p>clusters that policies allow, of {len(clusters)}</p>"
    return head + picture(*size, f"allowed clusters, {told}", "".join(inside)) + rest


def diff(diff: Diff) -> str:
    """Make the table of a diff: for each deployment how many candidates there are, and what became of them."""
    counts = f"{len(diff.added)} added, {len(diff.removed)} removed, {len(diff.moves)} must move"
    rows = [
        (
            one.deployment,
            one.verdict,
            one.before,
            one.after,
            sum(len(cause.candidates) for cause in one.gains),
            sum(len(cause.candidates) for cause in one.losses),
            "loses all" if one.loses_all else "",
        )
        for one in diff.deployments
    ]
    widened = "".join(f"<li>{text(sentence)}</li>" for sentence in diff.widened)
    more = f"<p>widened:</p><ul>{widened}</ul>" if widened else ""
    head = ("deployment", "policies", "before", "after", "gained", "lost", "")
    return f"<p>{len(rows)} deployments differ; {counts}</p>{table(head, rows)}{more}"


def scenario(report: ScenarioReport) -> str:
    """Make a scenario: whether it passed, its replicas and shares over time, and what was not as expected."""
    passed = f'<span style="color:{_GREEN if report.passed else _RED}">{"✓" if report.passed else "✗"}</span>'
    parts = [f"<p>{passed} <b>{text(report.name)}</b> {'passed' if report.passed else 'failed'}</p>"]
    if report.series is not None:
        parts += [over_time(report.series, "replicas"), over_time(report.series, "percent")]
    wrong = [(step.at, one.subject, one.expected, one.found) for step in report.steps for one in step.differences]
    if wrong:
        parts.append(table(("at (ms)", "what", "expected", "found"), wrong))
    return "".join(parts)


def over_time(series: Series, what: str) -> str:
    """Make the steps of each deployment's replicas, or of its percent of the calls, over time."""
    lines = [line for line in series.deployments if line.points][: len(_LINES)]
    until = max([series.until, *(point.at for line in lines for point in line.points), 1])
    start = min([point.at for line in lines for point in line.points], default=0)
    most = max([getattr(point, what) for line in lines for point in line.points], default=0)

    def x(at: int) -> float:
        return 40 + 460 * (at - start) / max(until - start, 1)

    def y(value: int) -> float:
        return 118 - 100 * value / max(most, 1)

    inside = [word(4, 12, what), word(34, 122, 0, "end"), word(34, 24, most, "end")]
    inside.append('<path d="M40 18V118H500" fill="none" stroke="currentColor" stroke-opacity="0.5"/>')
    told = []
    for at, line in enumerate(lines):
        path = f"M{x(line.points[0].at):.1f} {y(getattr(line.points[0], what)):.1f}"
        for point in line.points[1:]:
            path += f"H{x(point.at):.1f}V{y(getattr(point, what)):.1f}"
        path += f"H{x(until):.1f}"
        dash = _DASHES[at % len(_DASHES)]
        style = f'fill="none" stroke="{_LINES[at]}" stroke-width="2" stroke-dasharray="{dash}"'
        inside.append(f'<path d="{path}" {style}/><path d="M{510} {20 + 18 * at}h22" {style}/>')
        inside.append(word(538, 24 + 18 * at, line.name[:30]))
        told.append(f"{line.name} ends at {getattr(line.points[-1], what)}")
    height = max(130, 30 + 18 * len(lines))
    return picture(720, height, f"{what} over time: {'; '.join(told) or 'nothing ran'}", "".join(inside))
