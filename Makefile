PYTHON ?= .venv/bin/python

.PHONY: test check format picture reference samples wheel

test:
	$(PYTHON) -m pytest

check:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest tests/test_architecture.py

format:
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

picture:
	$(PYTHON) docs/picture.py

reference:
	$(PYTHON) docs/reference.py

samples:
	$(PYTHON) sessions/record.py

wheel:
	$(PYTHON) -m hatchling build -t wheel
