"""The routes, one module a concern. Each reads what is known, or leaves a hint; none does the work itself."""
