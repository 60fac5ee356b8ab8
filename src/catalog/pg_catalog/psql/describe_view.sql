SELECT pg_catalog.pg_get_viewdef('16385'::pg_catalog.oid, true);
