"""Pictures: each function takes a computed frame and an optional Axes, and returns the Axes."""
