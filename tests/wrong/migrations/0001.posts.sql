-- Authors and their posts.
SET LOCAL lock_timeout = '1s';

CREATE TYPE post_state AS ENUM ('draft', 'shown', 'hidden');

CREATE DOMAIN slug AS text CHECK (value ~ '^[a-z-]+$');

CREATE TABLE authors (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    email text
);

CREATE TABLE posts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    author_id bigint NOT NULL,
    slug slug NOT NULL UNIQUE,
    title text NOT NULL,
    subtitle text,
    state post_state NOT NULL DEFAULT 'draft',
    tags text[] NOT NULL DEFAULT '{}',
    extra jsonb NOT NULL DEFAULT '{}',
    price numeric(10, 2) NOT NULL DEFAULT 0,
    shown_at timestamptz,
    local_at timestamp,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX ix_posts_author_id ON posts (author_id, shown_at, id);

-- As information_schema has one.
CREATE TABLE domains (
    name text PRIMARY KEY
);

CREATE VIEW shown_posts AS
SELECT id, author_id, slug, title FROM posts WHERE state = 'shown';

CREATE TABLE visits (
    id bigint NOT NULL,
    page text NOT NULL
) PARTITION BY RANGE (id);

CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (1) TO (1000);

CREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM (1000) TO (2000);
