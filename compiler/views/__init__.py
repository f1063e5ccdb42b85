"""A net for people: tables, drawings, prototxt."""
