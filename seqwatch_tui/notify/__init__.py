"""Pages: who is told of an alert, and how. Sends what it is given; never decides when, never reads the clock or the store."""
