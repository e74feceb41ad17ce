"""Every run draws the same cases: `pytest --hypothesis-profile=default` draws others."""

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")
