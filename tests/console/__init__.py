"""Tests of the console, against a fake engine that answers docs/api.md on a Unix socket."""
