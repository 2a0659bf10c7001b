"""What `mitmdump -s addon/runtime.py` loads."""

from functions_runtime_proxy.addon import FunctionsRuntime

addons = [FunctionsRuntime()]

# mitmproxy looks for each hook here as well. To find None takes a tenth of the time that it takes to find nothing.
requestheaders = request = responseheaders = response = error = update = None
