-- What dashboards read.
CREATE VIEW timescaledb_information.hypertables AS
SELECT n.nspname AS hypertable_schema, c.relname AS hypertable_name, pg_get_userbyid(c.relowner) AS owner, h.num_dimensions,
       (SELECT count(*) FROM _timescaledb_catalog.chunk k WHERE k.hypertable_id = h.id) AS num_chunks,
       h.compression_state = 1 AS compression_enabled, NULL::name[] AS tablespaces, d.column_name AS primary_dimension,
       d.column_type AS primary_dimension_type
FROM _timescaledb_catalog.hypertable h
  JOIN pg_catalog.pg_class c ON c.oid = h.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN _timescaledb_catalog.dimension d ON d.hypertable_id = h.id
    AND d.id = (SELECT min(f.id) FROM _timescaledb_catalog.dimension f WHERE f.hypertable_id = h.id)
WHERE NOT EXISTS (SELECT FROM _timescaledb_catalog.continuous_agg g WHERE g.mat_hypertable_id = h.id);

CREATE VIEW timescaledb_information.dimensions AS
SELECT n.nspname AS hypertable_schema, c.relname AS hypertable_name,
       row_number() OVER (PARTITION BY d.hypertable_id ORDER BY d.id) AS dimension_number, d.column_name, d.column_type,
       CASE WHEN d.num_slices IS NULL THEN 'Time' ELSE 'Space' END AS dimension_type,
       CASE WHEN NOT _timescaledb_functions.is_integer(d.column_type)
            THEN _timescaledb_functions.to_interval(d.interval_length) END AS time_interval,
       CASE WHEN _timescaledb_functions.is_integer(d.column_type) THEN d.interval_length END AS integer_interval,
       d.integer_now_func, d.num_slices AS num_partitions
FROM _timescaledb_catalog.dimension d JOIN _timescaledb_catalog.hypertable h ON h.id = d.hypertable_id
  JOIN pg_catalog.pg_class c ON c.oid = h.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace;

CREATE VIEW timescaledb_information.chunks AS
SELECT n.nspname AS hypertable_schema, c.relname AS hypertable_name, k.schema_name AS chunk_schema, k.table_name AS chunk_name,
       d.column_name AS primary_dimension, d.column_type AS primary_dimension_type,
       CASE WHEN NOT _timescaledb_functions.is_integer(d.column_type)
            THEN _timescaledb_functions.to_timestamp(k.range_start) END AS range_start,
       CASE WHEN NOT _timescaledb_functions.is_integer(d.column_type)
            THEN _timescaledb_functions.to_timestamp(k.range_end) END AS range_end,
       CASE WHEN _timescaledb_functions.is_integer(d.column_type) THEN k.range_start END AS range_start_integer,
       CASE WHEN _timescaledb_functions.is_integer(d.column_type) THEN k.range_end END AS range_end_integer,
       k.status & 1 = 1 AS is_compressed, NULL::name AS chunk_tablespace, k.creation_time AS chunk_creation_time
FROM _timescaledb_catalog.chunk k JOIN _timescaledb_catalog.hypertable h ON h.id = k.hypertable_id
  JOIN pg_catalog.pg_class c ON c.oid = h.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN _timescaledb_catalog.dimension d ON d.hypertable_id = h.id
    AND d.id = (SELECT min(f.id) FROM _timescaledb_catalog.dimension f WHERE f.hypertable_id = h.id);

CREATE VIEW timescaledb_information.compression_settings AS
SELECT n.nspname AS hypertable_schema, c.relname AS hypertable_name, x.attname::name AS attname, x.segment::smallint AS segmentby_column_index,
       x.place::smallint AS orderby_column_index, x.ascending AS orderby_asc, x.nullsfirst AS orderby_nullsfirst
FROM _timescaledb_catalog.compression_settings s JOIN _timescaledb_catalog.hypertable h ON h.relid = s.relid
  JOIN pg_catalog.pg_class c ON c.oid = h.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,
  LATERAL (SELECT s.segmentby[i] AS attname, i AS segment, NULL::integer AS place, NULL::boolean AS ascending, NULL::boolean AS nullsfirst
           FROM generate_subscripts(s.segmentby, 1) i
           UNION ALL
           SELECT s.orderby[i], NULL, i, NOT s.orderby_desc[i], s.orderby_nullsfirst[i] FROM generate_subscripts(s.orderby, 1) i) x;

CREATE VIEW timescaledb_information.hypertable_columnstore_settings AS
SELECT h.relid AS hypertable, array_to_string(s.segmentby, ',') AS segmentby,
       _timescaledb_functions.order_text(s.orderby, s.orderby_desc, s.orderby_nullsfirst, ',') AS orderby,
       CASE WHEN _timescaledb_functions.is_integer(d.column_type) THEN d.compress_interval_length::text
            ELSE _timescaledb_functions.to_interval(d.compress_interval_length)::text END AS compress_interval_length, s.index::text AS index
FROM _timescaledb_catalog.hypertable h JOIN pg_catalog.pg_class c ON c.oid = h.relid
  JOIN _timescaledb_catalog.dimension d ON d.hypertable_id = h.id
    AND d.id = (SELECT min(f.id) FROM _timescaledb_catalog.dimension f WHERE f.hypertable_id = h.id)
  LEFT JOIN _timescaledb_catalog.compression_settings s ON s.relid = h.relid;
CREATE VIEW timescaledb_information.hypertable_compression_settings AS
SELECT * FROM timescaledb_information.hypertable_columnstore_settings;
CREATE VIEW timescaledb_information.chunk_columnstore_settings AS
SELECT h.relid AS hypertable, s.relid AS chunk, array_to_string(s.segmentby, ',') AS segmentby,
       _timescaledb_functions.order_text(s.orderby, s.orderby_desc, s.orderby_nullsfirst, ',') AS orderby, s.index::text AS index
FROM _timescaledb_catalog.chunk k JOIN _timescaledb_catalog.hypertable h ON h.id = k.hypertable_id
  JOIN _timescaledb_catalog.compression_settings s ON s.relid = _timescaledb_functions.chunk_relation(k.schema_name, k.table_name);
CREATE VIEW timescaledb_information.chunk_compression_settings AS
SELECT * FROM timescaledb_information.chunk_columnstore_settings;

CREATE VIEW timescaledb_information.jobs AS
SELECT b.id AS job_id, b.application_name, b.schedule_interval, b.max_runtime, b.max_retries, b.retry_period, b.proc_schema,
       b.proc_name, b.owner::regrole AS owner, b.scheduled, b.fixed_schedule, b.config, s.next_start, b.initial_start,
       coalesce(g.user_view_schema, h.schema_name) AS hypertable_schema, coalesce(g.user_view_name, h.table_name) AS hypertable_name,
       b.check_schema, b.check_name
FROM _timescaledb_catalog.bgw_job b LEFT JOIN _timescaledb_internal.bgw_job_stat s ON s.job_id = b.id
  LEFT JOIN _timescaledb_catalog.hypertable h ON h.id = b.hypertable_id
  LEFT JOIN _timescaledb_catalog.continuous_agg g ON g.mat_hypertable_id = b.hypertable_id;

CREATE VIEW timescaledb_information.job_stats AS
SELECT coalesce(g.user_view_schema, h.schema_name) AS hypertable_schema, coalesce(g.user_view_name, h.table_name) AS hypertable_name,
       b.id AS job_id, s.last_start AS last_run_started_at,
       s.last_successful_finish,
       CASE WHEN s.last_finish IS NULL THEN NULL WHEN s.last_run_success THEN 'Success' ELSE 'Failed' END AS last_run_status,
       CASE WHEN s.running THEN 'Running' WHEN NOT b.scheduled THEN 'Paused' ELSE 'Scheduled' END AS job_status,
       CASE WHEN s.last_finish >= s.last_start THEN s.last_finish - s.last_start END AS last_run_duration,
       CASE WHEN b.scheduled THEN s.next_start END AS next_start, s.total_runs, s.total_successes, s.total_failures
FROM _timescaledb_catalog.bgw_job b JOIN _timescaledb_internal.bgw_job_stat s ON s.job_id = b.id
  LEFT JOIN _timescaledb_catalog.hypertable h ON h.id = b.hypertable_id
  LEFT JOIN _timescaledb_catalog.continuous_agg g ON g.mat_hypertable_id = b.hypertable_id;

CREATE VIEW timescaledb_information.continuous_aggregates AS
SELECT h.schema_name AS hypertable_schema, h.table_name AS hypertable_name, g.user_view_schema AS view_schema,
       g.user_view_name AS view_name, pg_get_userbyid(c.relowner) AS view_owner, g.materialized_only,
       m.compression_state = 1 AS compression_enabled, m.schema_name AS materialization_hypertable_schema,
       m.table_name AS materialization_hypertable_name,
       pg_catalog.pg_get_viewdef(_timescaledb_functions.chunk_relation(g.direct_view_schema, g.direct_view_name)) AS view_definition,
       g.finalized
FROM _timescaledb_catalog.continuous_agg g JOIN pg_catalog.pg_class c ON c.oid = g.user_view
  JOIN _timescaledb_catalog.hypertable h ON h.id = g.raw_hypertable_id
  JOIN _timescaledb_catalog.hypertable m ON m.id = g.mat_hypertable_id;
GRANT SELECT ON ALL TABLES IN SCHEMA timescaledb_information TO PUBLIC;
