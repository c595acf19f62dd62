-- allow utility of statement: it only locks.
LOCK TABLE posts IN SHARE MODE
