-- The plan for any values of the parameters, on whatever the tables hold.
EXPLAIN (GENERIC_PLAN, COSTS OFF, FORMAT JSON) {statement}
