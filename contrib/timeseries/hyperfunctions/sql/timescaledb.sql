-- What CREATE EXTENSION timescaledb makes. Names, arguments and volatilities are TimescaleDB's.
CREATE SCHEMA _timescaledb_functions;
GRANT USAGE ON SCHEMA _timescaledb_functions TO PUBLIC;

-- time_bucket
CREATE FUNCTION time_bucket(bucket_width interval, ts timestamp) RETURNS timestamp
  AS 'MODULE_PATHNAME', 'ts_timestamp_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_bucket(bucket_width interval, ts timestamptz) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'ts_timestamptz_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_bucket(bucket_width interval, ts date) RETURNS date
  AS 'MODULE_PATHNAME', 'ts_date_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_bucket(bucket_width interval, ts timestamp, origin timestamp) RETURNS timestamp
  AS 'MODULE_PATHNAME', 'ts_timestamp_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_bucket(bucket_width interval, ts timestamptz, origin timestamptz) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'ts_timestamptz_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_bucket(bucket_width interval, ts date, origin date) RETURNS date
  AS 'MODULE_PATHNAME', 'ts_date_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_bucket(bucket_width interval, ts timestamp, "offset" interval) RETURNS timestamp
  AS 'MODULE_PATHNAME', 'ts_timestamp_offset_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_bucket(bucket_width interval, ts timestamptz, "offset" interval) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'ts_timestamptz_offset_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_bucket(bucket_width interval, ts date, "offset" interval) RETURNS date
  AS 'MODULE_PATHNAME', 'ts_date_offset_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_bucket(bucket_width interval, ts timestamptz, timezone text,
                            origin timestamptz DEFAULT NULL, "offset" interval DEFAULT NULL)
  RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'ts_timestamptz_timezone_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION time_bucket(bucket_width smallint, ts smallint) RETURNS smallint
  AS 'MODULE_PATHNAME', 'ts_int16_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_bucket(bucket_width int, ts int) RETURNS int
  AS 'MODULE_PATHNAME', 'ts_int32_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_bucket(bucket_width bigint, ts bigint) RETURNS bigint
  AS 'MODULE_PATHNAME', 'ts_int64_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_bucket(bucket_width smallint, ts smallint, "offset" smallint) RETURNS smallint
  AS 'MODULE_PATHNAME', 'ts_int16_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_bucket(bucket_width int, ts int, "offset" int) RETURNS int
  AS 'MODULE_PATHNAME', 'ts_int32_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_bucket(bucket_width bigint, ts bigint, "offset" bigint) RETURNS bigint
  AS 'MODULE_PATHNAME', 'ts_int64_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_bucket(bucket_width interval, ts uuid) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'ts_uuid_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_bucket(bucket_width interval, ts uuid, origin timestamptz) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'ts_uuid_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_bucket(bucket_width interval, ts uuid, "offset" interval) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'ts_uuid_offset_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_bucket(bucket_width interval, ts uuid, timezone text,
                            origin timestamptz DEFAULT NULL, "offset" interval DEFAULT NULL)
  RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'ts_uuid_timezone_bucket' LANGUAGE c IMMUTABLE PARALLEL SAFE;

-- UUIDs of version 7
CREATE FUNCTION to_uuidv7_boundary(ts timestamptz) RETURNS uuid
  AS 'MODULE_PATHNAME', 'ts_uuid_boundary' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
-- The time, and what is behind it at random.
CREATE FUNCTION to_uuidv7(ts timestamptz) RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE STRICT AS
$$ SELECT pg_catalog.encode(pg_catalog.overlay(pg_catalog.uuid_send(pg_catalog.gen_random_uuid()),
                                               pg_catalog.substring(pg_catalog.uuid_send(@extschema@.to_uuidv7_boundary($1)), 1, 8), 1, 8), 'hex')::pg_catalog.uuid $$;
CREATE FUNCTION generate_uuidv7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS
$$ SELECT @extschema@.to_uuidv7(pg_catalog.clock_timestamp()) $$;
CREATE FUNCTION uuid_timestamp(uuid uuid) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'ts_uuid_timestamp' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION uuid_timestamp_micros(uuid uuid) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'ts_uuid_timestamp_micros' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION uuid_version(uuid uuid) RETURNS integer
  AS 'MODULE_PATHNAME', 'ts_uuid_version' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;

-- first, last
CREATE FUNCTION _timescaledb_functions.first_sfunc(internal, anyelement, "any") RETURNS internal
  AS 'MODULE_PATHNAME', 'ts_first_sfunc' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _timescaledb_functions.last_sfunc(internal, anyelement, "any") RETURNS internal
  AS 'MODULE_PATHNAME', 'ts_last_sfunc' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _timescaledb_functions.bookend_finalfunc(internal, anyelement, "any") RETURNS anyelement
  AS 'MODULE_PATHNAME', 'ts_bookend_finalfunc' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE first(value anyelement, "time" "any") (
  SFUNC = _timescaledb_functions.first_sfunc, STYPE = internal, PARALLEL = SAFE,
  FINALFUNC = _timescaledb_functions.bookend_finalfunc, FINALFUNC_EXTRA);
CREATE AGGREGATE last(value anyelement, "time" "any") (
  SFUNC = _timescaledb_functions.last_sfunc, STYPE = internal, PARALLEL = SAFE,
  FINALFUNC = _timescaledb_functions.bookend_finalfunc, FINALFUNC_EXTRA);

-- histogram
CREATE FUNCTION _timescaledb_functions.hist_sfunc(state internal, val double precision,
                                                  min double precision, max double precision, nbuckets int)
  RETURNS internal AS 'MODULE_PATHNAME', 'ts_hist_sfunc' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _timescaledb_functions.hist_finalfunc(state internal, val double precision,
                                                      min double precision, max double precision,
                                                      nbuckets int)
  RETURNS int[] AS 'MODULE_PATHNAME', 'ts_hist_finalfunc' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE histogram(double precision, double precision, double precision, int) (
  SFUNC = _timescaledb_functions.hist_sfunc, STYPE = internal, PARALLEL = SAFE,
  FINALFUNC = _timescaledb_functions.hist_finalfunc, FINALFUNC_EXTRA);

-- Gap filling. The functions themselves only mark: the planner puts a step behind the grouping.
CREATE FUNCTION time_bucket_gapfill(bucket_width smallint, ts smallint, start smallint DEFAULT NULL, finish smallint DEFAULT NULL)
  RETURNS smallint AS 'MODULE_PATHNAME', 'ts_gapfill_int16_bucket' LANGUAGE c VOLATILE PARALLEL SAFE;
CREATE FUNCTION time_bucket_gapfill(bucket_width int, ts int, start int DEFAULT NULL, finish int DEFAULT NULL)
  RETURNS int AS 'MODULE_PATHNAME', 'ts_gapfill_int32_bucket' LANGUAGE c VOLATILE PARALLEL SAFE;
CREATE FUNCTION time_bucket_gapfill(bucket_width bigint, ts bigint, start bigint DEFAULT NULL, finish bigint DEFAULT NULL)
  RETURNS bigint AS 'MODULE_PATHNAME', 'ts_gapfill_int64_bucket' LANGUAGE c VOLATILE PARALLEL SAFE;
CREATE FUNCTION time_bucket_gapfill(bucket_width interval, ts date, start date DEFAULT NULL,
                                    finish date DEFAULT NULL)
  RETURNS date AS 'MODULE_PATHNAME', 'ts_gapfill_date_bucket' LANGUAGE c VOLATILE PARALLEL SAFE;
CREATE FUNCTION time_bucket_gapfill(bucket_width interval, ts timestamp, start timestamp DEFAULT NULL,
                                    finish timestamp DEFAULT NULL)
  RETURNS timestamp AS 'MODULE_PATHNAME', 'ts_gapfill_timestamp_bucket' LANGUAGE c VOLATILE PARALLEL SAFE;
CREATE FUNCTION time_bucket_gapfill(bucket_width interval, ts timestamptz, start timestamptz DEFAULT NULL,
                                    finish timestamptz DEFAULT NULL)
  RETURNS timestamptz AS 'MODULE_PATHNAME', 'ts_gapfill_timestamptz_bucket' LANGUAGE c VOLATILE PARALLEL SAFE;
CREATE FUNCTION time_bucket_gapfill(bucket_width interval, ts timestamptz, timezone text,
                                    start timestamptz DEFAULT NULL, finish timestamptz DEFAULT NULL)
  RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'ts_gapfill_timestamptz_timezone_bucket' LANGUAGE c VOLATILE PARALLEL SAFE;
CREATE FUNCTION locf(value anyelement, prev anyelement DEFAULT NULL, treat_null_as_missing bool DEFAULT false)
  RETURNS anyelement AS 'MODULE_PATHNAME', 'ts_gapfill_marker' LANGUAGE c VOLATILE PARALLEL SAFE;
CREATE FUNCTION interpolate(value smallint, prev record DEFAULT NULL, next record DEFAULT NULL)
  RETURNS smallint AS 'MODULE_PATHNAME', 'ts_gapfill_marker' LANGUAGE c VOLATILE PARALLEL SAFE;
CREATE FUNCTION interpolate(value int, prev record DEFAULT NULL, next record DEFAULT NULL)
  RETURNS int AS 'MODULE_PATHNAME', 'ts_gapfill_marker' LANGUAGE c VOLATILE PARALLEL SAFE;
CREATE FUNCTION interpolate(value bigint, prev record DEFAULT NULL, next record DEFAULT NULL)
  RETURNS bigint AS 'MODULE_PATHNAME', 'ts_gapfill_marker' LANGUAGE c VOLATILE PARALLEL SAFE;
CREATE FUNCTION interpolate(value real, prev record DEFAULT NULL, next record DEFAULT NULL)
  RETURNS real AS 'MODULE_PATHNAME', 'ts_gapfill_marker' LANGUAGE c VOLATILE PARALLEL SAFE;
CREATE FUNCTION interpolate(value double precision, prev record DEFAULT NULL, next record DEFAULT NULL)
  RETURNS double precision AS 'MODULE_PATHNAME', 'ts_gapfill_marker' LANGUAGE c VOLATILE PARALLEL SAFE;

-- How many rows a table has, as far as statistics know; with its partitions.
CREATE FUNCTION approximate_row_count(relation regclass) RETURNS bigint LANGUAGE sql STABLE STRICT AS
$$
  WITH RECURSIVE parts(oid) AS (
    SELECT relation::oid UNION ALL SELECT i.inhrelid FROM pg_inherits i JOIN parts p ON i.inhparent = p.oid)
  SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint FROM pg_class c JOIN parts p ON c.oid = p.oid
$$;
