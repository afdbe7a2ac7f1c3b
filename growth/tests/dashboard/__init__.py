"""Facts about the dashboard and the admin around it."""
