"""What differs between two nets: layers matched by name and by structure, and what that means for trained weights."""
