-- What the server says of itself.
SELECT
    current_setting('server_version') AS postgresql,
    current_setting('shared_buffers') AS shared_buffers,
    current_setting('fsync') AS fsync,
    current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('full_page_writes') AS full_page_writes
