"""Peers 直连: stations that exchange their lines over the hall's own network, without the pool."""
