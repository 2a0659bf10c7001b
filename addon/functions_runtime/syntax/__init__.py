"""HTTP and cookies as their specifications define them. What the Runtime does with them is not here.

Each module covers one specification and has its name. Modules here import nothing else from the project. They take
bytes as they came off the wire, and no bytes make them raise.
"""
