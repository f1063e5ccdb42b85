"""The layer types, declared once, in families.

A family is a file, and its back ends' rules are in files of the same name; ``catalogue`` finds types by their names.
The law: a layer type knows nothing of files, spans or back ends, and nobody outside knows it by its name.
"""
