"""Groups of arguments that several commands share, and the requests that they become.

Law: what ``argparse`` read goes no further than a command's door.
"""
