"""What HTTP and cookies look like, as their specifications say, and nothing of what the Runtime makes of them.

One module a specification, named after it. Modules here import nothing of the project; they take bytes as they
came off the wire and never raise on any of them.
"""
