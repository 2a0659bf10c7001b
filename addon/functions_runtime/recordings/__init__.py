"""Readers that turn recordings into requests and responses. Nothing here opens a file."""
