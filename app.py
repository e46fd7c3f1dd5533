"""The web app: open the assistant (building its index on first use), lay out the pages, serve."""

from __future__ import annotations

from kb.cli import guarded, serve

if __name__ == "__main__":
    guarded(serve)
