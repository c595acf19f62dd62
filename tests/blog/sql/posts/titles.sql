-- The titles of what some authors wrote.
SELECT posts.title
FROM posts
INNER JOIN json_array_elements_text(%(authors)s) AS author (name)
    ON posts.author ->> 'name' = author.name
ORDER BY posts.post_id
