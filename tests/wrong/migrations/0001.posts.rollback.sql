SET LOCAL lock_timeout = '1s';

DROP TABLE visits;

DROP VIEW shown_posts;

DROP TABLE domains;

DROP TABLE posts;

DROP TABLE authors;

DROP DOMAIN slug;

DROP TYPE post_state;
