"""What is drawn: lines of cells with the Line API. Widgets read the desk and know neither client nor commands."""
