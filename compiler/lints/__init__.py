"""What is right and hardly meant: each lint may be allowed, warned of or denied, on the command line or in the file."""
