"""Measurements: ours beside what it is compared with, on the same rows, in the same run."""
