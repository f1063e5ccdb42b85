"""The formats of files that hold weights, one a file."""
