"""Real input: files of areas and events become rows of the pool, each row accounted for."""
