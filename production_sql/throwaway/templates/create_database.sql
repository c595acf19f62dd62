-- A database that is made for a while and dropped after it.
CREATE DATABASE {database} TEMPLATE {template} ENCODING 'UTF8'
