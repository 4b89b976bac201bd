"""The sandbox's servers as pytest fixtures."""
