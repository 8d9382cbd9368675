-- What is known of hypertables: TimescaleDB's tables with its columns, and what Varve needs besides. A chunk is a
-- range of its hypertable's rows, which lie in one relation.
CREATE TABLE _timescaledb_catalog.hypertable (
  id integer PRIMARY KEY,
  schema_name name NOT NULL,
  table_name name NOT NULL,
  associated_schema_name name NOT NULL,
  associated_table_prefix name NOT NULL,
  num_dimensions smallint NOT NULL,
  chunk_sizing_func_schema name NOT NULL DEFAULT '_timescaledb_functions',
  chunk_sizing_func_name name NOT NULL DEFAULT 'calculate_chunk_interval',
  chunk_target_size bigint NOT NULL DEFAULT 0,
  compression_state smallint NOT NULL DEFAULT 0,  -- 1: the columnstore is enabled
  compressed_hypertable_id integer,
  status integer NOT NULL DEFAULT 0,
  relid regclass NOT NULL UNIQUE) USING heap;
CREATE SEQUENCE _timescaledb_catalog.hypertable_id_seq MINVALUE 1;

-- The first is the one that rows are cut by; interval_length and chunks' ranges are in its internal time: integers
-- as they are, all else microseconds since 1970.
CREATE TABLE _timescaledb_catalog.dimension (
  id integer PRIMARY KEY,
  hypertable_id integer NOT NULL REFERENCES _timescaledb_catalog.hypertable (id) ON DELETE CASCADE,
  column_name name NOT NULL,
  column_type regtype NOT NULL,
  aligned boolean NOT NULL,
  num_slices smallint,             -- of a hash dimension
  partitioning_func_schema name,
  partitioning_func name,
  interval_length bigint,          -- of a range dimension
  compress_interval_length bigint,
  integer_now_func_schema name,
  integer_now_func name,
  UNIQUE (hypertable_id, column_name)) USING heap;
CREATE SEQUENCE _timescaledb_catalog.dimension_id_seq MINVALUE 1;

-- range_start and range_end are of the first dimension; -2^63 and 2^63 - 1 stand for no bound. slice_starts and
-- slice_ends have the others' in order.
CREATE TABLE _timescaledb_catalog.chunk (
  id integer PRIMARY KEY,
  hypertable_id integer NOT NULL REFERENCES _timescaledb_catalog.hypertable (id) ON DELETE CASCADE,
  schema_name name NOT NULL,
  table_name name NOT NULL,
  compressed_chunk_id integer,
  dropped boolean NOT NULL DEFAULT false,
  status integer NOT NULL DEFAULT 0,  -- 1: converted to columnstore
  osm_chunk boolean NOT NULL DEFAULT false,
  creation_time timestamptz NOT NULL DEFAULT now(),
  range_start bigint NOT NULL,
  range_end bigint NOT NULL,
  slice_starts bigint[] NOT NULL DEFAULT '{}',
  slice_ends bigint[] NOT NULL DEFAULT '{}',
  UNIQUE (schema_name, table_name)) USING heap;
CREATE INDEX chunk_range_idx ON _timescaledb_catalog.chunk (hypertable_id, range_start);
CREATE SEQUENCE _timescaledb_catalog.chunk_id_seq MINVALUE 1;

-- Of hypertables, and of chunks as they were when they were converted.
CREATE TABLE _timescaledb_catalog.compression_settings (
  relid regclass PRIMARY KEY,
  compress_relid regclass,
  segmentby text[],
  orderby text[],
  orderby_desc boolean[],
  orderby_nullsfirst boolean[],
  index jsonb) USING heap;
CREATE TABLE _timescaledb_catalog.compression_chunk_size (
  chunk_id integer PRIMARY KEY REFERENCES _timescaledb_catalog.chunk (id) ON DELETE CASCADE,
  uncompressed_heap_size bigint NOT NULL,
  uncompressed_toast_size bigint NOT NULL,
  uncompressed_index_size bigint NOT NULL,
  compressed_heap_size bigint NOT NULL,
  compressed_toast_size bigint NOT NULL,
  compressed_index_size bigint NOT NULL,
  numrows_pre_compression bigint,
  numrows_post_compression bigint) USING heap;
CREATE SEQUENCE _timescaledb_catalog.chunk_column_stats_id_seq MINVALUE 1;
CREATE TABLE _timescaledb_catalog.chunk_column_stats (
  id integer PRIMARY KEY DEFAULT nextval('_timescaledb_catalog.chunk_column_stats_id_seq'),
  hypertable_id integer NOT NULL REFERENCES _timescaledb_catalog.hypertable (id) ON DELETE CASCADE,
  chunk_id integer NOT NULL DEFAULT 0,
  column_name name NOT NULL,
  range_start bigint NOT NULL DEFAULT '-9223372036854775808',
  range_end bigint NOT NULL DEFAULT 9223372036854775807,
  valid boolean NOT NULL DEFAULT true,
  UNIQUE (hypertable_id, chunk_id, column_name)) USING heap;
GRANT SELECT ON ALL TABLES IN SCHEMA _timescaledb_catalog TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.hypertable', '');
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.hypertable_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.dimension', '');
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.dimension_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.chunk', '');
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.chunk_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.compression_settings', '');
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.compression_chunk_size', '');
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.chunk_column_stats', '');
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.chunk_column_stats_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.bgw_job', 'WHERE id >= 1000');
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.bgw_job_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_internal.bgw_job_stat', 'WHERE job_id >= 1000');

-- Internal time and back.
CREATE FUNCTION _timescaledb_functions.time_to_internal(time_val anyelement) RETURNS bigint
  AS 'MODULE_PATHNAME', 'ts_time_to_internal' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION _timescaledb_functions.to_timestamp(unixtime_us bigint) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'ts_to_timestamp' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION _timescaledb_functions.to_timestamp_without_timezone(unixtime_us bigint) RETURNS timestamp
  AS 'MODULE_PATHNAME', 'ts_to_timestamp_without_timezone' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION _timescaledb_functions.to_date(unixtime_us bigint) RETURNS date
  AS 'MODULE_PATHNAME', 'ts_to_date' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
-- The first of version 7; before 1970 and after 10889 there are none, so the nearest.
CREATE FUNCTION _timescaledb_functions.uuid_from_internal(unixtime_us bigint) RETURNS uuid
  AS 'MODULE_PATHNAME', 'ts_uuid_from_internal' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION _timescaledb_functions.uuid_at(unixtime_us bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS
$$ SELECT _timescaledb_functions.uuid_from_internal(least(greatest(unixtime_us, 0), 281474976710655999)) $$;
CREATE FUNCTION _timescaledb_functions.to_interval(us bigint) RETURNS interval
  AS 'MODULE_PATHNAME', 'ts_to_interval' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION _timescaledb_functions.interval_to_usec(chunk_interval interval) RETURNS bigint
  AS 'MODULE_PATHNAME', 'ts_interval_to_usec' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
-- Which of the 2^31 slots a value of a hash dimension falls into.
CREATE FUNCTION _timescaledb_functions.get_partition_hash(val anyelement) RETURNS integer
  AS 'MODULE_PATHNAME', 'ts_get_partition_hash' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
-- The range that a value of a range dimension falls into: start, end.
CREATE FUNCTION _timescaledb_functions.range_of(value bigint, interval_length bigint, column_type regtype)
  RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE STRICT AS
$$
DECLARE
  least_value bigint := CASE column_type WHEN 'smallint'::regtype THEN -32768 WHEN 'integer'::regtype THEN -2147483648
                        ELSE -9223372036854775808 END;
  greatest_value bigint := CASE column_type WHEN 'smallint'::regtype THEN 32767
                           WHEN 'integer'::regtype THEN 2147483647 ELSE 9223372036854775807 END;
  first bigint;
BEGIN
  IF value >= 0 THEN
    first := value / interval_length * interval_length;
    IF greatest_value - first < interval_length THEN
      RETURN ARRAY[first, 9223372036854775807];
    END IF;
    RETURN ARRAY[first, first + interval_length];
  END IF;
  first := (value + 1) / interval_length * interval_length;  -- the end
  IF least_value + interval_length > first THEN
    RETURN ARRAY['-9223372036854775808'::bigint, first];
  END IF;
  RETURN ARRAY[first - interval_length, first];
END
$$;
-- Internal time as a literal of the column's type, the same in every session.
CREATE FUNCTION _timescaledb_functions.time_literal(value bigint, column_type regtype) RETURNS text
  LANGUAGE plpgsql IMMUTABLE STRICT SET timezone = 'UTC' SET datestyle = 'ISO' SET search_path = pg_catalog AS
$$
BEGIN
  RETURN CASE column_type
    WHEN 'timestamptz'::regtype THEN quote_literal(_timescaledb_functions.to_timestamp(value)) || '::timestamptz'
    WHEN 'timestamp'::regtype
      THEN quote_literal(_timescaledb_functions.to_timestamp_without_timezone(value)) || '::timestamp'
    WHEN 'date'::regtype THEN quote_literal(_timescaledb_functions.to_date(value)) || '::date'
    WHEN 'uuid'::regtype THEN quote_literal(_timescaledb_functions.uuid_at(value)) || '::uuid'
    ELSE quote_literal(value) || '::bigint' END;
END
$$;

CREATE FUNCTION _timescaledb_functions.is_integer(column_type regtype) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS
$$ SELECT column_type::oid IN (20, 21, 23) $$;
-- Null when the relation is no hypertable.
CREATE FUNCTION _timescaledb_functions.hypertable_id(relation regclass) RETURNS integer LANGUAGE sql STABLE AS
$$ SELECT id FROM _timescaledb_catalog.hypertable WHERE relid = relation $$;
-- Of a continuous aggregate: the one that holds its buckets.
CREATE FUNCTION _timescaledb_functions.require_hypertable(relation regclass)
  RETURNS SETOF _timescaledb_catalog.hypertable LANGUAGE plpgsql STABLE AS
$$
BEGIN
  RETURN QUERY SELECT * FROM _timescaledb_catalog.hypertable h WHERE h.relid = relation;
  IF FOUND THEN RETURN; END IF;
  RETURN QUERY SELECT h.* FROM _timescaledb_catalog.continuous_agg c JOIN _timescaledb_catalog.hypertable h ON h.id = c.mat_hypertable_id
    WHERE c.user_view = relation;
  IF NOT FOUND THEN
    RAISE EXCEPTION '"%" is not a hypertable or a continuous aggregate', _timescaledb_functions.bare_name(relation)
      USING ERRCODE = 'TS001',
            HINT = 'The operation is only possible on a hypertable or continuous aggregate.';
  END IF;
END
$$;
-- The one that chunks' ranges are of.
CREATE FUNCTION _timescaledb_functions.time_dimension(ht integer) RETURNS SETOF _timescaledb_catalog.dimension
  LANGUAGE sql STABLE AS
$$ SELECT * FROM _timescaledb_catalog.dimension d WHERE d.hypertable_id = ht AND d.num_slices IS NULL ORDER BY d.id LIMIT 1 $$;
CREATE FUNCTION _timescaledb_functions.bare_name(relation regclass) RETURNS name LANGUAGE sql STABLE AS
$$ SELECT relname FROM pg_catalog.pg_class WHERE oid = relation $$;
-- Who called, also seen from a function that runs with its owner's rights.
CREATE FUNCTION _timescaledb_functions.caller() RETURNS name LANGUAGE sql STABLE AS
$$ SELECT coalesce(nullif(pg_catalog.current_setting('role', true), 'none'), session_user)::name $$;
CREATE FUNCTION _timescaledb_functions.require_owner(relation regclass) RETURNS void LANGUAGE plpgsql STABLE AS
$$
DECLARE
  owner oid;
  name name;
BEGIN
  SELECT relowner, relname INTO owner, name FROM pg_catalog.pg_class WHERE oid = relation;
  IF NOT pg_catalog.pg_has_role(_timescaledb_functions.caller(), owner, 'member') THEN
    RAISE EXCEPTION 'must be owner of hypertable "%"', name USING ERRCODE = 'insufficient_privilege';
  END IF;
END
$$;
-- What a command of its owner is about.
CREATE FUNCTION _timescaledb_functions.owned_hypertable(relation regclass) RETURNS SETOF _timescaledb_catalog.hypertable
  LANGUAGE plpgsql STABLE AS
$$
BEGIN
  RETURN QUERY SELECT * FROM _timescaledb_functions.require_hypertable(relation);
  PERFORM _timescaledb_functions.require_owner(relation);
END
$$;
CREATE FUNCTION _timescaledb_functions.owned_hypertable_of(chunk_id integer) RETURNS SETOF _timescaledb_catalog.hypertable
  LANGUAGE plpgsql STABLE AS
$$
BEGIN
  RETURN QUERY SELECT h.* FROM _timescaledb_catalog.chunk c JOIN _timescaledb_catalog.hypertable h ON h.id = c.hypertable_id
    WHERE c.id = chunk_id;
  PERFORM _timescaledb_functions.require_owner(h.relid) FROM _timescaledb_catalog.chunk c
    JOIN _timescaledb_catalog.hypertable h ON h.id = c.hypertable_id WHERE c.id = chunk_id;
END
$$;
-- A chunk as the relation that stands for it; null when it has gone.
CREATE FUNCTION _timescaledb_functions.chunk_relation(chunk_schema name, chunk_name name) RETURNS regclass
  LANGUAGE sql STABLE AS
$$ SELECT pg_catalog.to_regclass(pg_catalog.quote_ident(chunk_schema) || '.' || pg_catalog.quote_ident(chunk_name)) $$;
