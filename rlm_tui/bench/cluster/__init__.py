"""A table's cells on the workers of a Dask cluster: several processes of this machine, or several machines.

Dask carries orders and short answers. Sessions, outcomes and claims go into the one store that everybody shares, so what
is true is the same as with one process, whoever is killed.
"""
