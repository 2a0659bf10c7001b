"""What `mitmdump -s "$(functions-runtime path)"` loads from an installed package."""

import sys
from pathlib import Path

# The mitmproxy that loads this file can have a Python of its own, which does not look for packages here. That is so for
# its standalone program. Its own libraries stay first.
_PACKAGES = str(Path(__file__).resolve().parent.parent)
if _PACKAGES not in sys.path:
    sys.path.append(_PACKAGES)

from functions_runtime_proxy.addon import FunctionsRuntime  # noqa: E402

addons = [FunctionsRuntime()]

# mitmproxy looks for each hook here as well. To find None takes a tenth of the time that it takes to find nothing.
requestheaders = request = responseheaders = response = error = update = None
