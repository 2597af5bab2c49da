"""Playing a drill: its own world, and what goes on in it."""
