VALUES ('a'), ('b')
