"""What the vendor's local emulator adds to a response."""

EMULATOR = (
    (b"X-Powered-By", b"Express"),
    (b"Surrogate-Control", b"no-store"),
    (b"Cache-Control", b"no-store, no-cache, must-revalidate, proxy-revalidate"),
    (b"Pragma", b"no-cache"),
    (b"Expires", b"0"),
    (b"ETag", b'W/"5d-WssGxfP7aCTC/Wff9kVayURuGoE"'),
    (b"Keep-Alive", b"timeout=5"),
)
"""What a response of the emulator has, besides what its Function sets, Date, Connection and Content-Length."""
