-- A database that is made for a check and dropped after it.
CREATE DATABASE {database} TEMPLATE template0
