"""The core: no Qt, no drawing; usable from a shell."""
