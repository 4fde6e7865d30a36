"""HTTP over the Unix socket (docs/api.md): thin handlers over `Engine`; no rule, query or policy of its own."""
