"""What `mitmdump -s addon/runtime.py` loads."""

from functions_runtime_proxy.addon import FunctionsRuntime

addons = [FunctionsRuntime()]
