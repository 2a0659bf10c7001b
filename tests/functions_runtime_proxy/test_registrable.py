"""Registrable domains by the Public Suffix List."""

from __future__ import annotations

import pytest

from functions_runtime_proxy.registrable import registrable_domain


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("shop.example", "shop.example"),
        ("www.shop.example", "shop.example"),
        ("www.shop.example.", "shop.example"),
        ("a.b.shop.co.uk", "shop.co.uk"),
        ("cdn.cnn.com", "cnn.com"),
        ("api.shop.internal", "shop.internal"),
        ("localhost", "localhost"),
        ("com", "com"),
    ],
)
def test_the_registrable_domain(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain
