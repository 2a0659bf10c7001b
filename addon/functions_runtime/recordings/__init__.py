"""Recordings as people have them, read into requests and responses. Nothing here opens a file."""
