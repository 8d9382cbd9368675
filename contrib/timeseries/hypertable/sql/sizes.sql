-- Sizes. A chunk's: its segments and its rows that have not settled. The hypertable has pages that are free besides.
CREATE FUNCTION hypertable_detailed_size(hypertable regclass)
  RETURNS TABLE (table_bytes bigint, index_bytes bigint, toast_bytes bigint, total_bytes bigint, node_name name)
  LANGUAGE sql VOLATILE STRICT AS
$$
SELECT CASE WHEN EXISTS (SELECT FROM _timescaledb_catalog.chunk c WHERE c.hypertable_id = h.id)
            THEN pg_catalog.pg_table_size(h.relid) ELSE 0 END,
       pg_catalog.pg_indexes_size(h.relid), 0::bigint,
       CASE WHEN EXISTS (SELECT FROM _timescaledb_catalog.chunk c WHERE c.hypertable_id = h.id)
            THEN pg_catalog.pg_table_size(h.relid) ELSE 0 END + pg_catalog.pg_indexes_size(h.relid), NULL::name
FROM _timescaledb_catalog.hypertable h WHERE h.relid = $1
$$;
CREATE FUNCTION hypertable_size(hypertable regclass) RETURNS bigint LANGUAGE plpgsql VOLATILE STRICT AS
$$
BEGIN
  PERFORM _timescaledb_functions.require_hypertable(hypertable);
  RETURN (SELECT s.total_bytes FROM hypertable_detailed_size(hypertable) s);
END
$$;
CREATE FUNCTION hypertable_approximate_detailed_size(relation regclass)
  RETURNS TABLE (table_bytes bigint, index_bytes bigint, toast_bytes bigint, total_bytes bigint) LANGUAGE sql VOLATILE STRICT AS
$$ SELECT s.table_bytes, s.index_bytes, s.toast_bytes, s.total_bytes FROM hypertable_detailed_size($1) s $$;
CREATE FUNCTION hypertable_approximate_size(hypertable regclass) RETURNS bigint LANGUAGE sql VOLATILE STRICT AS
$$ SELECT hypertable_size($1) $$;
CREATE FUNCTION hypertable_index_size(index_name regclass) RETURNS bigint LANGUAGE sql VOLATILE STRICT AS
$$ SELECT pg_catalog.pg_relation_size(i.indexrelid) FROM pg_catalog.pg_index i
     JOIN _timescaledb_catalog.hypertable h ON h.relid = i.indrelid WHERE i.indexrelid = $1 $$;
CREATE FUNCTION chunks_detailed_size(hypertable regclass)
  RETURNS TABLE (chunk_schema name, chunk_name name, table_bytes bigint, index_bytes bigint, toast_bytes bigint, total_bytes bigint,
                 node_name name)
  LANGUAGE sql VOLATILE STRICT AS
$$
SELECT c.schema_name, c.table_name, s.settled_bytes + s.fresh_bytes, s.index_bytes, 0::bigint,
       s.settled_bytes + s.fresh_bytes + s.index_bytes, NULL::name
FROM _timescaledb_functions.chunk_sizes($1) s JOIN _timescaledb_catalog.chunk c ON c.id = s.chunk_id ORDER BY c.id
$$;
