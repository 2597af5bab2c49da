"""The embedded database: wall.db, mirror.db, telemetry.db and the live arrays."""
