#!/usr/bin/env python3
"""Checks the pages of the documentation: every link leads somewhere, and what is quoted is there.

    scripts/check_pages.py [ROOT]

A relative link is to a file or folder of the repository, and its anchor to a heading. A block of code below the line
`<!-- from PATH -->` stands in that file just so, but for its indentation; a line `...` leaves lines out.
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

import pages

_QUOTE = re.compile(r"<!-- from (\S+) -->\n+```\w*\n(.*?)\n```", re.DOTALL)


def broken_links(page: Path, text: str) -> list[str]:
    faults = []
    for number, line, code in pages.prose(text):
        for link in [] if code else pages.links(line):
            if pages.is_external(link[3]):
                continue
            path, _, anchor = link[3].partition("#")
            target = (pages.ROOT / page.parent / path) if path else pages.ROOT / page
            if not target.exists():
                faults.append(f"{page}:{number}: {link[3]}: no such file")
            elif anchor and anchor not in pages.anchors(target.read_text()):
                faults.append(f"{page}:{number}: {link[3]}: no such heading")
    return faults


def wrong_quotes(page: Path, text: str) -> list[str]:
    faults = []
    for quote in _QUOTE.finditer(text):
        where = f"{page}:{text.count(chr(10), 0, quote.start()) + 1}"
        source = pages.ROOT / quote[1]
        if not source.is_file():
            faults.append(f"{where}: {quote[1]}: no such file")
            continue
        for part in re.split(r"^\s*\.\.\.\n?", quote[2], flags=re.MULTILINE):
            if _unindented(part) not in _unindented(source.read_text()):
                faults.append(f"{where}: not in {quote[1]}:\n{textwrap.indent(part, '    ')}")
    return faults


def _unindented(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip("\n").split("\n"))


def main() -> int:
    if len(sys.argv) > 1:
        pages.ROOT = Path(sys.argv[1]).resolve()
    faults = []
    for page in pages.pages():
        text = (pages.ROOT / page).read_text()
        faults += broken_links(page, text) + wrong_quotes(page, text)
    print("\n".join(faults) or "pages: every link and quotation is right")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
