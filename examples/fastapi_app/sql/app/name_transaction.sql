-- Give the transaction the id of its request, which pg_stat_activity and a log_line_prefix
-- with %a show until it ends.
SELECT set_config('application_name', %(request_id)s, TRUE)
