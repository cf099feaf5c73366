"""The database: its session and transactions, what differs between SQLite and PostgreSQL, and every trick of SQL."""
