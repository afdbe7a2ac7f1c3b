"""What people decide about their own data: an answer, a copy, an end."""
