"""The rules. A file's name is its rule's identifier; a new file is a new rule, nothing else has to name it.

Each has ``RULE`` (what it is about) and ``check`` (what it sees in a proof).
"""
