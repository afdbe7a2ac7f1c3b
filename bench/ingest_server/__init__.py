"""The product as it is served, with the views beside it that ingest is compared with."""
