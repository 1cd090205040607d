"""Settings and places; a leaf that every room may import."""
