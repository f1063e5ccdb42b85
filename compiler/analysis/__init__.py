"""What is found out about a checked net: shapes, free axes, claims."""
