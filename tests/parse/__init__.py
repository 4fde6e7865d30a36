"""Tests of the parse room."""
