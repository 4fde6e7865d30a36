"""`seqwatch datasets [ID]`: the datasets as they stand."""

from __future__ import annotations

import argparse
import json

from seqwatch_tui.cli.client import part
from seqwatch_tui.cli.exits import Exit
from seqwatch_tui.cli.lists import fetch, show


def run(options: argparse.Namespace) -> int:
    """List the datasets, or write one as JSON."""
    if options.dataset:
        print(json.dumps(fetch(options, f"/v1/datasets/{part(options.dataset)}"), indent=1))
    else:
        show(options, "/v1/datasets")
    return int(Exit.OK)
