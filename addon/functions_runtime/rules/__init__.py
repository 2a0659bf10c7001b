"""The rules, one module each (or a pair that is one idea): text, check and examples.

A module here may import syntax, message, profile, verdict, rule and wire_text, and never another rule. It offers
a tuple `RULES`.
"""
