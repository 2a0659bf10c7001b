"""The rules, one module each (or a pair that is one idea): text, check and examples.

A module here never imports another rule. `tests/test_architecture.py` says what it may import. It has a tuple `RULES`.
"""
