INSERT INTO domains (name)
VALUES (%(name)s)
