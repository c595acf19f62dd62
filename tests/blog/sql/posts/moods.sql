-- The moods of a day.
VALUES ('calm'), ('loud')
