"""What an answer is worth: the published scorers as they are, tolerant ones, and a judge."""
