"""The screens: which widgets stand where, and what Enter opens. A view asks the host, never the engine itself."""
