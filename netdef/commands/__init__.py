"""One file a command: ``HELP``, ``arguments(parser)`` and ``run(args) -> int``; only the chosen one is imported."""
