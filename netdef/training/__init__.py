"""What ``netdef train`` does with its arguments."""
