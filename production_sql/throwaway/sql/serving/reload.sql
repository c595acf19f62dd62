-- Have the settings take effect, in this session too once it is told.
SELECT pg_reload_conf()
