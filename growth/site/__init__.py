"""The pages for whoever uses the product: what is theirs, and what there is to know."""
