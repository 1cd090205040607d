"""What the cells of a table say together: tables, comparisons, and their formats."""
