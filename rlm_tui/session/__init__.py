"""Sessions as a whole: live, replayed, listed. Joins engine and store."""
