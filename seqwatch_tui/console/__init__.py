"""The console: what an operator sees and presses; always a client of the engine, never part of it.

It knows `model` and its own client (HTTP over the engine's Unix socket, docs/api.md). It must not know the store, the
sources or any other room, and it is the only room that imports textual and rich. Every string that came from the engine
passes `model.text.safe_text` in `client`, and is drawn as plain text, never as markup.
"""
