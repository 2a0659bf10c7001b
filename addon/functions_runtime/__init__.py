"""What the Twilio Functions Runtime does with an HTTP exchange, in pure Python.

Nothing below this package imports mitmproxy, opens a file or a socket, or reads a clock: times and settings are
arguments. mitmproxy meets it in `flow_bridge`, one folder up.
"""
