SELECT posts.title
FROM json_array_elements_text(%(slugs)s) AS given (slug)
INNER JOIN posts ON given.slug = posts.slug
WHERE posts.author_id = %(author_id)s
