"""The web app: open the assistant (building its index on first use), lay out the pages, serve."""

from __future__ import annotations

import sys

from kb.cli import serve
from kb.errors import KBError

if __name__ == "__main__":
    try:
        serve()
    except KBError as error:
        sys.exit(f"kb: {error}")
