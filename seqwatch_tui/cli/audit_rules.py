"""`seqwatch audit-rules`: print the audit rules for the configured datasets."""

from __future__ import annotations

import argparse

from seqwatch_tui.cli.exits import CommandError, Exit
from seqwatch_tui.cli.settings import load_settings


def run(options: argparse.Namespace) -> int:
    """Write the rules to stdout."""
    settings, _ = load_settings(options)
    from seqwatch_tui.engine.audit_rules import rules_text
    from seqwatch_tui.engine.doctor import auditctl_version

    try:
        print(rules_text(settings, auditctl_version()), end="")
    except ValueError as error:
        raise CommandError(Exit.USAGE, str(error), "rename the folder, or watch its parent") from error
    return int(Exit.OK)
