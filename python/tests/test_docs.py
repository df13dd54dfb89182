"""The pages' Python lines, run as they are pasted, from the root of the repository."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_lines_run_as_pasted(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = (ROOT / page).read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        line = text[: text.index(block)].count("\n")
        exec(compile("\n" * line + block, page, "exec"), names)


def test_links_lead_somewhere() -> None:
    text = (ROOT / "docs/python.md").read_text()
    headings = {
        re.sub(r"[^\w -]", "", line[3:].lower()).replace(" ", "-") for line in text.splitlines() if line[:3] == "## "
    }
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert target[1:] in headings if target[0] == "#" else (ROOT / "docs" / target).exists(), target
