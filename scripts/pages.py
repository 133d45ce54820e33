"""The pages of the documentation: which there are, and the links in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_FENCE = re.compile(r"^\s*(```|~~~)")
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_CODE = re.compile(r"`[^`]*`")


def pages() -> list[Path]:
    """All pages, relative to the root."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    for folder in "docs", "bench", "examples":
        found += sorted((ROOT / folder).rglob("*.md"))
    return [page.relative_to(ROOT) for page in found]


def prose(text: str) -> Iterator[tuple[int, str, bool]]:
    """Each line with its number from 1, and whether it is in a block of code."""
    fenced = False
    for number, line in enumerate(text.split("\n"), start=1):
        fence = bool(_FENCE.match(line))
        yield number, line, fenced or fence
        fenced ^= fence


def links(line: str) -> Iterator[re.Match[str]]:
    """The links in a line: group 1 is ! for a picture, group 2 the text, group 3 the target."""
    code = [match.span() for match in _CODE.finditer(line)]
    for link in _LINK.finditer(line):
        if not any(begin < link.start() and link.end() < end for begin, end in code):
            yield link


def is_external(target: str) -> bool:
    return re.match(r"[a-z]+:", target) is not None


def anchors(text: str) -> set[str]:
    """What headings can be linked by."""
    headings = [line.lstrip("#").strip() for _, line, code in prose(text) if line.startswith("#") and not code]
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))
