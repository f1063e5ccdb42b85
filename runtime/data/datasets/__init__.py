"""Where images come from: each source as a data set of numbered samples."""
