"""`python -m functions_runtime_proxy` prints the file that mitmproxy loads with `-s`."""

from pathlib import Path

print(Path(__file__).resolve().with_name("script.py"))
