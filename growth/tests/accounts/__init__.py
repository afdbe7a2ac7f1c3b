"""Signing in and staying safe."""
