"""The store in a PostgreSQL database. Nothing here is loaded, nor its driver, unless such a store is used."""
