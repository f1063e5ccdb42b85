"""Data files as far as their own format goes, read without a package for it: what a record means is said elsewhere."""
