#!/usr/bin/env python3
"""Makes the documentation's site with MkDocs:

    build/venv/bin/python scripts/make_site.py build/site        (./dev site)

The pages are those of the repository. Links from one to another stay links, files that pages link to are copied, and
links to folders, which a site has no page for, become plain text.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pages


def place(page: Path) -> Path:
    """Where a page of the repository lies in the site."""
    if page.name == "README.md":
        return page.with_name("index.md")
    if page == Path("CONTRIBUTING.md"):
        return Path("contributing.md")
    return page.relative_to("docs") if page.parts[0] == "docs" else page


def main() -> int:
    output = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        source, configuration = Path(folder) / "pages", Path(folder) / "mkdocs.yml"
        all_pages = pages.pages()
        for page in all_pages:
            target = source / place(page)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(rewritten(page, set(all_pages), source))
        configuration.write_text((pages.ROOT / "docs/mkdocs.yml").read_text() + "docs_dir: pages\n")
        command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
        done = subprocess.run([*command, "--config-file", configuration, "--site-dir", output])
    return done.returncode


def rewritten(page: Path, all_pages: set[Path], source: Path) -> str:
    """The text of a page with the links that it has in the site; what they lead to is copied."""

    def link(match: re.Match[str]) -> str:
        path, hash, anchor = match[3].partition("#")
        if pages.is_external(match[3]) or not path:
            return match[0]
        target = Path(os.path.normpath(page.parent / path))
        if (pages.ROOT / target).is_dir():
            return match[2]
        if target in all_pages:
            placed = place(target)
        else:
            placed = Path("files") / target
            (source / placed).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(pages.ROOT / target, source / placed)
        relative = os.path.relpath(placed, place(page).parent)
        return f"{match[1]}[{match[2]}]({relative}{hash}{anchor})"

    lines = []
    for _, line, code in pages.prose((pages.ROOT / page).read_text()):
        if not code:
            for match in reversed(list(pages.links(line))):
                line = line[: match.start()] + link(match) + line[match.end() :]
        lines.append(line)
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
