"""The shell: everything that knows mitmproxy. What the Runtime does is decided in `functions_runtime`."""
