"""A session as something to read: a report in Markdown, or one page for the browser that needs nothing else."""
