"""The central pool 中心池: its server, schema and feed, and a station's two-way traffic with it."""
