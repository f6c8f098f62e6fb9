"""Who goes where, and how long it takes: to the nearest, by transfer, shared out, or as observed."""
