"""Decisions as notebooks show them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from siting._errors import LONGEST, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from siting._reports import DecisionReport, Refusal

_LEFT = "text-align:left"
_COLOURS = {"placed": "#1a7f37", "partial": "#9a6700", "refused": "#cf222e"}


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Make a table; every cell is escaped."""
    titles = "".join(f'<th style="{_LEFT}">{escape(title)}</th>' for title in head)
    cells = ("".join(f'<td style="{_LEFT}">{escape(shown(str(cell), LONGEST))}</td>' for cell in row) for row in rows)
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"


def verdict(word: str) -> str:
    """Make a coloured verdict."""
    return f'<b style="color:{_COLOURS[word]}">{word}</b>'


def decision(report: DecisionReport, currency: str) -> str:
    """Make the table of a decision: its placements, and what stands in the way."""
    address = escape(f"{report.workload.name}/{report.name}")
    parts = [f"<p><code>{address}</code> is {verdict(report.verdict)} in {escape(report.environment)}</p>"]
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
    """Make the table of a refusal: every constraint, with what it takes away."""
    rows = [(r.code, r.message, r.removed_alone, r.left_after) for r in refusal.reasons]
    said = f"<p>{refusal.wanted} wanted, {refusal.fitting} fitting, of {refusal.clusters} clusters</p>"
    return said + table(("constraint", "why", "removes alone", "leaves"), rows)
