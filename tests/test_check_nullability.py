"""What a check says of NULL in results, and that the server never says otherwise.

Each statement is run too: on tables that hold what is awkward, and on empty ones.
"""

import random
import re
from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Any

import pytest
from psycopg import Connection, RawCursor

from production_sql.check import nodes, nullability
from production_sql.check.catalog import Catalog
from production_sql.check.describe import connect, describe
from production_sql.check.scope import Scope
from production_sql.check.server import Server

SCHEMA = """
CREATE DOMAIN must AS int NOT NULL;
CREATE DOMAIN still_must AS must;
CREATE DOMAIN small AS int CHECK (VALUE < 1000);
CREATE TABLE a (
    id int PRIMARY KEY, name text NOT NULL, note text, data jsonb NOT NULL,
    at timestamptz NOT NULL, span int4range NOT NULL, tags text[] NOT NULL, n int,
    pos point NOT NULL
);
CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL, x int, label text NOT NULL, flag bool);
CREATE TABLE c (id int PRIMARY KEY, b int, y text);
CREATE TABLE d (id int PRIMARY KEY, m must, s small NOT NULL, t small);
CREATE TABLE loose (id int NOT NULL, v int NOT NULL{no_inherit});
CREATE TABLE looser () INHERITS (loose);
{weaken}
CREATE TABLE parted (id int NOT NULL, v int) PARTITION BY LIST (id);
CREATE TABLE part PARTITION OF parted (v NOT NULL) DEFAULT;
CREATE VIEW noted AS SELECT id, note, name FROM a WHERE note IS NOT NULL;
CREATE VIEW noted_above AS SELECT note, id, name || '.' AS dotted FROM noted;
CREATE VIEW counted AS SELECT id, a, x, label FROM b WHERE x IS NOT NULL;
CREATE VIEW pairs AS SELECT a.id, b.id AS b, b.label FROM a LEFT JOIN b ON b.a = a.id;
CREATE VIEW pairs_above AS SELECT b, count(*) AS rows, max(id) AS id FROM pairs GROUP BY b;
CREATE VIEW instead AS SELECT id, name FROM a;
CREATE MATERIALIZED VIEW kept AS SELECT id FROM b;
CREATE VIEW ruled AS SELECT id, name FROM a;
CREATE RULE ruled AS ON UPDATE TO ruled DO INSTEAD
    UPDATE a SET name = '' WHERE a.id = OLD.id RETURNING a.id, NULL::text;
CREATE FUNCTION blank() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN NEW.name := NULL; RETURN NEW; END';
CREATE TRIGGER blank INSTEAD OF INSERT OR UPDATE ON instead
    FOR EACH ROW EXECUTE FUNCTION blank();
CREATE FUNCTION lower(int) RETURNS text LANGUAGE sql RETURN NULL::text;
CREATE FUNCTION generate_series(text) RETURNS SETOF text LANGUAGE sql RETURN NULL::text;
CREATE FUNCTION never_equal(point, point) RETURNS bool LANGUAGE sql RETURN NULL::bool;
CREATE OPERATOR = (LEFTARG = point, RIGHTARG = point, FUNCTION = never_equal);
CREATE FUNCTION maybe() RETURNS int LANGUAGE sql RETURN CASE WHEN random() < 0.5 THEN 1 END;
CREATE FUNCTION nothing(int, int) RETURNS bool LANGUAGE sql RETURN NULL::bool;
CREATE OPERATOR ~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = nothing);
CREATE SEQUENCE numbers;
CREATE TYPE kind AS ENUM ('one');
CREATE FUNCTION tried(expression text) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE is_null bool;
    BEGIN
        -- IS NULL would be true of a row of NULL.
        EXECUTE 'SELECT (' || expression || ') IS NOT DISTINCT FROM NULL' INTO is_null;
        RETURN CASE WHEN is_null THEN 'null' ELSE 'value' END;
    EXCEPTION WHEN OTHERS THEN RETURN 'error';
    END $$;
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE far (id int NOT NULL) SERVER files
    OPTIONS (program 'echo', format 'csv');
"""
# A row without a partner on either side of each join, and a NULL wherever there can be one.
DATA = """
INSERT INTO a VALUES
    (1, 'one', NULL, '{"k": null, "t": "x"}', 'infinity', 'empty', '{}', NULL, '0,0'),
    (2, '', 'n', 'null', '-infinity', '(,)', '{NULL}', 5, '1,1'),
    (3, 'Three', '', '[]', '2020-02-29 12:00+00', '[1,5)', '{a,b}', -1, '2,2'),
    (7, 'seven', NULL, '[1]', '2020-02-29 12:00+00', '[1,)', '{c}', 0, '2,2');
INSERT INTO b VALUES (1, 1, NULL, 'l', NULL), (2, 1, 1, '', true), (3, 3, 2, 'm', false),
    (4, 99, NULL, 'z', NULL), (5, 98, 3, 'y', true);
INSERT INTO c VALUES (1, 1, NULL), (2, NULL, 'y'), (3, 3, 'z'), (4, 99, NULL), (9, 4, NULL);
INSERT INTO d VALUES (1, (SELECT m FROM d WHERE false), 1, NULL), (2, 2, 2, 2);
INSERT INTO looser VALUES (1, NULL), (2, 3);
INSERT INTO loose VALUES (3, 4);
INSERT INTO parted VALUES (1, 1);
REFRESH MATERIALIZED VIEW kept;
"""
TABLES = "a, b, c, d, loose, parted"
NOT_VALID = """
CREATE TABLE unproven (v int, w int); INSERT INTO unproven VALUES (NULL, 1);
ALTER TABLE unproven ADD NOT NULL v NOT VALID; ALTER TABLE unproven ADD NOT NULL w;
"""


@pytest.fixture(scope="module")
def conn(checking_server: Server) -> Iterator[Connection[Any]]:
    """A session on the schema above."""
    is_18 = checking_server.version >= 18
    # Since 18 a child cannot be weaker, but a constraint can be its table's alone.
    weaken = "ALTER TABLE looser ALTER v DROP NOT NULL;"
    with checking_server.database() as dsn, connect(dsn) as conn:
        script = SCHEMA.replace("{no_inherit}", " NO INHERIT" if is_18 else "")
        script = script.replace("{weaken}", "" if is_18 else weaken)
        conn.execute("CREATE SCHEMA own")
        conn.execute("SET search_path = own, pg_catalog")
        conn.execute(script + DATA + (NOT_VALID if is_18 else ""))
        yield conn


@pytest.fixture(scope="module")
def catalog(conn: Connection[Any]) -> Catalog:
    return Catalog(conn)


# Below a line with a name and with what is told of each column: ! is never NULL, ? is NULL
# in a row here, ~ is told to be NULL as it cannot be decided. Then which of the parameters
# are optional, and the PostgreSQL that it takes.
CASES = """
# Joins.
column | !?
    SELECT id, note FROM a
inner join | !!?
    SELECT a.id, b.label, b.x FROM a JOIN b ON b.a = a.id
left join | !?
    SELECT a.id, b.id FROM a LEFT JOIN b ON b.a = a.id
right join | ?!
    SELECT a.id, b.id FROM a RIGHT JOIN b ON b.a = a.id
full join | ??
    SELECT a.id, b.id FROM a FULL JOIN b ON b.a = a.id
cross join | !!
    SELECT a.id, b.id FROM a, b
full join using | !??
    SELECT id, a.id, b.id FROM a FULL JOIN b USING (id)
left join using | !?
    SELECT id, b.id FROM a LEFT JOIN b USING (id)
right join using | !?
    SELECT id, a.id FROM a RIGHT JOIN b USING (id)
full join using what can be null | ?
    SELECT n FROM a FULL JOIN (SELECT x AS n FROM b) AS s USING (n)
full join using two types | !
    SELECT id FROM a FULL JOIN (SELECT id::bigint FROM c) AS s USING (id)
natural full join | !
    SELECT id FROM a NATURAL FULL JOIN c
full join of a full join | !?
    SELECT id, c.id FROM a FULL JOIN b USING (id) FULL JOIN c USING (id)
full join using, within a left join | ?
    SELECT s.id FROM c LEFT JOIN (a FULL JOIN b USING (id)) AS s ON c.b = s.id
inner join over a left join | !?!
    SELECT b.id, b.x, c.id FROM a LEFT JOIN b ON b.a = a.id JOIN c ON c.b = b.id
left join of an inner join | ??
    SELECT b.x, c.y FROM a LEFT JOIN (b JOIN c ON c.id = b.x) ON b.a = a.id
inner join on the kept side | !?
    SELECT c.b, a.id FROM b JOIN c ON c.b = b.id LEFT JOIN a ON a.id = b.a
inner join on the kept side of a right join | !?
    SELECT c.b, a.id FROM a RIGHT JOIN (b JOIN c ON c.b = b.id) ON a.id = b.a
inner join on the other side of a right join | ?
    SELECT b.x FROM (b JOIN c ON c.id = b.x) RIGHT JOIN a ON b.a = a.id
condition of a left join | ?
    SELECT b.x FROM b LEFT JOIN c ON b.x = c.id
condition of a full join | ?
    SELECT b.x FROM b FULL JOIN c ON b.x = c.id
two left joins | !??
    SELECT a.id, b.id, c.id FROM a LEFT JOIN b ON b.a = a.id LEFT JOIN c ON c.b = b.id
join alias | !??
    SELECT j.id, j.y, j.b FROM (a JOIN c USING (id)) AS j
join alias, outer | ?
    SELECT j.label FROM (a LEFT JOIN b USING (id)) AS j
join alias, joined | ?
    SELECT j.name FROM c LEFT JOIN (a JOIN b USING (id)) AS j ON c.b = j.id
alias of using | !?
    SELECT j.id, b.id FROM a LEFT JOIN b USING (id) AS j
columns renamed | !
    SELECT t.p FROM (b LEFT JOIN c ON c.b = 0) AS t (p, q)
lateral | !?
    SELECT s.k, s.l FROM a LEFT JOIN b ON b.a = a.id, LATERAL (SELECT a.id, b.id) s(k, l)
left join lateral | !?
    SELECT a.id, s.v FROM a LEFT JOIN LATERAL (SELECT a.id AS v LIMIT 0) s ON true
lateral, narrowed outside | !
    SELECT s.v FROM b, LATERAL (SELECT b.x AS v) AS s WHERE b.x > 0
outer join in a subquery | !?
    SELECT k, l FROM (SELECT a.id, b.id FROM a LEFT JOIN b ON b.a = a.id) AS s (k, l)
# Subqueries.
scalar, maybe without a row | ?
    SELECT (SELECT id FROM a WHERE id = 77)
scalar, count | !
    SELECT (SELECT count(*) FROM b WHERE b.a = a.id) FROM a
scalar, count of none | ?
    SELECT (SELECT count(*) FROM a GROUP BY id LIMIT 0)
scalar, having | ?
    SELECT (SELECT count(*) FROM a HAVING count(*) > 99)
scalar, offset | ?
    SELECT (SELECT count(*) FROM a OFFSET 1)
scalar, limit | ?
    SELECT (SELECT count(*) FROM a LIMIT 0)
scalar, no table | !?
    SELECT (SELECT 1), (SELECT 1 WHERE false)
scalar, max | ?
    SELECT (SELECT max(id) FROM a)
scalar, series | ?
    SELECT (SELECT generate_series(1, 0))
scalar, of one with a row | !
    SELECT (SELECT v FROM (SELECT 1 AS v) AS s)
scalar, of one without a row | ?
    SELECT (SELECT v FROM (SELECT 1 AS v LIMIT 0) AS s, (VALUES (1)) AS t)
scalar, values | !!
    SELECT (SELECT v FROM (VALUES (1)) AS s (v)), (VALUES (1))
scalar, set operation | ?
    SELECT (SELECT 1 EXCEPT SELECT 1)
scalar, empty grouping | ~
    SELECT (SELECT 1 FROM a GROUP BY ())
exists and array | !!
    SELECT EXISTS (SELECT FROM a), ARRAY(SELECT note FROM a)
in | !?
    SELECT id IN (SELECT a FROM b), id IN (SELECT x FROM b) FROM a
null in | ?
    SELECT n IN (SELECT a FROM b) FROM a
a null constant in | ?
    SELECT NULL::int IN (SELECT a FROM b)
what makes a null, in | ?
    SELECT nullif(a, 3) IN (SELECT id FROM b) FROM b
not in | ?
    SELECT id NOT IN (SELECT b FROM c) FROM a
all | !?
    SELECT id > ALL (SELECT a FROM b), n > ALL (SELECT a FROM b) FROM a
rows in | ?
    SELECT (id, n) IN (SELECT id, a FROM b) FROM a
row of a subquery | ?
    SELECT (id, 1) = (SELECT id, a FROM b WHERE id = 77) FROM a
own operator, any | ?
    SELECT id ~~ ANY (SELECT id FROM b) FROM a
# Views and the like.
view | !!
    SELECT id, note FROM noted
view of a view | !!!
    SELECT id, note, dotted FROM noted_above
view, outer joined | ??
    SELECT v.id, v.note FROM c LEFT JOIN noted v ON c.b = v.id
view with an outer join | !??
    SELECT id, b, label FROM pairs
view of grouped rows | ?!!
    SELECT b, rows, id FROM pairs_above
view's row | !
    SELECT noted FROM noted
view's row, outer joined | ?
    SELECT v FROM c LEFT JOIN noted v ON c.b = v.id
materialized view | ~
    SELECT id FROM kept
foreign table | ?
    SELECT id FROM far
system view | ~
    SELECT schemaname FROM pg_tables
system table | !!?
    SELECT oid, relname, relacl FROM pg_class
sequence | ~
    SELECT last_value FROM numbers
weaker child | !?
    SELECT id, v FROM loose
weaker child itself | !?
    SELECT id, v FROM looser
partitions | !~
    SELECT id, v FROM parted
partition | !!
    SELECT id, v FROM part
constraint that is not valid | ?! | 18
    SELECT v, w FROM unproven
# Expressions.
constants | !?!!
    SELECT 1, NULL, 'a', ''::text
coalesce | !?!
    SELECT coalesce(note, ''), coalesce(note, n::text), coalesce(n, id) FROM a
case | !
    SELECT CASE WHEN id > 1 THEN 1 ELSE 2 END FROM a
case without else | ?
    SELECT CASE WHEN id > 1 THEN 1 END FROM a
case with a null | ?
    SELECT CASE id WHEN 1 THEN n ELSE 2 END FROM a
case that looks first | !!!!
    SELECT CASE WHEN n IS NOT NULL THEN n ELSE 0 END, CASE WHEN note IS NULL OR n IS NULL
    THEN 'x' ELSE note END, CASE WHEN n > 0 THEN 1 WHEN n IS NULL THEN 2 ELSE n END, CASE
    WHEN n IS NULL THEN 1 ELSE (SELECT a.n) END FROM a
case that looks elsewhere | ???!
    SELECT CASE WHEN n IS NOT NULL THEN 0 ELSE n END, CASE WHEN name IS NOT NULL THEN n ELSE
    0 END, CASE WHEN note IS NULL AND n IS NULL THEN 'x' ELSE note END, CASE id WHEN n THEN
    n ELSE 0 END FROM a
case that looks for the row | !??
    SELECT CASE WHEN b.id IS NULL THEN '' ELSE b.label END, CASE WHEN b.id IS NULL THEN 0
    ELSE b.x END, CASE WHEN a.id IS NULL THEN 0 ELSE b.id END FROM a LEFT JOIN b ON b.a =
    a.id
case around other rows | ?
    SELECT CASE WHEN x IS NULL THEN 0 ELSE first_value(x) OVER (ORDER BY id) END FROM b
nullif | ?
    SELECT nullif(id, 1) FROM a
greatest | !??
    SELECT greatest(id, n), least(n, n), greatest(NULL, n) FROM a
is null | !!!
    SELECT n IS NULL, flag IS UNKNOWN, a IS NULL FROM a, b
is distinct | !!
    SELECT n IS DISTINCT FROM id, n IS NOT DISTINCT FROM 1 FROM a
is distinct by an own operator | ?
    SELECT pos IS DISTINCT FROM pos FROM a
and | ??!
    SELECT id > 0 AND n > 1, id > 1 OR n > 9, NOT id > 1 FROM a
arithmetic | !!?!?
    SELECT id + 1, -id, id * n, name || '.', name || note FROM a
in a list | !??
    SELECT id IN (1, 2), n IN (1, 2), id IN (7, NULL) FROM a
any of a constructed array | ?
    SELECT id = ANY (ARRAY[2, n]) FROM a
any of arrays | ?
    SELECT id = ANY (ARRAY[ARRAY[77, NULL], ARRAY[1, 2]]) FROM a
any of an array | ?
    SELECT 'a' = ANY (tags) FROM a
any of a literal | ?
    SELECT id = ANY ('{NULL}') FROM a
own operator with a list | ?
    SELECT id ~~ ANY (ARRAY[1]) FROM a
own operator | ?
    SELECT id ~~ 1 FROM a
own function | ?!
    SELECT own.lower(id), pg_catalog.lower(name) FROM a
between | !?
    SELECT id BETWEEN 1 AND 2, id BETWEEN n AND 99 FROM a
like | !!?
    SELECT name LIKE 'o%', name ~ 'o', note LIKE '%' FROM a
rows | !??
    SELECT (id, 1) < (2, 3), (id, n) < (1, 3), ROW(1, n) = (1, 1) FROM a
row | !?
    SELECT ROW(n, note), (a).n FROM a
casts | !!?!!
    SELECT id::text, id::bigint, n::text, name::bytea, tags::text FROM a
time of the end of time | ??!
    SELECT at::time, at::timetz, at::timestamp FROM a
date of the end of time | !!
    SELECT at::date, date_trunc('day', at) FROM a
parts of the end of time | ??
    SELECT extract(day FROM at), to_char(at, '') FROM a
number of a json null | ? | 18
    SELECT (data -> 'k')::int FROM a WHERE jsonb_typeof(data) = 'object'
json members | ????
    SELECT data -> 't', data ->> 'k', data #>> '{k}', data -> 1 FROM a
json | !!!
    SELECT data || '{}', data ? 'k', jsonb_typeof(data) FROM a
json path | ??
    SELECT data @@ '$', jsonb_path_query_first(data, '$.z') FROM a
subscripts | ?~??
    SELECT tags[1], tags[1:2], (ARRAY[1])[2], data['k'] FROM a
range bounds | ??!
    SELECT lower(span), upper(span), lower_inc(span) FROM a
ranges | !!!!
    SELECT span * span, span @> 1, isempty(span), int4range(n, 9) FROM a
array functions | ?!
    SELECT array_length(tags, 1), cardinality(tags) FROM a
array constructor | !~!
    SELECT ARRAY[n], tags || note, array_append(tags, 'x') FROM a
substring | ?!
    SELECT substring(name, 'z'), substring(name FROM 9) FROM a
substring of a pattern | ?
    SELECT substring(name SIMILAR 'z' ESCAPE '#') FROM a
geometry | ??
    SELECT lseg '0,0,1,1' # lseg '0,0,1,1', path '[0,0]' + '(1,1)'
concat | !??
    SELECT concat(note), concat(VARIADIC NULL::text[]), note || '' FROM a
concat_ws | !?
    SELECT concat_ws(',', name), concat_ws(NULL, name) FROM a
format | !?
    SELECT format('%s', name), format(note, 'x') FROM a
numbers of nulls | !?
    SELECT num_nulls(n), num_nulls(VARIADIC NULL::int[]) FROM a
json builders | !!
    SELECT json_build_object('k', n), jsonb_build_array(n) FROM a
json builder of none | ?
    SELECT json_build_array(VARIADIC NULL::int[])
to_jsonb | !?!!
    SELECT to_jsonb(id), to_jsonb(n), to_jsonb(a), row_to_json(a) FROM a
to_jsonb, outer joined | ?
    SELECT to_jsonb(b) FROM a LEFT JOIN b ON b.a = a.id
named arguments | !?
    SELECT make_interval(days => id), make_interval(days => n) FROM a
the moment | !!!~
    SELECT now(), CURRENT_DATE, CURRENT_USER, CURRENT_SCHEMA
settings | !?
    SELECT current_setting('port'), current_setting('o.o', true)
random | !!!
    SELECT random(), gen_random_uuid(), pg_backend_pid()
random between | !? | 17
    SELECT random(1, 2), random(1, NULL::int)
nextval | !?
    SELECT nextval('numbers'), nextval(NULL)
uuidv7 | !? | 18
    SELECT uuidv7(), uuidv7(NULL::interval)
string functions | !!!
    SELECT upper(name), left(name, 1), split_part(name, ',', 2) FROM a
collation | !?
    SELECT name COLLATE "C", note COLLATE "C" FROM a
domains | !??
    SELECT s, t, m FROM d
cast to a domain | ?!
    SELECT n::small, id::small FROM a
cast to a domain that is not null | !!
    SELECT x::must, x::still_must FROM b WHERE coalesce(x, 0) = 1
is json | !?
    SELECT name IS JSON, note IS JSON FROM a
# JSON constructors.
json_object | !!!
    SELECT JSON_OBJECT('k': n), JSON_ARRAY(n, note), JSON_ARRAY() FROM a
json_array of a query | ?
    SELECT JSON_ARRAY(SELECT n FROM a WHERE id = 77)
json_arrayagg | ??
    SELECT JSON_ARRAYAGG(n), JSON_OBJECTAGG(id: n) FROM a
json_arrayagg of groups | !!
    SELECT JSON_ARRAYAGG(n), JSON_OBJECTAGG(id: n ABSENT ON NULL WITH UNIQUE KEYS) FROM a
    GROUP BY id
json() | !!? | 17
    SELECT JSON('1'), JSON_SCALAR(id), JSON_SCALAR(n) FROM a
json_serialize | !? | 17
    SELECT JSON_SERIALIZE(data), JSON_SERIALIZE(NULL) FROM a
json as another type | !~
    SELECT JSON_OBJECT('k': n RETURNING text), JSON_ARRAY(n RETURNING varchar(9)) FROM a
json_value | ?? | 17
    SELECT JSON_VALUE(data, '$.k'), JSON_QUERY(data, '$.z') FROM a
json_exists | ~ | 17
    SELECT JSON_EXISTS(data, '$.k' UNKNOWN ON ERROR) FROM a
json_table | ? | 17
    SELECT t.v FROM a, JSON_TABLE(data, '$' COLUMNS (v int PATH '$.z')) AS t
# Aggregates and groups.
count | !!!
    SELECT count(*), count(n), count(n) FILTER (WHERE id > 9) FROM a
aggregates of all rows | ???
    SELECT max(id), sum(id), json_agg(id) FROM a
aggregates of groups | !!?!
    SELECT label, max(a), sum(x), array_agg(x) FROM b GROUP BY label
aggregates with a filter | ?
    SELECT max(id) FILTER (WHERE id > 5) FROM b GROUP BY a
string_agg | !?
    SELECT string_agg(label, NULL), string_agg(y, ',') FROM b, c GROUP BY b.a, c.id
json_object_agg | !!
    SELECT json_object_agg(id, x), jsonb_agg(x) FROM b GROUP BY a
statistics of a group | ?!!
    SELECT stddev(id), avg(id), regr_count(id, x) FROM b GROUP BY a
ordered set | ?
    SELECT mode() WITHIN GROUP (ORDER BY x) FROM b GROUP BY a
hypothetical set | !
    SELECT rank(1) WITHIN GROUP (ORDER BY x) FROM b WHERE false
group by what can be null | ?!
    SELECT x, count(*) FROM b GROUP BY x
group by an expression | !?
    SELECT coalesce(x, 0), x + 1 FROM b GROUP BY coalesce(x, 0), x + 1
group by, outer joined | ?
    SELECT b.id FROM a LEFT JOIN b ON b.a = a.id GROUP BY b.id
group by a key | !?!
    SELECT name, note, max(b.id) FROM a JOIN b ON b.a = a.id GROUP BY a.id
having | !!
    SELECT a, max(id) FROM b GROUP BY a HAVING count(*) > 1
grouping sets | ??
    SELECT id, label FROM b GROUP BY GROUPING SETS (id, label)
rollup | ??!!?
    SELECT a, label, count(*), GROUPING(a), max(id) FROM b GROUP BY ROLLUP (a, label)
cube | !?
    SELECT coalesce(a, 0), a + 1 FROM b GROUP BY CUBE (a)
rollup of an expression | ?
    SELECT coalesce(x, 0) FROM b GROUP BY ROLLUP (coalesce(x, 0))
rollup of an expression, within another | ?!
    SELECT 1 + coalesce(x, 0), coalesce(coalesce(x, 0), -1) FROM b GROUP BY ROLLUP
    (coalesce(x, 0))
rollup with a condition | ?
    SELECT x FROM b WHERE x > 0 GROUP BY ROLLUP (x)
rollup with a condition on an expression | ?!
    SELECT x + 1, coalesce(x + 1, 0) FROM b WHERE x + 1 > 0 GROUP BY ROLLUP (x)
rollup in a subquery | ?
    SELECT s.a FROM (SELECT a FROM b GROUP BY ROLLUP (a)) AS s
rollup, seen from a subquery | ??
    SELECT (SELECT b.a), (SELECT count(*) + b.a FROM c) FROM b GROUP BY ROLLUP (a)
a group, seen from a subquery | !?
    SELECT (SELECT b.a), (SELECT b.x) FROM b GROUP BY a, x
aggregate of an outer query | !
    SELECT (SELECT max(b.id)) FROM b GROUP BY a
distinct on | ?!
    SELECT DISTINCT ON (x) x, id FROM b ORDER BY x
distinct | !?
    SELECT DISTINCT label, x FROM b
# Windows.
ranks | !!!
    SELECT row_number() OVER (), rank() OVER w, cume_dist() OVER w FROM b WINDOW w AS (ORDER
    BY x)
ntile | !?
    SELECT ntile(2) OVER (), ntile(x) OVER (ORDER BY x NULLS FIRST) FROM b
lag | ?!?
    SELECT lag(id) OVER w, lag(id, 1, 0) OVER w, lead(id, x, 0) OVER w FROM b WINDOW w AS
    (ORDER BY id)
sum of a window | !?
    SELECT sum(id) OVER (PARTITION BY a), sum(x) OVER (PARTITION BY id) FROM b
count of a window | !
    SELECT count(x) OVER (ROWS 1 PRECEDING) FROM b
running sum | !!
    SELECT sum(id) OVER (ORDER BY id), first_value(id) OVER (ORDER BY x) FROM b
window with a filter | ?
    SELECT max(id) FILTER (WHERE x > 1) OVER () FROM b WHERE id = 1
frame without the row | ?????
    SELECT sum(id) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING), sum(id) OVER
    (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), sum(id) OVER (ORDER BY
    id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING), sum(id) OVER (ORDER BY id ROWS
    UNBOUNDED PRECEDING EXCLUDE CURRENT ROW), max(id) OVER (ORDER BY id GROUPS UNBOUNDED
    PRECEDING EXCLUDE GROUP) FROM b
frame to the end | !
    SELECT max(id) OVER (ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM b
nth_value | ?
    SELECT nth_value(id, 9) OVER () FROM b
# Conditions.
is not null | !~
    SELECT x, flag FROM b WHERE x IS NOT NULL OR x > 1
equal | !?
    SELECT n, note FROM a WHERE n = 5 OR n = 0
or | ??
    SELECT n, note FROM a WHERE n = 5 OR note = 'n' OR id = 1
and of conditions | !!
    SELECT x, flag FROM b WHERE x > 0 AND flag
not | !~
    SELECT flag, x FROM b WHERE NOT flag
is true | !
    SELECT flag FROM b WHERE flag IS TRUE
is not false | ?
    SELECT flag FROM b WHERE flag IS NOT FALSE
is not unknown | !
    SELECT flag FROM b WHERE flag IS NOT UNKNOWN
is null condition | ?
    SELECT x FROM b WHERE x IS NULL
not null by way of functions | !
    SELECT note FROM a WHERE lower(note) LIKE 'n%'
in a list condition | !
    SELECT x FROM b WHERE x IN (1, 2)
not in a list condition | ~
    SELECT x FROM b WHERE x <> ALL (ARRAY[99])
all of none | ?
    SELECT x FROM b WHERE x <> ALL ('{}')
in a subquery condition | !
    SELECT x FROM b WHERE x IN (SELECT id FROM a)
not in a subquery condition | ?
    SELECT x FROM b WHERE x NOT IN (SELECT 1 WHERE false)
distinct condition | ?
    SELECT x FROM b WHERE x IS DISTINCT FROM 1
coalesce condition | ?
    SELECT x FROM b WHERE coalesce(x, 1) = 1
expression condition | !?
    SELECT data ->> 't', data ->> 'k' FROM a WHERE data ->> 't' IS NOT NULL
subscript condition | !?
    SELECT tags[1], tags[2] FROM a WHERE tags[1] = 'c'
volatile condition | ?
    SELECT own.maybe() FROM generate_series(1, 99) WHERE own.maybe() IS NOT NULL
condition on an outer join | !!
    SELECT b.x, b.id FROM a LEFT JOIN b ON b.a = a.id WHERE b.x > 0
condition in a join | !?
    SELECT c.b, c.y FROM b JOIN c ON c.b = b.id
condition on the row of an outer join | !??
    SELECT b.label, c.b, c.y FROM a LEFT JOIN b ON b.a = a.id LEFT JOIN c ON c.b = b.id
    WHERE b.id > 0 OR b.x > 9
condition in an outer join | ?
    SELECT b.x FROM a LEFT JOIN b ON b.x > 8
condition in a subquery | !!
    SELECT s.x, s.id FROM (SELECT x, id FROM b WHERE x > 0) AS s
condition of the outer query | !?
    SELECT (SELECT b.x), (SELECT c.b FROM c WHERE c.b > 99) FROM b WHERE x > 0
condition with a group | !!
    SELECT x, max(x) FROM b WHERE x > 0 GROUP BY x
condition on the row | !
    SELECT s.v FROM (SELECT b AS v FROM a LEFT JOIN b ON b.a = a.id) AS s WHERE s.v IS NOT
    NULL
parameter condition | ! | ?
    SELECT $1::text FROM a WHERE $1 IS NOT NULL
# Functions in FROM.
series | !
    SELECT i FROM generate_series(1, 3) AS i
own series | ?
    SELECT i FROM own.generate_series('') AS i
series, outer joined | ?
    SELECT i FROM a LEFT JOIN generate_series(5, 6) AS i ON i = id
unnest | ?!
    SELECT t, o FROM a, unnest(tags) WITH ORDINALITY AS u (t, o)
ordinality, outer joined | ?
    SELECT o FROM a LEFT JOIN unnest(tags) WITH ORDINALITY AS u (t, o) ON true
two series | ?~!
    SELECT i, j, o FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) WITH
    ORDINALITY AS s (i, j, o)
json elements | !?
    SELECT e, f FROM jsonb_array_elements('[null]') e, jsonb_array_elements_text('[null]') f
json members in from | !!?
    SELECT e.key, e.value, f.value FROM jsonb_each('{"k": null}') e, jsonb_each_text('{"k":
    null}') f
series with another | ?~
    SELECT generate_series(1, 2), generate_series(1, 3)
scalar function | ?
    SELECT f FROM current_setting('o.o', true) AS f
function's row | !
    SELECT g FROM generate_series(1, 2) WITH ORDINALITY AS g
columns of a record | ?
    SELECT r.k FROM jsonb_to_record('{}') AS r (k int)
# Rows and system columns.
row reference | !?
    SELECT s, t FROM a AS s LEFT JOIN b AS t ON t.a = s.id
system columns | !!?
    SELECT a.ctid, a.tableoid, b.xmin FROM a LEFT JOIN b ON b.a = a.id
subquery's row | !
    SELECT s FROM (SELECT NULL) AS s
subquery's row, outer joined | ?
    SELECT s FROM a LEFT JOIN (SELECT 1 AS v) AS s ON a.id = 1
join's row | !
    SELECT j FROM (a LEFT JOIN b USING (id)) AS j
join's row, outer joined | ?
    SELECT j FROM c LEFT JOIN (a JOIN b USING (id)) AS j ON c.b = j.id
# Set operations, VALUES and WITH.
union | !?
    SELECT id, n FROM a UNION SELECT id, a FROM b
union all of nulls | ?
    SELECT id FROM a UNION ALL SELECT NULL
except | !
    SELECT id FROM a EXCEPT SELECT x FROM b
except, of nulls | ?
    SELECT x FROM b EXCEPT SELECT id FROM a
intersect | ?
    SELECT x FROM b INTERSECT SELECT n FROM a
intersect, narrowed | ~
    SELECT x FROM b INTERSECT SELECT id FROM a
three | ?
    (SELECT 1 EXCEPT SELECT NULL) UNION ALL (SELECT 2 UNION SELECT NULL)
union in a subquery | ?
    SELECT v FROM (SELECT id FROM a UNION ALL SELECT x FROM b) AS s (v)
values | !?
    VALUES (1, NULL), (2, 3)
values in from | ?!
    SELECT v, w FROM (VALUES (1, 2), (NULL, 3)) AS s (v, w)
values, lateral | ?
    SELECT v FROM a, LATERAL (VALUES (a.id), (a.n)) AS s (v)
with | !?
    WITH w AS (SELECT id, n FROM a) SELECT id, n FROM w
with, of a subquery | ?!
    WITH w AS (SELECT n FROM a) SELECT (SELECT max(n) FROM w), (SELECT count(n) FROM w)
with, twice the name | !
    WITH w AS (SELECT n FROM a) SELECT v.id FROM (WITH w AS (SELECT id FROM a) SELECT id
    FROM w) AS v, w
recursive | !
    WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT n
    FROM r
recursive, null later | !???
    WITH RECURSIVE r AS (SELECT 1 AS n, 1 AS m, NULL::int AS l, 1 AS k UNION ALL SELECT n +
    1, l, k, m FROM r WHERE n < 5) SELECT n, m, l, k FROM r
recursive, outer joined | ?
    WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT b.id FROM r LEFT JOIN b ON b.id =
    r.n + 1 WHERE r.n < 9) SELECT n FROM r
recursive search | !~
    WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SEARCH
    DEPTH FIRST BY n SET o SELECT n, o FROM r
# Parameters.
parameter | ! | !
    SELECT $1::int
optional parameter | ?! | ?!
    SELECT $1::int, $2::int
parameter or | !? | ?!
    SELECT coalesce($1::int, $2::int), $1 + id FROM a
parameter in a subquery | ? | ?
    SELECT v FROM (SELECT $1::text || name FROM a) s (v)
any of a parameter | ? | ?
    SELECT id = ANY (ARRAY[$1::int]) FROM a
array parameter | ? | ?
    SELECT u FROM unnest(ARRAY[$1::int]) u
# Statements that write.
insert | !~!
    INSERT INTO b VALUES (6, 1, 1, 'l', true) RETURNING id, x, b
insert nothing | ?!
    INSERT INTO b (id, a, label) VALUES (6, 1, '') RETURNING x, id
upsert | !?!!
    INSERT INTO b AS t VALUES (1, 1, 1, 'l', true), (6, 1, NULL, '', true) ON CONFLICT (id)
    DO UPDATE SET x = EXCLUDED.x WHERE t.x IS NULL RETURNING id, x, t.label, (xmax = 0)
update | !!? | !
    UPDATE b SET label = $1 RETURNING id, label, x
update to null | ?!
    UPDATE a SET n = NULL WHERE n = 5 RETURNING n, id
update from | !??
    UPDATE b SET x = NULL FROM c WHERE c.b = b.id RETURNING c.b, c.y, b.x
update from an outer join | ?!
    UPDATE b SET x = 1 FROM c LEFT JOIN a ON a.id = c.b WHERE c.id = b.id RETURNING a.id,
    c.id
update of rows | ~!
    UPDATE b SET (x, label) = (SELECT n, name FROM a WHERE id = 2) RETURNING x, label
delete | !!~
    DELETE FROM b WHERE x = 1 RETURNING id, x, flag
delete using | ?!?
    DELETE FROM b USING c WHERE c.b = b.id RETURNING c.y, c.b, b.x
returning a subquery | ~?
    DELETE FROM b RETURNING (SELECT max(id) FROM c), (SELECT b.x)
with insert | !?
    WITH w AS (INSERT INTO b (id, a, label) VALUES (6, 1, '') RETURNING id, x) SELECT id, x
    FROM w
with delete | !~!
    WITH w AS (DELETE FROM b WHERE x > 0 RETURNING *) SELECT x, flag, w FROM w
with update, outer joined | !?
    WITH w AS (UPDATE b SET x = 1 WHERE id = 1 RETURNING id, x) SELECT a.id, w.id FROM a
    LEFT JOIN w ON w.id = a.id
with of an insert | !?
    WITH w AS (SELECT 6 AS i) INSERT INTO b SELECT i, i, NULL, '' FROM w RETURNING id, x
outcome | !
    WITH w AS (DELETE FROM b WHERE id = 1 RETURNING id) SELECT CASE WHEN EXISTS (SELECT FROM
    w) THEN 'd' ELSE 'n' END
into a partitioned table | !~
    INSERT INTO parted VALUES (1, 2) RETURNING id, v
insert into a view | !??
    INSERT INTO counted VALUES (8, 1, NULL, '') RETURNING id, x, x + id
update of a view | !?!
    UPDATE noted SET note = NULL RETURNING id, note, name
update of a view of a view | !?!
    UPDATE noted_above SET note = NULL RETURNING id, note, dotted
delete from a view | !!!
    DELETE FROM noted_above RETURNING id, dotted, noted_above
subquery in a view's update | ?~
    UPDATE noted SET note = NULL RETURNING (SELECT noted.note), (SELECT note FROM noted
    LIMIT 1)
trigger instead of an insert | ~?
    INSERT INTO instead VALUES (1, 'x') RETURNING id, name
rule instead of an update | ~?
    UPDATE ruled SET id = id WHERE id = 1 RETURNING id, name
of a domain | !??
    UPDATE d SET t = NULL RETURNING s, t, m
merge | !!?!? | 17
    MERGE INTO b USING c ON b.id = c.id WHEN MATCHED THEN UPDATE SET x = 7 WHEN NOT MATCHED
    THEN INSERT VALUES (c.id, 1, NULL, '') RETURNING merge_action(), b.id, b.x, c.id, c.y
merge with a row that no source has | !?? | 17
    MERGE INTO b USING c ON b.id = c.id WHEN NOT MATCHED BY SOURCE THEN DELETE RETURNING
    b.id, c.id, c.ctid
merge, condition | ? | 17
    MERGE INTO b USING c ON b.x = c.id WHEN MATCHED THEN UPDATE SET x = NULL RETURNING b.x
insert, old and new | ?!?! | 18
    INSERT INTO b VALUES (6, 1, 1, 'l', true) RETURNING old.id, new.id, old, new
upsert, old and new | ?! | 18
    INSERT INTO b VALUES (1, 1, 1, 'l', true), (6, 1, 1, '', true) ON CONFLICT (id) DO
    UPDATE SET x = EXCLUDED.x RETURNING old.id, new.id
update, old and new | !?!! | 18
    UPDATE b SET x = NULL WHERE x > 0 RETURNING old.x, new.x, old.id, new.id
delete, old and new | !??! | 18
    DELETE FROM b WHERE x > 0 RETURNING old.x, new.x, new.id, old
merge, old and new | ?? | 18
    MERGE INTO b USING c ON b.id = c.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN
    INSERT VALUES (c.id, 1, NULL, '') RETURNING old.id, new.id
merge that updates, old and new | !!? | 18
    MERGE INTO b USING c ON b.id = c.id WHEN MATCHED THEN UPDATE SET x = 1 RETURNING old.id,
    new.id, old.x
# Names.
odd names | !!!!?
    SELECT 1 AS "a\u00a0b", 2 AS "{(\\ ", 3 AS "[", 4 AS "<>", n AS "a""b" FROM a
odd names within | !?
    SELECT "\u2003", "<>" FROM (SELECT id, n FROM a) AS ":x" ("\u2003", "<>")
"""


def cases() -> Iterator[Any]:
    for text in re.split(r"\n(?=\S)", CASES.strip()):
        head, _, statement = text.partition("\n")
        if not head.startswith("#"):
            name, told, *more = head.split(" | ")
            optional = [each for each in more if not each.isdigit()]
            since = [int(each) for each in more if each.isdigit()]
            flags = [flag == "?" for each in optional for flag in each]
            yield pytest.param(statement, told, flags, max([16, *since]), id=name)


@pytest.mark.parametrize(("statement", "told", "optional", "since"), list(cases()))
def test_tells_what_can_be_null_and_no_result_differs(
    conn: Connection[Any],
    catalog: Catalog,
    statement: str,
    told: str,
    optional: Sequence[bool],
    since: int,
) -> None:
    if conn.info.server_version < since * 10000:
        pytest.skip(f"it takes PostgreSQL {since}")
    facts = describe(conn, catalog, statement, optional)
    assert [output.can_be_null for output in facts.outputs] == [t != "!" for t in told]

    # Of what can be NULL one is, or the case would show nothing.
    found = nulls(conn, statement, optional)
    assert [column in found for column in range(len(told))] == [t == "?" for t in told]


def nulls(conn: Connection[Any], statement: str, optional: Sequence[bool]) -> set[int]:
    """Return the columns with a NULL in them, on filled or on empty tables.

    The statement is executed with each combination of parameters that are there or not.
    """
    found: set[int] = set()
    for is_empty in (False, True):
        for values in product(*(("1", None) if each else ("1",) for each in optional)):
            with conn.transaction(force_rollback=True), RawCursor(conn) as cursor:
                if is_empty:
                    cursor.execute(f"TRUNCATE {TABLES}")
                result = cursor.execute(statement, values or None).pgresult
                assert result is not None
                # As it is sent: psycopg makes a None of a JSON null too.
                cells = product(range(result.ntuples), range(result.nfields))
                found |= {
                    column for row, column in cells if result.get_value(row, column) is None
                }
    return found


TRUTHS = ["TRUE", "NOT FALSE", "NOT UNKNOWN"]
COLUMNS = {
    "a": ["id", "n"],
    "b": ["id", "a", "x"],
    "c": ["id", "b"],
    "d": ["s", "t", "m"],
    "loose": ["id", "v"],
    "parted": ["id", "v"],
    "pairs": ["id", "b"],
    "pairs_above": ["b", "id"],
    "counted": ["id", "x"],
}


class Statements:
    """Makes statements at random, of integers."""

    WRITTEN = ("a", "b", "c", "counted")

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.number = 0

    def name(self) -> str:
        self.number += 1
        return f"t{self.number}"

    def statement(self) -> str:
        """Return one of those that read, or now and then one that writes."""
        if self.random.random() < 0.75:
            return self.query(3, [])
        table = self.random.choice(self.WRITTEN)
        own = [f"t.{column}" for column in COLUMNS[table]]
        item, columns = self.source(1, [])
        both = own + columns
        returned = ", ".join(f"{self.value(both, 1)} AS r{i}" for i in range(3))
        condition = self.condition(both, 1)
        if self.random.random() < 0.5:
            write = f"DELETE FROM {table} AS t USING {item}"
        else:
            column = COLUMNS[table][-1]
            value = self.random.choice(["NULL", "1", self.value(both, 1)])
            write = f"UPDATE {table} AS t SET {column} = {value}::int FROM {item}"
        write += f" WHERE {condition} RETURNING {returned}"
        if self.random.random() < 0.5:
            return write
        kind = self.random.choice(["LEFT", "RIGHT", "INNER"])
        other = self.random.choice(list(COLUMNS))
        return (
            f"WITH w AS ({write}) SELECT w.*, o FROM w {kind} JOIN {other} AS o"
            f" ON w.r0 = o.{COLUMNS[other][0]}"
        )

    def query(self, depth: int, outer: list[str], width: int = 3) -> str:
        chance = self.random.random()
        if depth and chance < 0.12:
            operation = self.random.choice(["UNION ALL", "UNION", "EXCEPT", "INTERSECT"])
            sides = [self.query(depth - 1, outer, width) for _ in range(2)]
            return f"({sides[0]}) {operation} ({sides[1]})"
        if depth and chance < 0.2:
            row = ["NULL::bigint", "1", *outer]
            rows = [[self.random.choice(row) for _ in range(width)] for _ in range(2)]
            return "VALUES " + ", ".join(f"({', '.join(each)})" for each in rows)
        prefix = ""
        item, columns = self.source(depth, outer)
        if depth and chance < 0.35:
            name = self.name()
            prefix = f"WITH {name} (p, q, r) AS ({self.query(depth - 1, outer)}) "
            kind = self.random.choice(["LEFT", "RIGHT", "INNER"])
            item += f" {kind} JOIN {name} ON {self.condition(columns, 0)}"
            columns += [f"{name}.{column}" for column in "pqr"]
        every = columns + outer
        where = f" WHERE {self.condition(every, 2)}" if self.random.random() < 0.5 else ""
        if self.random.random() < 0.3:
            keys = [self.value(columns, 1) for _ in range(2)]
            sets = self.random.choice(
                ["{}, {}", "ROLLUP ({}, {})", "GROUPING SETS ({}, {})"]
            )
            values = [self.grouped(keys, columns) for _ in range(width)]
            tail = " GROUP BY " + sets.format(*keys)
        else:
            values = [self.value(every, 2) for _ in range(width)]
            if self.random.random() < 0.2:
                over = f"{self.windowed(every)} OVER (ORDER BY {columns[0]})"
                values[0] = f"CASE WHEN {every[0]} IS NULL THEN 0 ELSE {over} END"
            tail = self.random.choice(["", "", "", " LIMIT 3"])
        return f"{prefix}SELECT {', '.join(values)} FROM {item}{where}{tail}"

    def source(self, depth: int, outer: list[str]) -> tuple[str, list[str]]:
        """Return what stands in FROM, and its columns."""
        chance = self.random.random() if depth else 1
        name = self.name()
        if chance < 0.2:
            query = self.query(depth - 1, outer)
            lateral = "LATERAL " if outer else ""
            return f"{lateral}({query}) AS {name} (p, q, r)", [f"{name}.{c}" for c in "pqr"]
        if chance < 0.3:
            kind = self.random.choice(["FULL", "LEFT", "RIGHT", "INNER"])
            one, two = self.random.sample(["a", "b", "c"], 2)
            columns = {*COLUMNS[one], *COLUMNS[two]}
            join = f"({one} {kind} JOIN {two} USING (id)) AS {name}"
            return join, [f"{name}.{column}" for column in sorted(columns)]
        if chance < 0.85:
            return self.join(depth)
        table = self.random.choice(list(COLUMNS))
        return f"{table} AS {name}", [f"{name}.{column}" for column in COLUMNS[table]]

    def join(self, depth: int) -> tuple[str, list[str]]:
        kind = self.random.choice(["LEFT", "LEFT", "RIGHT", "FULL", "INNER", "INNER"])
        left, ours = self.source(depth - 1, [])
        is_lateral = kind in ("LEFT", "INNER") and self.random.random() < 0.3
        right, theirs = self.source(depth - 1, ours if is_lateral else [])
        # What a full join is on, the server wants to sort or to hash by.
        on = f"{self.random.choice(ours)} = {self.random.choice(theirs)}"
        if kind != "FULL" and self.random.random() < 0.5:
            on = self.condition(ours + theirs, 1)
        return f"({left} {kind} JOIN {right} ON {on})", ours + theirs

    def grouped(self, keys: list[str], columns: list[str]) -> str:
        function = self.random.choice(["max", "count", "sum", "GROUPING"])
        key = self.random.choice(keys)
        choices = [
            key,
            f"coalesce({key}, 0)",
            f"{key} + 1",
            f"CASE WHEN {key} IS NOT NULL THEN {self.random.choice(keys)} ELSE 0 END",
            f"GROUPING({key})",
            f"{function}({self.value(columns, 0)})"
            if function != "GROUPING"
            else "count(*)",
            f"max({self.value(columns, 0)}) FILTER (WHERE {self.condition(columns, 0)})",
        ]
        return f"({self.random.choice(choices)})::bigint"

    def windowed(self, columns: list[str]) -> str:
        column = self.random.choice(columns)
        functions = [f"sum({column})", f"lag({column})", "rank()", f"first_value({column})"]
        return self.random.choice(functions)

    def value(self, columns: list[str], depth: int) -> str:
        column = self.random.choice(columns)
        if not depth or self.random.random() < 0.4:
            return column
        inner = self.value(columns, depth - 1)
        table = self.random.choice(list(COLUMNS))
        name = self.name()
        own = [f"{name}.{each}" for each in COLUMNS[table]]
        chosen, condition = self.random.choice(own), self.condition(own + columns, 0)
        return self.random.choice(
            [
                f"coalesce({inner}, {column})",
                f"greatest({inner}, {column})",
                f"({inner} + {column})",
                f"nullif({inner}, 1)",
                f"(CASE WHEN {self.condition(columns, 1)} THEN {inner} ELSE 0 END)",
                f"(CASE WHEN {column} IS NULL THEN 0 ELSE {inner} END)",
                f"(SELECT count({chosen}) FROM {table} AS {name} WHERE {condition})",
                f"(SELECT max({chosen}) FROM {table} AS {name} WHERE {condition})",
                f"({inner} IN (SELECT {chosen} FROM {table} AS {name}))::int",
                f"({self.condition(columns, depth - 1)})::int",
                f"(SELECT {inner})",
            ]
        )

    def condition(self, columns: list[str], depth: int) -> str:
        one, two = self.random.choice(columns), self.random.choice(columns)
        if depth:
            inner = [self.condition(columns, depth - 1) for _ in range(2)]
            value = self.value(columns, depth - 1)
            nested = [
                f"({inner[0]} AND {inner[1]})",
                f"({inner[0]} OR {inner[1]})",
                f"NOT ({inner[0]})",
                f"({inner[0]}) IS {self.random.choice(TRUTHS)}",
                f"{value} IS NOT NULL",
                f"{value} < 5",
            ]
            if self.random.random() < 0.7:
                return self.random.choice(nested)
        return self.random.choice(
            [
                f"{one} = {two}",
                f"{one} > 0",
                f"{one} IS NULL",
                f"{one} IS NOT NULL",
                f"{one} IS DISTINCT FROM {two}",
                f"{one} IN (1, {two})",
                f"{one} <> ALL ('{{}}')",
                f"{one} NOT IN (SELECT id FROM c)",
                "true",
            ]
        )


@pytest.mark.parametrize("seed", range(4))
def test_says_not_null_of_no_column_of_random_statements_that_is(
    conn: Connection[Any], catalog: Catalog, seed: int
) -> None:
    made = Statements(seed)
    told = 0
    for _ in range(25):
        statement = made.statement()
        facts = describe(conn, catalog, statement, [])
        safe = {at for at, each in enumerate(facts.outputs) if not each.can_be_null}
        told += len(safe)
        assert not safe & nulls(conn, statement, []), statement
    assert told > 20


# What is awkward of each type; those of arrays, records and the like are made of these.
VALUES = {
    '"char"': ["", "a"],
    "aclitem": ["=r/postgres"],
    "bigint": ["-1", "0", "7"],
    "bit": ["", "1"],
    "bit varying": ["", "10"],
    "boolean": ["true", "false"],
    "box": ["(0,0),(1,1)"],
    "bytea": ["", r"\x6100"],
    "character": ["", "a"],
    "character varying": ["", "a"],
    "cid": ["0"],
    "cidr": ["0.0.0.0/0", "::1"],
    "circle": ["<(0,0),0>", "<(0,0),1>"],
    "date": ["infinity", "-infinity", "2020-02-29"],
    "double precision": ["NaN", "Infinity", "-Infinity", "0", "0.5", "3"],
    "inet": ["0.0.0.0/0", "::1"],
    "int2vector": ["", "1 2"],
    "integer": ["-1", "0", "7"],
    "interval": ["1 day", "0", "-1 mon 3 sec"],
    "json": ["null", "[]", "{}", '"a"', "1", "[null]", '{"a": null}'],
    "jsonb": ["null", "[]", "{}", '"a"', "1", "[null]", '{"a": null}'],
    "line": ["{1,0,0}"],
    "lseg": ["[(0,0),(1,1)]"],
    "macaddr": ["00:00:00:00:00:00"],
    "macaddr8": ["00:00:00:00:00:00:00:00", "00:00:00:ff:fe:00:00:00"],
    "money": ["0", "-1"],
    "name": ["", "a", "UTF8"],
    "numeric": ["NaN", "Infinity", "-Infinity", "0", "-1.5", "2"],
    "oid": ["0", "1259"],
    "oidvector": ["", "1 2"],
    "path": ["[(0,0),(1,1)]", "((0,0),(1,1))"],
    "pg_lsn": ["0/0"],
    "point": ["(0,0)"],
    "polygon": ["((0,0),(1,1))"],
    "real": ["NaN", "Infinity", "-Infinity", "0", "-1.5"],
    "real[]": ["{0.1,0.2,0.4,1}"],
    "regclass": ["numbers"],
    "regconfig": ["simple"],
    "smallint": ["-1", "0", "7"],
    "text": [
        "",
        "a",
        "(",
        "UTC",
        "day",
        "null",
        "hex",
        "{}",
        "a.*(x)?",
        "NFC",
        "[)",
        "base64",
        "pg_type",
    ],
    "tid": ["(0,0)"],
    "time with time zone": ["24:00+05", "00:00-3"],
    "time without time zone": ["24:00", "00:00"],
    "timestamp with time zone": ["infinity", "-infinity", "2020-02-29 12:00"],
    "timestamp without time zone": ["infinity", "-infinity", "2020-02-29 12:00"],
    "tsquery": ["", "a & b", "!a"],
    "tsvector": ["", "a:1 b"],
    "uuid": ["00000000-0000-0000-0000-000000000000"],
    "xid": ["0", "3"],
    "xid8": ["0"],
}
ANY = ["1", "'a'::text", "'null'::jsonb", "'{}'::int[]"]
POLYMORPHIC = {
    '"any"': ANY,
    "anyarray": [
        "'{}'::int[]",
        "'{NULL}'::int[]",
        "'[0:0]={1}'::int[]",
        "'{{1,2},{3,4}}'::int[]",
    ],
    "anyelement": ["1", "'{}'::int[]"],
    "anyenum": ["'one'::own.kind"],
    "anymultirange": ["'{}'::int4multirange", "'{(,)}'::int4multirange"],
    "anynonarray": ["1", "'null'::jsonb", "(SELECT s FROM (SELECT NULL) AS s)"],
    "anyrange": ["'empty'::int4range", "'(,)'::int4range", "'[1,2)'::int4range"],
    "record": [
        "(SELECT s FROM (SELECT NULL, 1) AS s)",
        "(SELECT s FROM (SELECT 2, 1) AS s)",
    ],
}
# The server has these and refuses them, or is built without what they are of.
UNCALLED = {"aclitem[] + aclitem", "aclitem[] - aclitem", "xml(text)"}


def literals(data_type: str) -> list[str]:
    """Return expressions of a type that are not NULL."""
    if data_type.startswith("anycompatible"):
        data_type = data_type.replace("compatible", "", 1)
    if data_type == "any":
        return ["1", "-1"]
    if data_type in POLYMORPHIC:
        return POLYMORPHIC[data_type]
    if data_type.endswith("[]") and data_type not in VALUES:
        element = literals(data_type[:-2])[0]
        return [f"'{{}}'::{data_type}", f"'{{NULL}}'::{data_type}", f"ARRAY[{element}]"]
    if data_type.endswith("multirange"):
        return [f"'{value}'::{data_type}" for value in ("{}", "{(,)}")]
    if data_type.endswith("range"):
        return [f"'{value}'::{data_type}" for value in ("empty", "(,)")]
    exact = {"character": "bpchar", "bit": "varbit::bit(2)"}.get(data_type, data_type)
    return [f"'{value}'::{exact}" for value in VALUES[data_type]]


def calls(name: str, types: list[str], *, with_null: bool) -> list[str]:
    """Return calls of a function, with all or many combinations of arguments."""
    each = [
        literals(data_type) + ["NULL"] * (with_null and data_type != '"any"')
        for data_type in types
    ]
    arguments = list(product(*each))
    if types == ['"any"']:
        arguments += product(*each, [*each[0], "NULL"])
    if len(arguments) > 250:
        arguments = random.Random(0).sample(arguments, 250)
    return [f'pg_catalog."{name}"({", ".join(values)})' for values in arguments]


def test_functions_that_are_said_to_make_no_null_make_none(
    conn: Connection[Any], catalog: Catalog
) -> None:
    is_never = nullability._NEVER_FUNCTIONS.__contains__
    told = {
        f"{function.name}({function.arguments})": calls(
            function.name,
            function.arguments.split(", ") if function.arguments else [],
            with_null=is_never(function.name),
        )
        for function in catalog.functions.values()
        if function.is_system
        and (is_never(function.name) or nullability._is_total(function))
    }
    check(conn, told)
    names = {function.name for function in catalog.functions.values()}
    if conn.info.server_version >= 180000:
        assert names >= nullability._TOTAL_FUNCTIONS | nullability._NEVER_FUNCTIONS
        assert names >= nullability._TOTAL_AGGREGATES | nullability._NEVER_AGGREGATES


def test_operators_that_are_said_to_make_no_null_make_none(
    conn: Connection[Any], catalog: Catalog
) -> None:
    rows = conn.execute(
        "SELECT oid::bigint, oprname, CASE WHEN oprleft != 0"
        " THEN format_type(oprleft, NULL) END, format_type(oprright, NULL)"
        " FROM pg_operator WHERE oid < 16384"
    )
    scope = Scope(catalog, nodes.Node("QUERY"))
    told: dict[str, list[str]] = {}
    for oid, name, left, right in rows:
        if nullability._is_total_operator(scope, oid):
            sides = product(literals(left) if left else [""], literals(right))
            told[f"{left or ''} {name} {right}"] = [
                f"{one} OPERATOR(pg_catalog.{name}) {two}" for one, two in islice(sides, 40)
            ]
    check(conn, told)


def check(conn: Connection[Any], told: dict[str, list[str]]) -> None:
    """Try all expressions; of each kind some have to have a value, and none to be NULL."""
    every = [each for expressions in told.values() for each in expressions]
    cursor = conn.execute("SELECT e, own.tried(e) FROM unnest(%s::text[]) AS e", [every])
    found = dict(cursor.fetchall())
    assert [expression for expression, result in found.items() if result == "null"] == []
    uncalled = {
        name
        for name, expressions in told.items()
        if all(found[expression] == "error" for expression in expressions)
    }
    assert uncalled <= UNCALLED
