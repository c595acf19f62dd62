-- The tables of the tests.
CREATE TABLE posts (
    post_id bigint PRIMARY KEY,
    title text NOT NULL,
    author jsonb NOT NULL,
    tags json NOT NULL,
    rating float8
)
