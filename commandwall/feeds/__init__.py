"""Feeds: what comes to a station from elsewhere than the pool. One file for one kind."""
