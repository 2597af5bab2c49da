"""The demo city: one invented city from a seed, and the player that keeps it alive."""
