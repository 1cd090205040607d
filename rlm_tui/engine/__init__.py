"""The RLM engine: nodes, turns, cells, calls, budgets, and the Gate that the operator controls it by."""
