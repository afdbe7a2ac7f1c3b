"""Arithmetic over the event log: a frozen question in, a frozen report out. No HTTP, no HTML."""
