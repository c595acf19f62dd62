-- Data that are thrown away need not outlive the machine.
-- allow utility of statement: it is a setting.
ALTER SYSTEM SET fsync = off
