"""Drills 演练: scenarios as files, and the clock by which one is played."""
