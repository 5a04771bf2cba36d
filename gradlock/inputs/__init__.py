"""What people write: the table of variants, and what is asked for."""
