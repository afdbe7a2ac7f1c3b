"""Questions about introductions, and how they come to be; one file a model."""
