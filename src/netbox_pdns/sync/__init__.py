"""From hints to applied changes: the reconciler."""
