-- Continuous aggregates: a query's buckets in a hypertable of their own (the materialization, whose number is the
-- aggregate's), and a view of it that people read.
CREATE TABLE _timescaledb_catalog.continuous_agg (
  mat_hypertable_id integer PRIMARY KEY,
  raw_hypertable_id integer NOT NULL,       -- of one on top of another: that one's materialization
  parent_mat_hypertable_id integer,
  user_view_schema name NOT NULL,
  user_view_name name NOT NULL,
  partial_view_schema name NOT NULL,
  partial_view_name name NOT NULL,
  direct_view_schema name NOT NULL,
  direct_view_name name NOT NULL,
  materialized_only boolean NOT NULL,
  finalized boolean NOT NULL DEFAULT true,
  user_view regclass NOT NULL UNIQUE,
  bucket_column name NOT NULL,
  bucket_hidden boolean NOT NULL,           -- the view does not show it
  group_columns text[] NOT NULL) USING heap;
CREATE TABLE _timescaledb_catalog.continuous_aggs_bucket_function (
  mat_hypertable_id integer PRIMARY KEY REFERENCES _timescaledb_catalog.continuous_agg ON DELETE CASCADE,
  bucket_func text NOT NULL,                -- the call, with $1 for the time
  bucket_width text NOT NULL,
  bucket_origin text,
  bucket_offset text,
  bucket_timezone text,
  bucket_fixed_width boolean NOT NULL) USING heap;
-- Below it all buckets come from the materialization, from it on a real-time aggregate asks the hypertable.
CREATE TABLE _timescaledb_catalog.continuous_aggs_watermark (
  mat_hypertable_id integer PRIMARY KEY REFERENCES _timescaledb_catalog.continuous_agg ON DELETE CASCADE,
  watermark bigint NOT NULL) USING heap;
-- Up to where any aggregate of the hypertable has buckets; above, changes are not noted.
CREATE TABLE _timescaledb_catalog.continuous_aggs_invalidation_threshold (
  hypertable_id integer PRIMARY KEY,
  watermark bigint NOT NULL) USING heap;
-- Times that have changed: what writers note, and what each aggregate has still to make anew. Ends included.
CREATE TABLE _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log (
  hypertable_id integer NOT NULL,
  lowest_modified_value bigint NOT NULL,
  greatest_modified_value bigint NOT NULL) USING heap;
CREATE TABLE _timescaledb_catalog.continuous_aggs_materialization_invalidation_log (
  materialization_id integer NOT NULL,
  lowest_modified_value bigint NOT NULL,
  greatest_modified_value bigint NOT NULL) USING heap;
GRANT SELECT ON ALL TABLES IN SCHEMA _timescaledb_catalog TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.continuous_agg', '');
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.continuous_aggs_bucket_function', '');
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.continuous_aggs_watermark', '');
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.continuous_aggs_invalidation_threshold', '');
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.continuous_aggs_hypertable_invalidation_log', '');
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.continuous_aggs_materialization_invalidation_log', '');

-- --- in C++
CREATE FUNCTION _timescaledb_functions.lock_invalidations(relation regclass) RETURNS boolean
  AS 'MODULE_PATHNAME', 'ts_lock_invalidations' LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE;
CREATE FUNCTION _timescaledb_functions.raise_threshold(relation regclass, threshold bigint) RETURNS bigint
  AS 'MODULE_PATHNAME', 'ts_raise_threshold' LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE;
CREATE FUNCTION _timescaledb_functions.run_as(role oid, command text) RETURNS bigint
  AS 'MODULE_PATHNAME', 'ts_run_as' LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE;
CREATE FUNCTION _timescaledb_functions.in_transaction_block() RETURNS boolean
  AS 'MODULE_PATHNAME', 'ts_in_transaction_block' LANGUAGE c VOLATILE PARALLEL UNSAFE;
CREATE FUNCTION _timescaledb_functions.prevent_transaction_block(command text) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
  IF _timescaledb_functions.in_transaction_block() THEN
    RAISE EXCEPTION '% cannot run inside a transaction block', command USING ERRCODE = 'active_sql_transaction';
  END IF;
END
$$;
REVOKE ALL ON FUNCTION _timescaledb_functions.lock_invalidations(regclass) FROM PUBLIC;
REVOKE ALL ON FUNCTION _timescaledb_functions.raise_threshold(regclass, bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION _timescaledb_functions.run_as(oid, text) FROM PUBLIC;

-- By the snapshot of the statement that asks: it sees no bucket above. (The views ask the table: a scan whose condition
-- calls a function in SQL has one thread.)
CREATE FUNCTION _timescaledb_functions.cagg_watermark(hypertable_id integer) RETURNS bigint
  LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED AS
$$ SELECT watermark FROM _timescaledb_catalog.continuous_aggs_watermark WHERE mat_hypertable_id = $1 $$;

-- Of a transaction that commits: the times of a hypertable that it has touched.
CREATE FUNCTION _timescaledb_functions.note_invalidation(relation regclass, first bigint, last bigint) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS
$$
INSERT INTO _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log
SELECT h.id, first, last FROM _timescaledb_catalog.hypertable h WHERE h.relid = relation
  AND EXISTS (SELECT FROM _timescaledb_catalog.continuous_agg c WHERE c.raw_hypertable_id = h.id)
$$;

CREATE FUNCTION _timescaledb_functions.require_cagg(relation regclass) RETURNS SETOF _timescaledb_catalog.continuous_agg
  LANGUAGE plpgsql STABLE AS
$$
BEGIN
  IF relation IS NULL THEN
    RAISE EXCEPTION 'invalid continuous aggregate' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY SELECT * FROM _timescaledb_catalog.continuous_agg c WHERE c.user_view = relation;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'relation "%" is not a continuous aggregate', _timescaledb_functions.bare_name(relation)
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
END
$$;
CREATE FUNCTION _timescaledb_functions.require_cagg_owner(view regclass) RETURNS void LANGUAGE plpgsql STABLE AS
$$
BEGIN
  IF NOT pg_catalog.pg_has_role(_timescaledb_functions.caller(), (SELECT relowner FROM pg_catalog.pg_class WHERE oid = view),
                                'member') THEN
    RAISE EXCEPTION 'must be owner of view %', _timescaledb_functions.bare_name(view)
      USING ERRCODE = 'insufficient_privilege';
  END IF;
END
$$;
CREATE FUNCTION _timescaledb_functions.owned_cagg(mat integer) RETURNS SETOF _timescaledb_catalog.continuous_agg
  LANGUAGE plpgsql STABLE AS
$$
BEGIN
  RETURN QUERY SELECT * FROM _timescaledb_catalog.continuous_agg c WHERE c.mat_hypertable_id = mat;
  PERFORM _timescaledb_functions.require_cagg_owner(c.user_view) FROM _timescaledb_catalog.continuous_agg c WHERE c.mat_hypertable_id = mat;
END
$$;

-- --- buckets, in internal time
CREATE FUNCTION _timescaledb_functions.cagg_bucket(mat integer, value bigint) RETURNS bigint
  LANGUAGE plpgsql STABLE STRICT SET timezone = 'UTC' AS
$$
DECLARE
  call text;
  column_type regtype;
  result bigint;
BEGIN
  SELECT b.bucket_func, d.column_type INTO call, column_type
  FROM _timescaledb_catalog.continuous_aggs_bucket_function b JOIN _timescaledb_catalog.dimension d ON d.hypertable_id = mat
  WHERE b.mat_hypertable_id = mat;
  EXECUTE 'SELECT _timescaledb_functions.time_to_internal(' ||
    pg_catalog.replace(call, '$1', _timescaledb_functions.time_literal(value, column_type) ||
                       CASE WHEN _timescaledb_functions.is_integer(column_type) THEN '::' || column_type ELSE '' END) || ')'
    INTO result;
  RETURN result;
END
$$;
-- The start of the bucket after the one of `value`. Buckets may be of any length (months; hours of a day on which
-- clocks are changed), so a guess is put right by asking.
CREATE FUNCTION _timescaledb_functions.cagg_next_bucket(mat integer, value bigint) RETURNS bigint
  LANGUAGE plpgsql STABLE STRICT SET timezone = 'UTC' AS
$$
DECLARE
  width text;
  column_type regtype;
  first bigint := _timescaledb_functions.cagg_bucket(mat, value);
  guess bigint := first;
  before bigint;
BEGIN
  SELECT b.bucket_width, d.column_type INTO width, column_type
  FROM _timescaledb_catalog.continuous_aggs_bucket_function b JOIN _timescaledb_catalog.dimension d ON d.hypertable_id = mat
  WHERE b.mat_hypertable_id = mat;
  IF _timescaledb_functions.is_integer(column_type) THEN RETURN first + width::bigint; END IF;
  LOOP
    guess := _timescaledb_functions.time_to_internal(_timescaledb_functions.to_timestamp(guess) + width::interval);
    before := _timescaledb_functions.cagg_bucket(mat, guess);
    EXIT WHEN before > first;
  END LOOP;
  LOOP
    guess := before;
    before := _timescaledb_functions.cagg_bucket(mat, guess - 1);
    EXIT WHEN before <= first;
  END LOOP;
  RETURN guess;
END
$$;
CREATE FUNCTION _timescaledb_functions.cagg_ceiling(mat integer, value bigint) RETURNS bigint LANGUAGE plpgsql STABLE STRICT AS
$$
BEGIN
  IF _timescaledb_functions.cagg_bucket(mat, value) = value THEN RETURN value; END IF;
  RETURN _timescaledb_functions.cagg_next_bucket(mat, value);
END
$$;
-- What the buckets' widths come to in internal time; a month counts 30 days.
CREATE FUNCTION _timescaledb_functions.cagg_width(mat integer) RETURNS bigint LANGUAGE plpgsql STABLE STRICT AS
$$
DECLARE
  width text;
  is_integer boolean;
BEGIN
  SELECT b.bucket_width, _timescaledb_functions.is_integer(d.column_type) INTO width, is_integer
  FROM _timescaledb_catalog.continuous_aggs_bucket_function b JOIN _timescaledb_catalog.dimension d ON d.hypertable_id = mat
  WHERE b.mat_hypertable_id = mat;
  RETURN CASE WHEN is_integer THEN width::bigint ELSE _timescaledb_functions.interval_to_usec(width::interval) END;
END
$$;

-- --- making and dropping
CREATE FUNCTION _timescaledb_functions.next_hypertable_number() RETURNS bigint
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS
$$ SELECT nextval('_timescaledb_catalog.hypertable_id_seq') $$;
CREATE FUNCTION _timescaledb_functions.evaluate(expression text) RETURNS text
  LANGUAGE plpgsql STABLE SET timezone = 'UTC' SET intervalstyle = 'postgres' SET datestyle = 'ISO' AS
$$
DECLARE
  result text;
BEGIN
  IF expression IS NULL THEN RETURN NULL; END IF;
  EXECUTE 'SELECT (' || expression || ')::pg_catalog.text' INTO result;
  RETURN result;
END
$$;
-- One on top of another must be made of whole buckets of that one.
CREATE FUNCTION _timescaledb_functions.check_cagg_widths(mat integer, parent integer, name text) RETURNS void
  LANGUAGE plpgsql STABLE AS
$$
DECLARE
  a _timescaledb_catalog.continuous_aggs_bucket_function;
  b _timescaledb_catalog.continuous_aggs_bucket_function;
  width bigint := _timescaledb_functions.cagg_width(mat);
  inner_width bigint := _timescaledb_functions.cagg_width(parent);
  parent_name text;
  problem text;
BEGIN
  SELECT * INTO a FROM _timescaledb_catalog.continuous_aggs_bucket_function f WHERE f.mat_hypertable_id = mat;
  SELECT * INTO b FROM _timescaledb_catalog.continuous_aggs_bucket_function f WHERE f.mat_hypertable_id = parent;
  SELECT pg_catalog.format('%I.%I', c.user_view_schema, c.user_view_name) INTO parent_name
  FROM _timescaledb_catalog.continuous_agg c WHERE c.mat_hypertable_id = parent;
  IF a.bucket_fixed_width AND NOT b.bucket_fixed_width THEN
    RAISE EXCEPTION 'cannot create continuous aggregate with fixed-width bucket on top of one using variable-width bucket'
      USING ERRCODE = 'feature_not_supported',
            DETAIL = 'Continuous aggregate with a fixed time bucket width (e.g. 61 days) cannot be created on top of one using variable time bucket width (e.g. 1 month).' ||
                     E'\nThe variance can lead to the fixed width one not being a multiple of the variable width one.';
  END IF;
  IF width < inner_width THEN
    problem := 'greater or equal than';
  ELSIF (CASE WHEN a.bucket_fixed_width = b.bucket_fixed_width THEN width % inner_width <> 0
              ELSE 86400000000 % inner_width <> 0 AND inner_width % 86400000000 <> 0 END) THEN
    problem := 'multiple of';
  END IF;
  IF problem IS NOT NULL THEN
    RAISE EXCEPTION 'cannot create continuous aggregate with incompatible bucket width' USING ERRCODE = 'feature_not_supported',
      DETAIL = pg_catalog.format('Time bucket width of "%s" [%s] should be %s the time bucket width of "%s" [%s].', name,
                                 _timescaledb_functions.width_text(a.bucket_width, mat), problem, parent_name,
                                 _timescaledb_functions.width_text(b.bucket_width, parent));
  END IF;
END
$$;
CREATE FUNCTION _timescaledb_functions.width_text(width text, mat integer) RETURNS text LANGUAGE sql STABLE AS
$$
SELECT CASE WHEN _timescaledb_functions.is_integer(d.column_type) THEN width ELSE '@ ' || width END
FROM _timescaledb_catalog.dimension d WHERE d.hypertable_id = mat
$$;

-- The view that people read, anew.
CREATE FUNCTION _timescaledb_functions.cagg_define_view(mat integer, replaces boolean) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog AS
$$
DECLARE
  c _timescaledb_catalog.continuous_agg;
  d _timescaledb_catalog.dimension;
  cols text;
  bound text;
BEGIN
  SELECT * INTO c FROM _timescaledb_catalog.continuous_agg a WHERE a.mat_hypertable_id = mat;
  SELECT * INTO d FROM _timescaledb_catalog.dimension x WHERE x.hypertable_id = mat ORDER BY x.id LIMIT 1;
  SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO cols FROM pg_attribute
  WHERE attrelid = format('_timescaledb_internal.%I', c.direct_view_name)::regclass AND attnum > 0 AND NOT attisdropped;
  bound := format(CASE d.column_type WHEN 'timestamptz'::regtype THEN '_timescaledb_functions.to_timestamp(%s)'
                                     WHEN 'timestamp'::regtype THEN '_timescaledb_functions.to_timestamp_without_timezone(%s)'
                                     WHEN 'date'::regtype THEN '_timescaledb_functions.to_date(%s)' ELSE '%s' END,
                  format('(SELECT w.watermark FROM _timescaledb_catalog.continuous_aggs_watermark w WHERE w.mat_hypertable_id = %s)',
                         mat));
  EXECUTE format('CREATE %s VIEW %I.%I AS SELECT %s FROM _timescaledb_internal._materialized_hypertable_%s',
                 CASE WHEN replaces THEN 'OR REPLACE' ELSE '' END, c.user_view_schema, c.user_view_name, cols, mat) ||
    CASE WHEN c.materialized_only THEN ''
         ELSE format(' WHERE %I < %s UNION ALL SELECT %s FROM _timescaledb_internal._rest_view_%s', c.bucket_column, bound, cols, mat)
    END;
END
$$;

CREATE FUNCTION _timescaledb_functions.cagg_create(
    mat integer, view_schema name, view_name name, source regclass, parent integer, bucket_column name, bucket_hidden boolean,
    bucket_call text, width text, origin text, shift text, zone text, groups text[], direct text, partial text, rest text,
    materialized_only boolean, group_indexes boolean, chunk_interval text)
  RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
  dim _timescaledb_catalog.dimension;
  owner name := _timescaledb_functions.caller();
  relation text := format('_timescaledb_internal._materialized_hypertable_%s', mat);
  cols text;
  col text;
  bucket_type regtype;
  kind text;
  text_of record;
BEGIN
  IF parent = 0 THEN
    PERFORM _timescaledb_functions.require_owner(source);
  ELSE
    PERFORM _timescaledb_functions.owned_cagg(parent);
  END IF;
  IF NOT has_schema_privilege(owner, view_schema, 'CREATE') THEN
    RAISE EXCEPTION 'permission denied for schema %', view_schema USING ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT * INTO ht FROM _timescaledb_catalog.hypertable h WHERE h.relid = source;
  SELECT * INTO dim FROM _timescaledb_functions.time_dimension(ht.id);
  -- Whoever is writing does not know that it has to be noted.
  EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', source);
  EXECUTE format('CREATE VIEW _timescaledb_internal._direct_view_%s AS %s', mat, direct);
  EXECUTE format('CREATE VIEW _timescaledb_internal._partial_view_%s AS %s', mat, partial);
  SELECT string_agg(format('%I %s%s', a.attname, format_type(a.atttypid, a.atttypmod),
                           CASE WHEN a.attcollation <> t.typcollation THEN format(' COLLATE %I.%I', n.nspname, l.collname) ELSE '' END),
                    ', ' ORDER BY a.attnum) INTO cols
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_collation l ON l.oid = a.attcollation
    LEFT JOIN pg_namespace n ON n.oid = l.collnamespace
  WHERE a.attrelid = format('_timescaledb_internal._partial_view_%s', mat)::regclass AND a.attnum > 0;
  EXECUTE format('CREATE TABLE %s (%s) USING columnar', relation, cols);
  EXECUTE format('ALTER TABLE %s OWNER TO %I', relation, owner);
  SELECT a.atttypid::regtype INTO bucket_type FROM pg_attribute a WHERE a.attrelid = relation::regclass AND a.attname = bucket_column;
  -- Ten times what the hypertable has: there are so many fewer rows.
  PERFORM _timescaledb_functions.make_hypertable(
    relation::regclass,
    ROW(bucket_column, NULL,
        coalesce(CASE WHEN chunk_interval IS NULL THEN NULL
                      WHEN _timescaledb_functions.is_integer(bucket_type) THEN chunk_interval
                      ELSE _timescaledb_functions.interval_to_usec(chunk_interval::interval)::text END,
                 (dim.interval_length * CASE WHEN parent = 0 THEN 10 ELSE 1 END)::text),
        'bigint'::regtype, NULL)::_timescaledb_internal.dimension_info,
    NULL, NULL, NULL, true, false, false, mat);
  INSERT INTO _timescaledb_catalog.continuous_agg (mat_hypertable_id, raw_hypertable_id, parent_mat_hypertable_id, user_view_schema,
    user_view_name, partial_view_schema, partial_view_name, direct_view_schema, direct_view_name, materialized_only, user_view,
    bucket_column, bucket_hidden, group_columns)
  VALUES (mat, ht.id, nullif(parent, 0), view_schema, view_name, '_timescaledb_internal', '_partial_view_' || mat,
    '_timescaledb_internal', '_direct_view_' || mat, materialized_only, relation::regclass, bucket_column, bucket_hidden, groups);
  INSERT INTO _timescaledb_catalog.continuous_aggs_bucket_function
  VALUES (mat, bucket_call, _timescaledb_functions.evaluate(width), _timescaledb_functions.evaluate(origin),
          _timescaledb_functions.evaluate(shift), _timescaledb_functions.evaluate(zone), true);
  UPDATE _timescaledb_catalog.continuous_aggs_bucket_function f SET bucket_fixed_width = false
  WHERE f.mat_hypertable_id = mat AND NOT _timescaledb_functions.is_integer(bucket_type)
    AND (f.bucket_timezone IS NOT NULL OR extract(year FROM f.bucket_width::interval) <> 0 OR extract(month FROM f.bucket_width::interval) <> 0);
  IF parent <> 0 THEN
    PERFORM _timescaledb_functions.check_cagg_widths(mat, parent, format('%I.%I', view_schema, view_name));
  END IF;
  INSERT INTO _timescaledb_catalog.continuous_aggs_watermark VALUES (mat, '-9223372036854775808'::bigint);
  INSERT INTO _timescaledb_catalog.continuous_aggs_materialization_invalidation_log
  VALUES (mat, '-9223372036854775808'::bigint, 9223372036854775807);
  EXECUTE format('CREATE VIEW _timescaledb_internal._rest_view_%s AS %s', mat, rest);
  PERFORM _timescaledb_functions.cagg_define_view(mat, false);
  UPDATE _timescaledb_catalog.continuous_agg c SET user_view = format('%I.%I', view_schema, view_name)::regclass
  WHERE c.mat_hypertable_id = mat;
  IF group_indexes THEN
    FOREACH col IN ARRAY groups LOOP
      EXECUTE format('CREATE INDEX ON %s (%I, %I DESC) WITH (in_name_only = true)', relation, col, bucket_column);
    END LOOP;
  END IF;
  -- Rows of one group lie together.
  EXECUTE format('ALTER TABLE %s SET (orderby = %L)', relation,
                 array_to_string((SELECT array_agg(quote_ident(g)) FROM unnest(groups) g) || quote_ident(bucket_column), ', '));
  IF owner <> current_user THEN
    EXECUTE format('ALTER VIEW %I.%I OWNER TO %I', view_schema, view_name, owner);  -- and its parts with it
  END IF;
  PERFORM _timescaledb_functions.mark_hypertable(ht.id);
END
$$;
REVOKE ALL ON FUNCTION _timescaledb_functions.cagg_define_view(integer, boolean) FROM PUBLIC;

-- The parts are the view's owner's.
CREATE FUNCTION _timescaledb_functions.cagg_follow_owner(mat integer) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  role name;
  kind text;
BEGIN
  SELECT pg_get_userbyid(r.relowner) INTO role FROM _timescaledb_catalog.continuous_agg c JOIN pg_class r ON r.oid = c.user_view
  WHERE c.mat_hypertable_id = mat;
  FOREACH kind IN ARRAY ARRAY['direct', 'partial', 'rest'] LOOP
    EXECUTE format('ALTER VIEW _timescaledb_internal._%s_view_%s OWNER TO %I', kind, mat, role);
  END LOOP;
  EXECUTE format('ALTER TABLE _timescaledb_internal._materialized_hypertable_%s OWNER TO %I', mat, role);
  UPDATE _timescaledb_catalog.bgw_job b SET owner = role WHERE b.hypertable_id = mat;
END
$$;

-- The view may be gone already, with its schema or by the command.
CREATE FUNCTION _timescaledb_functions.cagg_drop(mat integer) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  c _timescaledb_catalog.continuous_agg;
BEGIN
  SELECT * INTO c FROM _timescaledb_functions.owned_cagg(mat);
  PERFORM _timescaledb_functions.cagg_drop_views(mat);
  EXECUTE format('DROP TABLE _timescaledb_internal._materialized_hypertable_%s', mat);
  DELETE FROM _timescaledb_catalog.continuous_aggs_materialization_invalidation_log l WHERE l.materialization_id = mat;
  DELETE FROM _timescaledb_catalog.continuous_agg a WHERE a.mat_hypertable_id = mat;
  IF NOT EXISTS (SELECT FROM _timescaledb_catalog.continuous_agg a WHERE a.raw_hypertable_id = c.raw_hypertable_id) THEN
    DELETE FROM _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log l WHERE l.hypertable_id = c.raw_hypertable_id;
    DELETE FROM _timescaledb_catalog.continuous_aggs_invalidation_threshold t WHERE t.hypertable_id = c.raw_hypertable_id;
    PERFORM _timescaledb_functions.mark_hypertable(h.id) FROM _timescaledb_catalog.hypertable h JOIN pg_class r ON r.oid = h.relid
    WHERE h.id = c.raw_hypertable_id;
  END IF;
END
$$;
-- Without varve.keep_chunks the hook would refuse to drop the view.
CREATE FUNCTION _timescaledb_functions.cagg_drop_views(mat integer) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog SET varve.keep_chunks = 'on' AS
$$
DECLARE
  c _timescaledb_catalog.continuous_agg;
BEGIN
  SELECT * INTO c FROM _timescaledb_catalog.continuous_agg a WHERE a.mat_hypertable_id = mat;
  IF EXISTS (SELECT FROM pg_class WHERE oid = c.user_view) THEN EXECUTE format('DROP VIEW %s CASCADE', c.user_view); END IF;
  EXECUTE format('DROP VIEW IF EXISTS _timescaledb_internal._rest_view_%s, _timescaledb_internal._partial_view_%s, '
                 '_timescaledb_internal._direct_view_%s CASCADE', mat, mat, mat);
END
$$;
REVOKE ALL ON FUNCTION _timescaledb_functions.cagg_drop_views(integer) FROM PUBLIC;
-- All that are made of a hypertable, or on top of an aggregate, and those on top of them.
CREATE FUNCTION _timescaledb_functions.drop_caggs_of(ht integer) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  mat integer;
BEGIN
  FOR mat IN SELECT c.mat_hypertable_id FROM _timescaledb_catalog.continuous_agg c WHERE c.raw_hypertable_id = ht ORDER BY 1 LOOP
    PERFORM _timescaledb_functions.drop_caggs_of(mat);
    PERFORM _timescaledb_functions.cagg_drop(mat);
  END LOOP;
END
$$;

-- Those that would lose their view or their hypertable with the schema.
CREATE FUNCTION _timescaledb_functions.drop_caggs_in(schema name) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  mat integer;
BEGIN
  FOR mat IN SELECT c.mat_hypertable_id FROM _timescaledb_catalog.continuous_agg c JOIN _timescaledb_catalog.hypertable h ON h.id = c.raw_hypertable_id
             WHERE c.user_view_schema = schema OR h.schema_name = schema ORDER BY 1 LOOP
    -- The one before may have taken it along.
    CONTINUE WHEN NOT EXISTS (SELECT FROM _timescaledb_catalog.continuous_agg c WHERE c.mat_hypertable_id = mat);
    PERFORM _timescaledb_functions.drop_caggs_of(mat);
    PERFORM _timescaledb_functions.cagg_drop(mat);
  END LOOP;
END
$$;

-- --- altering
CREATE FUNCTION _timescaledb_functions.note_cagg_names() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
BEGIN
  UPDATE _timescaledb_catalog.continuous_agg a SET user_view_schema = n.nspname, user_view_name = c.relname
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = a.user_view AND (a.user_view_schema, a.user_view_name) IS DISTINCT FROM (n.nspname, c.relname);
END
$$;
CREATE FUNCTION _timescaledb_functions.cagg_set_materialized_only(mat integer, value boolean) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
BEGIN
  PERFORM _timescaledb_functions.owned_cagg(mat);
  UPDATE _timescaledb_catalog.continuous_agg c SET materialized_only = value WHERE c.mat_hypertable_id = mat;
  PERFORM _timescaledb_functions.cagg_define_view(mat, true);
END
$$;
CREATE FUNCTION _timescaledb_functions.cagg_set_chunk_interval(mat integer, value text) RETURNS void
  LANGUAGE plpgsql AS
$$
BEGIN
  PERFORM _timescaledb_functions.change_interval(h.relid, value, CASE WHEN value ~ '^\s*\d+\s*$' THEN 'bigint' ELSE 'interval' END::regtype, NULL)
  FROM _timescaledb_catalog.hypertable h WHERE h.id = mat;
END
$$;
-- The parts; the view itself is renamed by the command.
CREATE FUNCTION _timescaledb_functions.cagg_rename_column(mat integer, old_name name, new_name name) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  kind text;
BEGIN
  PERFORM _timescaledb_functions.owned_cagg(mat);
  IF NOT EXISTS (SELECT FROM pg_attribute a JOIN _timescaledb_catalog.continuous_agg c ON c.user_view = a.attrelid
                 WHERE c.mat_hypertable_id = mat AND a.attname = old_name AND a.attnum > 0) THEN
    RETURN;
  END IF;
  FOREACH kind IN ARRAY ARRAY['direct', 'partial', 'rest'] LOOP
    EXECUTE format('ALTER VIEW _timescaledb_internal._%s_view_%s RENAME COLUMN %I TO %I', kind, mat, old_name, new_name);
  END LOOP;
  EXECUTE format('ALTER TABLE _timescaledb_internal._materialized_hypertable_%s RENAME COLUMN %I TO %I', mat, old_name, new_name);
  UPDATE _timescaledb_catalog.continuous_agg c
  SET bucket_column = CASE WHEN c.bucket_column = old_name THEN new_name ELSE c.bucket_column END,
      group_columns = array_replace(c.group_columns, old_name::text, new_name::text) WHERE c.mat_hypertable_id = mat;
END
$$;
CREATE FUNCTION _timescaledb_functions.cagg_columnstore(mat integer, settings text[]) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
  c _timescaledb_catalog.continuous_agg;
  relation regclass;
  segments text[] := '{}';
  cols text[];
BEGIN
  SELECT * INTO c FROM _timescaledb_catalog.continuous_agg a WHERE a.mat_hypertable_id = mat;
  SELECT h.relid INTO relation FROM _timescaledb_catalog.hypertable h WHERE h.id = mat;
  FOR i IN 1 .. pg_catalog.cardinality(settings) BY 2 LOOP
    IF settings[i] IN ('compress_segmentby', 'segmentby') THEN
      SELECT coalesce(pg_catalog.array_agg(o.col), '{}') INTO segments FROM _timescaledb_functions.parse_orderby(settings[i + 1]) o;
    END IF;
  END LOOP;
  IF NOT settings && ARRAY['compress_orderby', 'orderby'] AND NOT EXISTS (
      SELECT FROM pg_catalog.generate_series(1, pg_catalog.cardinality(settings), 2) i
      WHERE settings[i] IN ('compress', 'enable_columnstore', 'columnstore') AND NOT settings[i + 1]::boolean) THEN
    SELECT pg_catalog.array_agg(pg_catalog.quote_ident(x)) INTO cols
    FROM pg_catalog.unnest(ARRAY[c.bucket_column::text] || c.group_columns) x WHERE x <> ALL (segments);
    RAISE NOTICE 'defaulting compress_orderby to %', pg_catalog.array_to_string(cols, ',');
    settings := settings || ARRAY['orderby', pg_catalog.array_to_string(cols, ', ')];
  END IF;
  PERFORM _timescaledb_functions.alter_columnstore(relation, settings);
END
$$;

-- --- refreshing. First transaction: see to it that from now on writers note what they change up to the window's
-- end, and take what they have noted. Returns where the window ends: where there is data, if it has no end.
CREATE FUNCTION _timescaledb_functions.cagg_prepare(mat integer, window_end bigint) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  c _timescaledb_catalog.continuous_agg;
  h _timescaledb_catalog.hypertable;
  known bigint;
  latest bigint;
BEGIN
  SELECT * INTO c FROM _timescaledb_functions.owned_cagg(mat);
  SELECT * INTO h FROM _timescaledb_catalog.hypertable x WHERE x.id = c.raw_hypertable_id;
  IF window_end = 9223372036854775807 THEN
    SELECT t.watermark INTO known FROM _timescaledb_catalog.continuous_aggs_invalidation_threshold t WHERE t.hypertable_id = h.id;
    latest := _timescaledb_functions.latest_time(h.id);
    window_end := greatest(_timescaledb_functions.cagg_next_bucket(mat, latest), _timescaledb_functions.cagg_ceiling(mat, known));
    IF window_end IS NULL THEN RETURN '-9223372036854775808'::bigint; END IF;
  END IF;
  PERFORM _timescaledb_functions.lock_invalidations(h.relid);
  -- After a restart nobody may know yet how high it is.
  SELECT t.watermark INTO known FROM _timescaledb_catalog.continuous_aggs_invalidation_threshold t WHERE t.hypertable_id = h.id;
  PERFORM _timescaledb_functions.raise_threshold(h.relid, greatest(window_end, known));
  INSERT INTO _timescaledb_catalog.continuous_aggs_invalidation_threshold AS t VALUES (h.id, window_end)
  ON CONFLICT (hypertable_id) DO UPDATE SET watermark = excluded.watermark WHERE t.watermark < excluded.watermark;
  WITH noted AS (
    DELETE FROM _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log l WHERE l.hypertable_id = h.id
    RETURNING l.lowest_modified_value, l.greatest_modified_value)
  -- Between two of them that are less than a bucket apart no bucket fits: they are one.
  INSERT INTO _timescaledb_catalog.continuous_aggs_materialization_invalidation_log
  SELECT p.mat, min(p.low), max(p.high)
  FROM (SELECT b.mat, b.low, b.high, sum(b.begins) OVER (PARTITION BY b.mat ORDER BY b.low, b.high) AS part
        FROM (SELECT a.mat, n.lowest_modified_value AS low, n.greatest_modified_value AS high,
                     CASE WHEN n.lowest_modified_value::numeric - a.width < max(n.greatest_modified_value)
                                 OVER (PARTITION BY a.mat ORDER BY n.lowest_modified_value, n.greatest_modified_value
                                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) THEN 0 ELSE 1 END AS begins
              FROM noted n, (SELECT g.mat_hypertable_id AS mat, _timescaledb_functions.cagg_width(g.mat_hypertable_id) AS width
                             FROM _timescaledb_catalog.continuous_agg g WHERE g.raw_hypertable_id = h.id) a) b) p
  GROUP BY p.mat, p.part;
  RETURN window_end;
END
$$;
-- Null: it has no rows.
CREATE FUNCTION _timescaledb_functions.latest_time(ht integer) RETURNS bigint LANGUAGE plpgsql STABLE AS
$$
DECLARE
  relation regclass;
  d _timescaledb_catalog.dimension;
  chunk_start bigint;
  result bigint;
BEGIN
  SELECT relid INTO relation FROM _timescaledb_catalog.hypertable WHERE id = ht;
  SELECT * INTO d FROM _timescaledb_functions.time_dimension(ht);
  FOR chunk_start IN SELECT DISTINCT k.range_start FROM _timescaledb_catalog.chunk k WHERE k.hypertable_id = ht ORDER BY 1 DESC LOOP
    EXECUTE pg_catalog.format(
      CASE WHEN d.column_type = 'uuid'::regtype
           THEN 'SELECT _timescaledb_functions.time_to_internal(%1$I) FROM %2$s WHERE %1$I >= %3$s ORDER BY %1$I DESC LIMIT 1'
           ELSE 'SELECT _timescaledb_functions.time_to_internal(pg_catalog.max(%1$I)) FROM %2$s WHERE %1$I >= %3$s' END,
      d.column_name, relation, _timescaledb_functions.time_literal(chunk_start, d.column_type)) INTO result;
    EXIT WHEN result IS NOT NULL;
  END LOOP;
  RETURN result;
END
$$;
REVOKE ALL ON FUNCTION _timescaledb_functions.latest_time(integer) FROM PUBLIC;

-- Second transaction: makes the buckets anew that have changed within the window. False: there were none. What the
-- writers of rows that this does not see have noted is not in the log that it reads, or comes later: the statement
-- that reads the log is before those that read the hypertable.
CREATE FUNCTION _timescaledb_functions.cagg_materialize(mat integer, window_start bigint, window_end bigint, forced boolean)
  RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  c _timescaledb_catalog.continuous_agg;
  d _timescaledb_catalog.dimension;
  owner oid;
  relation text := format('_timescaledb_internal._materialized_hypertable_%s', mat);
  entry record;
  lows bigint[] := '{}';
  highs bigint[] := '{}';
  low bigint;
  high bigint;
  condition text;
BEGIN
  SELECT * INTO c FROM _timescaledb_functions.owned_cagg(mat);
  SELECT r.relowner INTO owner FROM pg_class r WHERE r.oid = c.user_view;
  SELECT * INTO d FROM _timescaledb_catalog.dimension x WHERE x.hypertable_id = mat ORDER BY x.id LIMIT 1;
  EXECUTE format('LOCK TABLE %s IN EXCLUSIVE MODE', relation);
  -- Cut the window out of the log.
  FOR entry IN
    WITH taken AS (
      DELETE FROM _timescaledb_catalog.continuous_aggs_materialization_invalidation_log l
      WHERE l.materialization_id = mat AND l.lowest_modified_value < window_end AND l.greatest_modified_value >= window_start
      RETURNING l.lowest_modified_value AS low, l.greatest_modified_value AS high),
    outside AS (
      INSERT INTO _timescaledb_catalog.continuous_aggs_materialization_invalidation_log
      SELECT mat, t.low, window_start - 1 FROM taken t WHERE t.low < window_start
      UNION SELECT mat, window_end, t.high FROM taken t WHERE t.high >= window_end),
    -- What overlaps or touches is one.
    begun AS (
      SELECT greatest(t.low, window_start) AS low, least(t.high, window_end - 1) AS high,
             max(least(t.high, window_end - 1)) OVER (ORDER BY t.low, t.high ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
      FROM (SELECT taken.low, taken.high FROM taken UNION ALL SELECT window_start, window_end - 1 WHERE forced) t),
    numbered AS (
      SELECT b.low, b.high, sum(CASE WHEN b.low <= b.reached + 1 THEN 0 ELSE 1 END) OVER (ORDER BY b.low, b.high) AS part FROM begun b)
    SELECT min(n.low) AS low, max(n.high) AS high FROM numbered n GROUP BY n.part ORDER BY 1
  LOOP
    -- Whole buckets. The window is made of them.
    low := CASE WHEN entry.low = window_start THEN window_start ELSE _timescaledb_functions.cagg_bucket(mat, entry.low) END;
    high := CASE WHEN entry.high = window_end - 1 THEN window_end ELSE _timescaledb_functions.cagg_next_bucket(mat, entry.high) END;
    IF low <= highs[cardinality(highs)] THEN
      highs[cardinality(highs)] := greatest(high, highs[cardinality(highs)]);
    ELSE
      lows := lows || low;
      highs := highs || high;
    END IF;
  END LOOP;
  IF cardinality(lows) = 0 THEN RETURN false; END IF;
  -- Many ranges: those with the smallest gaps between them become one.
  IF cardinality(lows) > 30 THEN
    WITH apart AS (
      SELECT lows[i + 1] AS low, highs[i] AS high, i FROM generate_series(1, cardinality(lows) - 1) i
      ORDER BY lows[i + 1] - highs[i] DESC LIMIT 29)
    SELECT ARRAY[lows[1]] || array_agg(a.low ORDER BY a.i), array_agg(a.high ORDER BY a.i) || highs[cardinality(highs)] INTO lows, highs
    FROM apart a;
  END IF;
  FOR i IN 1 .. cardinality(lows) LOOP
    condition := concat_ws(' AND ', CASE WHEN lows[i] <> '-9223372036854775808'::bigint
                                         THEN format('%I >= %s', d.column_name, _timescaledb_functions.time_literal(lows[i], d.column_type)) END,
                           format('%I < %s', d.column_name, _timescaledb_functions.time_literal(highs[i], d.column_type)));
    PERFORM set_config('timescaledb.refresh_start', lows[i]::text, true), set_config('timescaledb.refresh_end', highs[i]::text, true);
    PERFORM _timescaledb_functions.run_as(owner, format('DELETE FROM %s WHERE %s', relation, condition));
    PERFORM _timescaledb_functions.run_as(owner, format('INSERT INTO %s SELECT * FROM _timescaledb_internal._partial_view_%s', relation, mat));
  END LOOP;
  low := _timescaledb_functions.latest_time(mat);
  UPDATE _timescaledb_catalog.continuous_aggs_watermark w SET watermark = _timescaledb_functions.cagg_next_bucket(mat, low)
  WHERE w.mat_hypertable_id = mat AND w.watermark <= low;
  RETURN true;
END
$$;

-- The buckets that lie within what the user wrote.
CREATE FUNCTION _timescaledb_functions.cagg_window(mat integer, low text, low_type regtype, high text, high_type regtype)
  RETURNS bigint[] LANGUAGE plpgsql STABLE AS
$$
DECLARE
  column_type regtype;
  first bigint;
  last bigint;
BEGIN
  SELECT d.column_type INTO column_type FROM _timescaledb_catalog.dimension d WHERE d.hypertable_id = mat ORDER BY d.id LIMIT 1;
  first := coalesce(_timescaledb_functions.cagg_ceiling(mat, _timescaledb_functions.time_argument(column_type, low, low_type)),
                    '-9223372036854775808'::bigint);
  last := coalesce(_timescaledb_functions.cagg_bucket(mat, _timescaledb_functions.time_argument(column_type, high, high_type)),
                   9223372036854775807);
  IF first >= last THEN
    RAISE EXCEPTION 'refresh window too small' USING ERRCODE = 'invalid_parameter_value',
      DETAIL = 'The refresh window must cover at least one bucket of data.',
      HINT = 'Align the refresh window with the bucket time zone or use at least two buckets.';
  END IF;
  RETURN ARRAY[first, last];
END
$$;
CREATE PROCEDURE refresh_continuous_aggregate(continuous_aggregate regclass, window_start "any", window_end "any",
                                              force boolean DEFAULT false, options jsonb DEFAULT NULL)
  LANGUAGE plpgsql AS
$$
DECLARE
  c _timescaledb_catalog.continuous_agg;
  bounds bigint[];
BEGIN
  PERFORM _timescaledb_functions.prevent_transaction_block('refresh_continuous_aggregate()');
  SELECT * INTO c FROM _timescaledb_functions.require_cagg(continuous_aggregate);
  PERFORM _timescaledb_functions.require_cagg_owner(continuous_aggregate);
  bounds := _timescaledb_functions.cagg_window(c.mat_hypertable_id, $2::text, pg_catalog.pg_typeof($2)::regtype, $3::text,
                                               pg_catalog.pg_typeof($3)::regtype);
  bounds[2] := _timescaledb_functions.cagg_prepare(c.mat_hypertable_id, bounds[2]);
  COMMIT;
  IF bounds[1] < bounds[2]
     AND _timescaledb_functions.cagg_materialize(c.mat_hypertable_id, bounds[1], bounds[2], coalesce($4, false)) THEN
    RETURN;
  END IF;
  RAISE NOTICE 'continuous aggregate "%" is already up-to-date', c.user_view_name;
END
$$;
-- What CREATE MATERIALIZED VIEW … WITH DATA does when the aggregate is there.
CREATE PROCEDURE _timescaledb_functions.refresh_new_cagg(view regclass) LANGUAGE plpgsql AS
$$
DECLARE
  c _timescaledb_catalog.continuous_agg;
  window_end bigint;
BEGIN
  SELECT * INTO c FROM _timescaledb_functions.require_cagg(view);
  RAISE NOTICE 'refreshing continuous aggregate "%"', c.user_view_name
    USING HINT = 'Use WITH NO DATA if you do not want to refresh the continuous aggregate on creation.';
  window_end := _timescaledb_functions.cagg_prepare(c.mat_hypertable_id, 9223372036854775807);
  COMMIT;
  PERFORM _timescaledb_functions.cagg_materialize(c.mat_hypertable_id, '-9223372036854775808'::bigint, window_end, false)
  WHERE window_end > '-9223372036854775808'::bigint;
END
$$;

-- TRUNCATE of the materialization: everything is to be made anew.
CREATE FUNCTION _timescaledb_functions.cagg_forget_buckets(mat integer) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS
$$
BEGIN
  UPDATE _timescaledb_catalog.continuous_aggs_watermark w SET watermark = '-9223372036854775808'::bigint WHERE w.mat_hypertable_id = mat;
  IF FOUND THEN
    DELETE FROM _timescaledb_catalog.continuous_aggs_materialization_invalidation_log l WHERE l.materialization_id = mat;
    INSERT INTO _timescaledb_catalog.continuous_aggs_materialization_invalidation_log
    VALUES (mat, '-9223372036854775808'::bigint, 9223372036854775807);
  END IF;
END
$$;
REVOKE ALL ON FUNCTION _timescaledb_functions.cagg_forget_buckets(integer) FROM PUBLIC;
