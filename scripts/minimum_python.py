"""Ends with a sentence if Python is too old for the rest. Import it first.

Even the oldest Python 3 must be able to read this file.
"""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 (the one place that an older Python gets to read)
    sys.exit(
        "%s needs Python 3.10 or later, and this is Python %d.%d (%s). Install a newer one and name it, for example: "  # noqa: UP031
        "python3.12 %s" % (sys.argv[0], sys.version_info[0], sys.version_info[1], sys.executable, sys.argv[0])
    )
