DELETE FROM pg_description
WHERE description = %(name)s
