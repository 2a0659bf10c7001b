"""What the Twilio Functions Runtime does with an HTTP exchange, in pure Python.

Nothing below this package imports mitmproxy, opens a file or a socket, or reads a clock: times and settings are
arguments. The package `functions_runtime_proxy` connects it to mitmproxy.
"""
