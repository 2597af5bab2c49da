"""Other maps that draw the same city, for comparison; see README.md here."""
