"""`seqwatch engine`: the engine in the foreground, until SIGTERM or SIGINT (or, as a child, until its input closes)."""

from __future__ import annotations

import argparse
import contextlib
import gc
import logging
import os

from seqwatch_tui.cli.exits import CommandError, Exit
from seqwatch_tui.cli.settings import load_settings
from seqwatch_tui.engine.reader import Reader


def run(options: argparse.Namespace) -> int:
    """Run until stopped; exit 2 when a mapping cannot be used, 3 when it cannot start or has to stop."""
    # Arrow's own allocator keeps freed pages; the system's gives them back after a back-fill. Read when pyarrow loads.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    gc.set_threshold(50_000, 20, 50)  # imports and batches make many values that live, and no cycles
    with contextlib.closing(Reader()) as reader:
        if options.back_fill:
            reader.start(options.back_fill)
        status = _run(options, reader)
    if options.child:
        logging.shutdown()
        os._exit(status)  # all is closed; to take apart what was loaded would only keep the command waiting
    return status


def _run(options: argparse.Namespace, reader: Reader) -> int:
    settings, config = load_settings(options)
    from seqwatch_tui.engine.main import EngineError, run_engine
    from seqwatch_tui.engine.parsers import mapping_problems

    if problems := mapping_problems(settings):
        raise CommandError(Exit.USAGE, "\n".join(problems))
    try:
        return run_engine(settings, config, sources=not options.no_sources, child=options.child, reader=reader)
    except EngineError as error:
        raise CommandError(Exit.FAILED, str(error), error.hint) from error
