"""The privileged process: fanotify in, one JSON line an access out. Imports only `model` and the standard library.

It holds no store, no parser and no network, opens no watched file, and answers no permission events, so it cannot hold
up anybody's open. docs/sensor.md says what it sees and what it cannot see.
"""
