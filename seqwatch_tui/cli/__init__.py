"""The command line: one thin file per command group. Data goes to stdout, notes to stderr; no logic of its own."""
