"""Papers: what is filled into a report, and what is handed out of an incident."""
