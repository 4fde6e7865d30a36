"""The sensor: decoding and joining by recorded bytes and passed-in times; the kernel itself only where marked root."""
