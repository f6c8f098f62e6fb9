"""Finding the best plan and proving it: the solver's search, the full list, and options in order."""
