-- Chunks: making, listing, dropping, merging, splitting.
CREATE FUNCTION _timescaledb_functions.chunk_of_row(hypertable oid, ht integer, kinds integer, "time" anyelement) RETURNS oid
  AS 'MODULE_PATHNAME', 'ts_chunk_of_row' LANGUAGE c STABLE STRICT PARALLEL RESTRICTED;
CREATE FUNCTION _timescaledb_functions.chunk_of_row(hypertable oid, ht integer, kinds integer, "time" anyelement, space "any") RETURNS oid
  AS 'MODULE_PATHNAME', 'ts_chunk_of_row' LANGUAGE c STABLE PARALLEL RESTRICTED;
CREATE FUNCTION _timescaledb_functions.chunk_of_row(hypertable oid, ht integer, kinds integer, "time" anyelement, space "any", other "any")
  RETURNS oid AS 'MODULE_PATHNAME', 'ts_chunk_of_row' LANGUAGE c STABLE PARALLEL RESTRICTED;

-- Whoever makes a chunk holds this to the end of the transaction, so that it is made once.
CREATE FUNCTION _timescaledb_functions.lock_hypertable(ht integer) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$ BEGIN PERFORM FROM _timescaledb_catalog.hypertable WHERE id = ht FOR UPDATE; END $$;

-- Null: every row.
CREATE FUNCTION _timescaledb_functions.time_condition(dim _timescaledb_catalog.dimension, low bigint, high bigint) RETURNS text
  LANGUAGE sql STABLE AS
$$
SELECT nullif(pg_catalog.concat_ws(
  ' AND ',
  CASE WHEN low <> '-9223372036854775808'::bigint
       THEN pg_catalog.format('%I >= %s', (dim).column_name, _timescaledb_functions.time_literal(low, (dim).column_type)) END,
  CASE WHEN high <> 9223372036854775807
       THEN pg_catalog.format('%I < %s', (dim).column_name, _timescaledb_functions.time_literal(high, (dim).column_type)) END), '')
$$;
-- What says in which slice of a hash dimension a row is; null where there is no value, whatever the user's function says
-- of that.
CREATE FUNCTION _timescaledb_functions.hash_call(dim _timescaledb_catalog.dimension) RETURNS text LANGUAGE sql STABLE AS
$$
SELECT pg_catalog.format(
  CASE WHEN (dim).partitioning_func_schema = '_timescaledb_functions' THEN '%1$I.%2$I(%3$I)' ELSE 'CASE WHEN %3$I IS NOT NULL THEN %1$I.%2$I(%3$I) END' END,
  (dim).partitioning_func_schema, (dim).partitioning_func, (dim).column_name)
$$;
-- The condition that a row of the chunk meets.
CREATE FUNCTION _timescaledb_functions.chunk_condition(chunk_id integer) RETURNS text
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS
$$
DECLARE
  c _timescaledb_catalog.chunk;
  dim _timescaledb_catalog.dimension;
  parts text[] := '{}';
  hash text;
  i integer := 0;
BEGIN
  SELECT * INTO c FROM _timescaledb_catalog.chunk WHERE id = chunk_id;
  FOR dim IN SELECT * FROM _timescaledb_catalog.dimension d WHERE d.hypertable_id = c.hypertable_id ORDER BY d.id LOOP
    IF i = 0 THEN
      parts := array_remove(parts || _timescaledb_functions.time_condition(dim, c.range_start, c.range_end), NULL);
    ELSIF dim.num_slices IS NULL THEN
      parts := array_remove(parts || _timescaledb_functions.time_condition(dim, c.slice_starts[i], c.slice_ends[i]), NULL);
    ELSE
      hash := _timescaledb_functions.hash_call(dim);
      IF c.slice_starts[i] <> '-9223372036854775808'::bigint THEN
        parts := parts || format('%s >= %s', hash, c.slice_starts[i]);
      END IF;
      IF c.slice_ends[i] <> 9223372036854775807 THEN
        parts := parts || CASE WHEN c.slice_starts[i] = '-9223372036854775808'::bigint
          THEN format('(%I IS NULL OR %s < %s)', dim.column_name, hash, c.slice_ends[i])
          ELSE format('%s < %s', hash, c.slice_ends[i]) END;
      END IF;
    END IF;
    i := i + 1;
  END LOOP;
  RETURN CASE WHEN cardinality(parts) = 0 THEN 'true' ELSE array_to_string(parts, ' AND ') END;
END
$$;

-- The relation that stands for the chunk: a view of its range, which takes writes. With another range it stays the same
-- relation.
CREATE FUNCTION _timescaledb_functions.create_chunk_relation(chunk_id integer, is_there boolean DEFAULT false) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  c record;
  cols text;
BEGIN
  SELECT k.schema_name, k.table_name, h.relid, pg_get_userbyid(r.relowner) AS owner INTO c
  FROM _timescaledb_catalog.chunk k JOIN _timescaledb_catalog.hypertable h ON h.id = k.hypertable_id
    JOIN pg_class r ON r.oid = h.relid
  WHERE k.id = chunk_id;
  SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO cols FROM pg_attribute
  WHERE attrelid = c.relid AND attnum > 0 AND NOT attisdropped;
  EXECUTE format('CREATE %s VIEW %I.%I AS SELECT %s FROM %s WHERE %s WITH CHECK OPTION', CASE WHEN is_there THEN 'OR REPLACE' ELSE '' END,
                 c.schema_name, c.table_name, cols, c.relid, _timescaledb_functions.chunk_condition(chunk_id));
  IF NOT is_there AND c.owner <> current_user THEN
    EXECUTE format('ALTER VIEW %I.%I OWNER TO %I', c.schema_name, c.table_name, c.owner);
  END IF;
END
$$;
-- Without varve.keep_chunks dropping the relation would be dropping the chunk.
CREATE FUNCTION _timescaledb_functions.drop_chunk_relation(chunk_id integer) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET varve.keep_chunks = 'on' AS
$$
DECLARE
  c _timescaledb_catalog.chunk;
BEGIN
  SELECT * INTO c FROM _timescaledb_catalog.chunk WHERE id = chunk_id;
  PERFORM _timescaledb_functions.require_owner(h.relid) FROM _timescaledb_catalog.hypertable h
  JOIN pg_class k ON k.oid = h.relid WHERE h.id = c.hypertable_id;
  IF _timescaledb_functions.chunk_relation(c.schema_name, c.table_name) IS NOT NULL THEN
    EXECUTE format('DROP VIEW %I.%I', c.schema_name, c.table_name);
  END IF;
END
$$;
-- Around a change of the hypertable's columns.
CREATE FUNCTION _timescaledb_functions.drop_chunk_relations(ht integer) RETURNS void LANGUAGE plpgsql AS
$$ BEGIN PERFORM _timescaledb_functions.drop_chunk_relation(id) FROM _timescaledb_catalog.chunk WHERE hypertable_id = ht; END $$;
CREATE FUNCTION _timescaledb_functions.create_chunk_relations(ht integer) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
BEGIN
  PERFORM _timescaledb_functions.require_owner(relid) FROM _timescaledb_catalog.hypertable WHERE id = ht;
  PERFORM _timescaledb_functions.create_chunk_relation(id) FROM _timescaledb_catalog.chunk WHERE hypertable_id = ht;
END
$$;

-- The chunk of a point, which nobody has made yet; the hypertable is locked.
CREATE FUNCTION _timescaledb_functions.create_chunk_at(ht integer, value bigint, places bigint[]) RETURNS _timescaledb_catalog.chunk
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  h _timescaledb_catalog.hypertable;
  dim _timescaledb_catalog.dimension;
  before record;
  other bigint;
  made _timescaledb_catalog.chunk;
  bounds bigint[];
  slices bigint[];
  starts bigint[] := '{}';
  ends bigint[] := '{}';
  width bigint;
  slice bigint;
  i integer := 0;
BEGIN
  SELECT * INTO h FROM _timescaledb_catalog.hypertable WHERE id = ht;
  FOR dim IN SELECT * FROM _timescaledb_catalog.dimension d WHERE d.hypertable_id = ht ORDER BY d.id LOOP
    IF bounds IS NULL THEN
      -- Ranges of different starts do not overlap: neighbours by start are all that counts, and the index has them.
      SELECT c.range_start, c.range_end INTO before FROM _timescaledb_catalog.chunk c
      WHERE c.hypertable_id = ht AND c.range_start <= value ORDER BY c.range_start DESC LIMIT 1;
      IF before.range_end > value OR before.range_end = 9223372036854775807 THEN
        bounds := ARRAY[before.range_start, before.range_end];
      ELSE
        bounds := _timescaledb_functions.range_of(value, dim.interval_length, dim.column_type);
        -- Chunks made with another interval keep what they have.
        SELECT c.range_start INTO other FROM _timescaledb_catalog.chunk c
        WHERE c.hypertable_id = ht AND c.range_start > value ORDER BY c.range_start LIMIT 1;
        bounds := ARRAY[greatest(bounds[1], before.range_end), least(bounds[2], other)];
      END IF;
    ELSE
      i := i + 1;
      IF dim.num_slices IS NULL THEN
        slices := _timescaledb_functions.range_of(places[i], dim.interval_length, dim.column_type);
      ELSE
        width := 2147483648 / dim.num_slices;
        slice := least(places[i] / width, dim.num_slices - 1);
        slices := ARRAY[CASE WHEN slice = 0 THEN '-9223372036854775808'::bigint ELSE slice * width END,
                        CASE WHEN slice = dim.num_slices - 1 THEN 9223372036854775807 ELSE (slice + 1) * width END];
      END IF;
      SELECT max(c.slice_ends[i]) INTO other FROM _timescaledb_catalog.chunk c
      WHERE c.hypertable_id = ht AND c.range_start = bounds[1] AND c.slice_ends[i] <= places[i];
      starts[i] := greatest(slices[1], other);
      SELECT min(c.slice_starts[i]) INTO other FROM _timescaledb_catalog.chunk c
      WHERE c.hypertable_id = ht AND c.range_start = bounds[1] AND c.slice_starts[i] > places[i];
      ends[i] := least(slices[2], other);
    END IF;
  END LOOP;
  made.id := nextval('_timescaledb_catalog.chunk_id_seq');
  INSERT INTO _timescaledb_catalog.chunk (id, hypertable_id, schema_name, table_name, range_start, range_end, slice_starts, slice_ends)
  VALUES (made.id, ht, h.associated_schema_name, h.associated_table_prefix || '_' || made.id || '_chunk', bounds[1], bounds[2],
          starts, ends)
  RETURNING * INTO made;
  PERFORM _timescaledb_functions.create_chunk_relation(made.id);
  RETURN made;
END
$$;
REVOKE ALL ON FUNCTION _timescaledb_functions.create_chunk_relation(integer, boolean) FROM PUBLIC;

-- Chunks for the rows that are there.
CREATE FUNCTION _timescaledb_functions.create_missing_chunks(ht integer) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  h _timescaledb_catalog.hypertable;
  time_dim _timescaledb_catalog.dimension;
  hashed text;
  place record;
BEGIN
  SELECT * INTO h FROM _timescaledb_catalog.hypertable WHERE id = ht;
  SELECT * INTO time_dim FROM _timescaledb_functions.time_dimension(ht);
  SELECT string_agg(CASE WHEN num_slices IS NULL
                         THEN format('(_timescaledb_functions.range_of(_timescaledb_functions.time_to_internal(%I), %s, %L::regtype))[1]',
                                     column_name, interval_length, column_type)
                         ELSE format('coalesce(%s / %s, 0) * %s', _timescaledb_functions.hash_call(d), 2147483648 / num_slices,
                                     2147483648 / num_slices) END, ', ' ORDER BY id) INTO hashed
  FROM _timescaledb_catalog.dimension d WHERE d.hypertable_id = ht AND d.id <> time_dim.id;
  FOR place IN EXECUTE format(
      'SELECT DISTINCT (_timescaledb_functions.range_of(t, %s, %L::regtype))[1] AS t, h FROM '
      '(SELECT DISTINCT _timescaledb_functions.time_to_internal(%I) AS t, ARRAY[%s]::bigint[] AS h FROM ONLY %s) x ORDER BY 1, 2',
      time_dim.interval_length, time_dim.column_type, time_dim.column_name, hashed, h.relid) LOOP
    PERFORM _timescaledb_functions.create_chunk_at(ht, place.t, place.h)
    WHERE NOT EXISTS (SELECT FROM _timescaledb_catalog.chunk c WHERE c.hypertable_id = ht AND c.range_start <= place.t
      AND (c.range_end > place.t OR c.range_end = 9223372036854775807)
      AND NOT EXISTS (SELECT FROM generate_subscripts(place.h, 1) i
                      WHERE place.h[i] < c.slice_starts[i] OR (place.h[i] >= c.slice_ends[i] AND c.slice_ends[i] <> 9223372036854775807)));
  END LOOP;
END
$$;

-- --- which chunks a command means. Bounds come as text and type.
CREATE FUNCTION _timescaledb_functions.time_argument(column_type regtype, value text, value_type regtype) RETURNS bigint
  LANGUAGE plpgsql STABLE AS
$$
BEGIN
  IF value IS NULL THEN RETURN NULL; END IF;
  IF _timescaledb_functions.is_integer(column_type) THEN
    IF value_type NOT IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'unknown'::regtype) THEN
      RAISE EXCEPTION 'invalid time argument type "%"', value_type
        USING ERRCODE = 'invalid_parameter_value', HINT = format('Try casting the argument to "%s".', column_type);
    END IF;
    RETURN value::bigint;
  END IF;
  CASE value_type
    WHEN 'interval'::regtype THEN RETURN _timescaledb_functions.time_to_internal(now() - value::interval);
    WHEN 'timestamptz'::regtype, 'unknown'::regtype, 'text'::regtype THEN
      IF column_type IN ('timestamptz'::regtype, 'uuid'::regtype) THEN RETURN _timescaledb_functions.time_to_internal(value::timestamptz); END IF;
      RETURN _timescaledb_functions.time_to_internal(value::timestamptz::timestamp);
    WHEN 'timestamp'::regtype, 'date'::regtype THEN
      IF column_type IN ('timestamptz'::regtype, 'uuid'::regtype) THEN
        RETURN _timescaledb_functions.time_to_internal(value::timestamp::timestamptz);
      END IF;
      RETURN _timescaledb_functions.time_to_internal(value::timestamp);
    WHEN 'uuid'::regtype THEN RETURN _timescaledb_functions.time_to_internal(value::uuid);
    ELSE
      RAISE EXCEPTION 'invalid time argument type "%"', value_type
        USING ERRCODE = 'invalid_parameter_value', HINT = format('Try casting the argument to "%s".', column_type);
  END CASE;
END
$$;

CREATE FUNCTION _timescaledb_functions.chunks_between(
    relation regclass, older text, older_type regtype, newer text, newer_type regtype, before text, before_type regtype,
    after text, after_type regtype)
  RETURNS SETOF _timescaledb_catalog.chunk LANGUAGE plpgsql STABLE AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
  col_type regtype;
  upper_bound bigint;
  lower_bound bigint;
  made_before timestamptz;
  made_after timestamptz;
BEGIN
  IF relation IS NULL THEN
    RAISE EXCEPTION 'invalid hypertable or continuous aggregate' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT * INTO ht FROM _timescaledb_functions.require_hypertable(relation);
  SELECT d.column_type INTO col_type FROM _timescaledb_functions.time_dimension(ht.id) d;
  IF (older IS NOT NULL OR newer IS NOT NULL) AND (before IS NOT NULL OR after IS NOT NULL) THEN
    RAISE EXCEPTION 'cannot specify "older_than" or "newer_than" together with "created_before"or "created_after"'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  upper_bound := _timescaledb_functions.time_argument(col_type, older, older_type);
  lower_bound := _timescaledb_functions.time_argument(col_type, newer, newer_type);
  made_before := CASE WHEN before_type = 'interval'::regtype THEN now() - before::interval ELSE before::timestamptz END;
  made_after := CASE WHEN after_type = 'interval'::regtype THEN now() - after::interval ELSE after::timestamptz END;
  IF lower_bound >= upper_bound OR made_after >= made_before THEN
    RAISE EXCEPTION 'invalid time range' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'The start of the time range must be before the end.';
  END IF;
  RETURN QUERY SELECT * FROM _timescaledb_catalog.chunk c
    WHERE c.hypertable_id = ht.id AND (upper_bound IS NULL OR c.range_end <= upper_bound)
      AND (lower_bound IS NULL OR c.range_start >= lower_bound)
      AND (made_before IS NULL OR c.creation_time < made_before) AND (made_after IS NULL OR c.creation_time >= made_after)
    ORDER BY c.id;
END
$$;
CREATE FUNCTION show_chunks(relation regclass, older_than "any" DEFAULT NULL, newer_than "any" DEFAULT NULL,
                            created_before "any" DEFAULT NULL, created_after "any" DEFAULT NULL)
  RETURNS SETOF regclass AS 'MODULE_PATHNAME', 'ts_show_chunks' LANGUAGE c STABLE PARALLEL RESTRICTED;
CREATE FUNCTION drop_chunks(relation regclass, older_than "any" DEFAULT NULL, newer_than "any" DEFAULT NULL,
                            verbose boolean DEFAULT false, created_before "any" DEFAULT NULL, created_after "any" DEFAULT NULL)
  RETURNS SETOF text AS 'MODULE_PATHNAME', 'ts_drop_chunks' LANGUAGE c VOLATILE PARALLEL UNSAFE;

-- --- dropping
CREATE FUNCTION _timescaledb_functions.check_drop_chunks(relation regclass, has_bounds boolean) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
  PERFORM _timescaledb_functions.owned_hypertable(relation);
  IF NOT has_bounds THEN
    RAISE EXCEPTION 'invalid time range for dropping chunks' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'At least one of older_than/newer_than or created_before/created_after must be provided.';
  END IF;
END
$$;
-- Foreign keys that point at rows of the chunk, which is locked: what they say of a deletion is done, for all rows at
-- once, with the rights of the pointing table's owner. Without such a word no row may point there.
CREATE FUNCTION _timescaledb_functions.release_referrers(c _timescaledb_catalog.chunk, h _timescaledb_catalog.hypertable) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog AS
$$
DECLARE
  k record;
  pointing text;
  found_one boolean;
BEGIN
  FOR k IN
    SELECT f.conname, f.conrelid::regclass AS relation, f.confdeltype AS action, r.relowner AS owner,
           (SELECT string_agg(format('f.%I = h.%I', a.attname, b.attname), ' AND ')
            FROM unnest(f.conkey, f.confkey) AS x (own, other) JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = x.own
              JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = x.other) AS matching,
           (SELECT string_agg(format('%I = %s', a.attname, CASE WHEN f.confdeltype = 'd' THEN 'DEFAULT' ELSE 'NULL' END), ', ')
            FROM unnest(coalesce(nullif(f.confdelsetcols, '{}'), f.conkey)) AS x (own) JOIN pg_attribute a
              ON a.attrelid = f.conrelid AND a.attnum = x.own) AS assignments
    FROM pg_constraint f JOIN pg_class r ON r.oid = f.conrelid WHERE f.confrelid = h.relid AND f.contype = 'f' ORDER BY f.oid
  LOOP
    -- Under an old snapshot rows that point there may not be seen.
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
      RAISE EXCEPTION 'dropping chunks that a foreign key points at is only supported at READ COMMITTED'
        USING ERRCODE = 'feature_not_supported';
    END IF;
    pointing := format('(SELECT * FROM %s WHERE %s) h WHERE %s', h.relid, _timescaledb_functions.chunk_condition(c.id), k.matching);
    CASE k.action
      WHEN 'c' THEN PERFORM _timescaledb_functions.run_as(k.owner, format('DELETE FROM %s f USING %s', k.relation, pointing));
      WHEN 'n', 'd' THEN
        PERFORM _timescaledb_functions.run_as(k.owner, format('UPDATE %s f SET %s FROM %s', k.relation, k.assignments, pointing));
      ELSE
        EXECUTE format('SELECT EXISTS (SELECT FROM %s f, %s)', k.relation, pointing) INTO found_one;
        IF found_one THEN
          RAISE EXCEPTION 'cannot drop table %.% because other objects depend on it', quote_ident(c.schema_name), quote_ident(c.table_name)
            USING ERRCODE = 'dependent_objects_still_exist',
                  DETAIL = format('constraint %s on table %s depends on table %s', k.conname, k.relation, h.relid),
                  HINT = 'Use DROP ... CASCADE to drop the dependent objects too.';
        END IF;
    END CASE;
  END LOOP;
END
$$;
REVOKE ALL ON FUNCTION _timescaledb_functions.release_referrers(_timescaledb_catalog.chunk, _timescaledb_catalog.hypertable) FROM PUBLIC;
CREATE FUNCTION _timescaledb_functions.remove_rows(relation regclass, col name, column_type regtype, low bigint, high bigint, rest text)
  RETURNS bigint AS 'MODULE_PATHNAME', 'ts_remove_rows' LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION _timescaledb_functions.remove_rows(regclass, name, regtype, bigint, bigint, text) FROM PUBLIC;
-- Whole segments at once where the chunk has a range of time to itself; what is left, row by row.
CREATE FUNCTION _timescaledb_functions.delete_chunk_rows(chunk_id integer) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog AS
$$
DECLARE
  c _timescaledb_catalog.chunk;
  h _timescaledb_catalog.hypertable;
  dim _timescaledb_catalog.dimension;
BEGIN
  SELECT * INTO c FROM _timescaledb_catalog.chunk WHERE id = chunk_id;
  SELECT * INTO h FROM _timescaledb_catalog.hypertable WHERE id = c.hypertable_id;
  SELECT * INTO dim FROM _timescaledb_functions.time_dimension(h.id);
  PERFORM _timescaledb_functions.remove_rows(
    h.relid, dim.column_name, dim.column_type, c.range_start,
    CASE WHEN cardinality(c.slice_starts) > 0 THEN c.range_start ELSE c.range_end END,
    format('DELETE FROM %s WHERE %s', h.relid, _timescaledb_functions.chunk_condition(chunk_id)));
END
$$;
REVOKE ALL ON FUNCTION _timescaledb_functions.delete_chunk_rows(integer) FROM PUBLIC;
-- Chunks of one hypertable. What lies between two that stay goes as one range.
CREATE FUNCTION _timescaledb_functions.drop_chunk_set(ids integer[]) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  c _timescaledb_catalog.chunk;
  h _timescaledb_catalog.hypertable;
  dim _timescaledb_catalog.dimension;
  part record;
BEGIN
  IF coalesce(cardinality(ids), 0) = 0 THEN RETURN; END IF;
  SELECT * INTO h FROM _timescaledb_functions.owned_hypertable_of(ids[1]);
  SELECT * INTO dim FROM _timescaledb_functions.time_dimension(h.id);
  EXECUTE format('LOCK TABLE %s IN EXCLUSIVE MODE', h.relid);
  FOR c IN SELECT * FROM _timescaledb_catalog.chunk k WHERE k.hypertable_id = h.id AND k.id = ANY (ids) ORDER BY k.id LOOP
    PERFORM _timescaledb_functions.release_referrers(c, h);
    IF h.num_dimensions > 1 THEN PERFORM _timescaledb_functions.delete_chunk_rows(c.id); END IF;
  END LOOP;
  FOR part IN SELECT min(k.range_start) AS low, max(k.range_end) AS high
              FROM (SELECT x.range_start, x.range_end, x.id = ANY (ids) AS goes,
                           count(*) FILTER (WHERE x.id <> ALL (ids)) OVER (ORDER BY x.range_start) AS island
                    FROM _timescaledb_catalog.chunk x WHERE x.hypertable_id = h.id AND h.num_dimensions = 1) k
              WHERE k.goes GROUP BY k.island LOOP
    PERFORM _timescaledb_functions.remove_rows(
      h.relid, dim.column_name, dim.column_type, part.low, part.high,
      format('DELETE FROM %s WHERE %s', h.relid, coalesce(_timescaledb_functions.time_condition(dim, part.low, part.high), 'true')));
  END LOOP;
  FOR c IN SELECT * FROM _timescaledb_catalog.chunk k WHERE k.hypertable_id = h.id AND k.id = ANY (ids) ORDER BY k.id LOOP
    PERFORM _timescaledb_functions.forget_chunk_relation(c);
    PERFORM _timescaledb_functions.forget_chunk(c, h);
  END LOOP;
END
$$;
CREATE FUNCTION _timescaledb_functions.drop_chunk(chunk_id integer) RETURNS void LANGUAGE plpgsql AS
$$ BEGIN PERFORM _timescaledb_functions.drop_chunk_set(ARRAY[chunk_id]); END $$;

-- The rows are gone already (TRUNCATE), or go with the table.
CREATE FUNCTION _timescaledb_functions.forget_chunks(ht integer) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
BEGIN
  PERFORM _timescaledb_functions.drop_chunk_relation(id) FROM _timescaledb_catalog.chunk WHERE hypertable_id = ht;
  DELETE FROM _timescaledb_catalog.chunk WHERE hypertable_id = ht;
  PERFORM _timescaledb_functions.note_invalidation(h.relid, '-9223372036854775808'::bigint, 9223372036854775807)
  FROM _timescaledb_catalog.hypertable h WHERE h.id = ht;
  PERFORM _timescaledb_functions.cagg_forget_buckets(ht);
END
$$;
CREATE FUNCTION _timescaledb_functions.forget_hypertable(ht integer) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
BEGIN
  IF EXISTS (SELECT FROM _timescaledb_catalog.hypertable h JOIN pg_class c ON c.oid = h.relid WHERE h.id = ht) THEN
    RAISE EXCEPTION 'hypertable % is still there', ht;
  END IF;
  PERFORM _timescaledb_functions.forget_chunks(ht);
  DELETE FROM _timescaledb_catalog.compression_settings s USING _timescaledb_catalog.hypertable h
  WHERE h.id = ht AND s.relid = h.relid;
  DELETE FROM _timescaledb_catalog.bgw_job WHERE hypertable_id = ht;
  DELETE FROM _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log l WHERE l.hypertable_id = ht;
  DELETE FROM _timescaledb_catalog.continuous_aggs_invalidation_threshold t WHERE t.hypertable_id = ht;
  DELETE FROM _timescaledb_catalog.hypertable WHERE id = ht;
END
$$;
-- After ALTER … RENAME and SET SCHEMA.
CREATE FUNCTION _timescaledb_functions.note_names(ht integer) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
BEGIN
  UPDATE _timescaledb_catalog.hypertable h SET schema_name = n.nspname, table_name = c.relname
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE h.id = ht AND c.oid = h.relid;
END
$$;
CREATE FUNCTION _timescaledb_functions.rename_column(ht integer, old_name name, new_name name) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  relation regclass;
BEGIN
  SELECT relid INTO relation FROM _timescaledb_catalog.hypertable WHERE id = ht;
  PERFORM _timescaledb_functions.require_owner(relation);
  UPDATE _timescaledb_catalog.chunk_column_stats SET column_name = new_name WHERE hypertable_id = ht AND column_name = old_name;
  UPDATE _timescaledb_catalog.dimension SET column_name = new_name WHERE hypertable_id = ht AND column_name = old_name;
  IF FOUND THEN PERFORM _timescaledb_functions.mark_hypertable(ht); END IF;
  UPDATE _timescaledb_catalog.compression_settings s
  SET segmentby = array_replace(s.segmentby, old_name::text, new_name::text),
      orderby = array_replace(s.orderby, old_name::text, new_name::text)
  WHERE s.relid = relation OR s.relid IN (SELECT _timescaledb_functions.chunk_relation(c.schema_name, c.table_name)
                                          FROM _timescaledb_catalog.chunk c WHERE c.hypertable_id = ht);
  PERFORM _timescaledb_functions.apply_settle_order(relation);
END
$$;
CREATE FUNCTION _timescaledb_functions.forget_all() RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
  h _timescaledb_catalog.hypertable;
BEGIN
  FOR h IN SELECT * FROM _timescaledb_catalog.hypertable LOOP
    PERFORM _timescaledb_functions.drop_chunk_relations(h.id);
    IF EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = h.relid) THEN
      EXECUTE format('ALTER TABLE %s RESET (hypertable)', h.relid);
    END IF;
  END LOOP;
END
$$;

-- --- merging and splitting
CREATE FUNCTION _timescaledb_functions.require_chunk(chunk regclass) RETURNS SETOF _timescaledb_catalog.chunk
  LANGUAGE plpgsql STABLE AS
$$
DECLARE
  rel record;
BEGIN
  IF chunk IS NULL THEN RAISE EXCEPTION 'invalid chunk' USING ERRCODE = 'invalid_parameter_value'; END IF;
  SELECT n.nspname, c.relname INTO rel FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = chunk;
  RETURN QUERY SELECT * FROM _timescaledb_catalog.chunk k WHERE k.schema_name = rel.nspname AND k.table_name = rel.relname;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'chunk not found' USING ERRCODE = 'undefined_object',
      DETAIL = format('schema_name: %s, table_name: %s', rel.nspname, rel.relname);
  END IF;
END
$$;
-- Two neighbours as one; null: they are not the halves of anything. With several dimensions those of one time may be
-- merged; along time only when nobody else has these times, for ranges of time overlap as a whole or not at all.
CREATE FUNCTION _timescaledb_functions.merged_chunk(a _timescaledb_catalog.chunk, b _timescaledb_catalog.chunk)
  RETURNS _timescaledb_catalog.chunk LANGUAGE plpgsql STABLE AS
$$
DECLARE
  whole _timescaledb_catalog.chunk := a;
  joined integer := 0;
BEGIN
  IF a.range_end = b.range_start OR b.range_end = a.range_start THEN
    IF a.slice_starts <> b.slice_starts OR a.slice_ends <> b.slice_ends
       OR EXISTS (SELECT FROM _timescaledb_catalog.chunk c WHERE c.hypertable_id = a.hypertable_id AND c.id NOT IN (a.id, b.id)
                  AND c.range_start IN (a.range_start, b.range_start)) THEN
      RETURN NULL;
    END IF;
    whole.range_start := least(a.range_start, b.range_start);
    whole.range_end := greatest(a.range_end, b.range_end);
    RETURN whole;
  END IF;
  IF a.range_start <> b.range_start OR a.range_end <> b.range_end THEN RETURN NULL; END IF;
  FOR i IN 1 .. cardinality(a.slice_starts) LOOP
    CONTINUE WHEN a.slice_starts[i] = b.slice_starts[i] AND a.slice_ends[i] = b.slice_ends[i];
    IF a.slice_ends[i] <> b.slice_starts[i] AND b.slice_ends[i] <> a.slice_starts[i] THEN RETURN NULL; END IF;
    whole.slice_starts[i] := least(a.slice_starts[i], b.slice_starts[i]);
    whole.slice_ends[i] := greatest(a.slice_ends[i], b.slice_ends[i]);
    joined := joined + 1;
  END LOOP;
  RETURN CASE WHEN joined = 1 THEN whole END;
END
$$;
CREATE FUNCTION _timescaledb_functions.merge_two(chunk1 regclass, chunk2 regclass) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  a _timescaledb_catalog.chunk;
  b _timescaledb_catalog.chunk;
  h _timescaledb_catalog.hypertable;
  whole _timescaledb_catalog.chunk;
BEGIN
  SELECT * INTO a FROM _timescaledb_functions.require_chunk(chunk1);
  SELECT * INTO b FROM _timescaledb_functions.require_chunk(chunk2);
  SELECT * INTO h FROM _timescaledb_functions.owned_hypertable_of(a.id);
  IF a.id = b.id THEN
    RAISE EXCEPTION 'duplicate chunk on argument list' USING ERRCODE = 'duplicate_object';
  ELSIF a.hypertable_id <> b.hypertable_id THEN
    RAISE EXCEPTION 'cannot merge chunks across different hypertables' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  whole := _timescaledb_functions.merged_chunk(a, b);
  IF whole.id IS NULL THEN
    RAISE EXCEPTION 'cannot create new chunk partition boundaries' USING ERRCODE = 'invalid_parameter_value',
      HINT = CASE WHEN h.num_dimensions > 1 THEN 'Try merging chunks of the same time that have adjacent partition ranges, or all chunks of adjacent times.'
             ELSE 'Try merging chunks that have adjacent partition ranges.' END;
  ELSIF a.status <> b.status THEN
    RAISE EXCEPTION 'merging chunks of which only one is in the columnstore is not supported'
      USING ERRCODE = 'feature_not_supported';
  END IF;
  EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', h.relid);
  PERFORM _timescaledb_functions.forget_chunk_relation(b);
  UPDATE _timescaledb_catalog.compression_chunk_size s
  SET uncompressed_heap_size = s.uncompressed_heap_size + o.uncompressed_heap_size,
      uncompressed_index_size = s.uncompressed_index_size + o.uncompressed_index_size,
      compressed_heap_size = s.compressed_heap_size + o.compressed_heap_size,
      compressed_index_size = s.compressed_index_size + o.compressed_index_size,
      numrows_pre_compression = s.numrows_pre_compression + o.numrows_pre_compression,
      numrows_post_compression = s.numrows_post_compression + o.numrows_post_compression
  FROM _timescaledb_catalog.compression_chunk_size o WHERE s.chunk_id = a.id AND o.chunk_id = b.id;
  DELETE FROM _timescaledb_catalog.chunk WHERE id = b.id;
  UPDATE _timescaledb_catalog.chunk SET range_start = whole.range_start, range_end = whole.range_end,
    slice_starts = whole.slice_starts, slice_ends = whole.slice_ends WHERE id = a.id;
  PERFORM _timescaledb_functions.create_chunk_relation(a.id, true);
END
$$;
CREATE PROCEDURE merge_chunks(chunk1 regclass, chunk2 regclass, concurrently boolean DEFAULT false) LANGUAGE plpgsql AS
$$ BEGIN PERFORM _timescaledb_functions.merge_two(chunk1, chunk2); END $$;
CREATE PROCEDURE merge_chunks(chunks regclass[]) LANGUAGE plpgsql AS
$$
DECLARE
  names text[];
  ids integer[];
  pair record;
  name text;
BEGIN
  IF coalesce(cardinality(chunks), 0) < 2 THEN
    RAISE EXCEPTION 'must specify at least two chunks to merge' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- Neighbours meet one another in the order of time, and those of one time before.
  SELECT array_agg(format('%I.%I', k.schema_name, k.table_name) ORDER BY k.range_start, k.slice_starts), array_agg(k.id) INTO names, ids
  FROM unnest(chunks) c, LATERAL _timescaledb_functions.require_chunk(c) k;
  LOOP
    SELECT format('%I.%I', a.schema_name, a.table_name) AS kept, format('%I.%I', b.schema_name, b.table_name) AS other, b.id INTO pair
    FROM _timescaledb_catalog.chunk a JOIN _timescaledb_catalog.chunk b
      ON b.hypertable_id = a.hypertable_id AND b.range_start = a.range_start AND b.slice_starts > a.slice_starts
    WHERE a.id = ANY (ids) AND b.id = ANY (ids) AND (_timescaledb_functions.merged_chunk(a, b)).id IS NOT NULL
    ORDER BY a.range_start, a.slice_starts, b.slice_starts LIMIT 1;
    EXIT WHEN NOT FOUND;
    PERFORM _timescaledb_functions.merge_two(pair.kept::regclass, pair.other::regclass);
    ids := array_remove(ids, pair.id);
    names := array_remove(names, pair.other);
  END LOOP;
  FOREACH name IN ARRAY names[2:] LOOP
    PERFORM _timescaledb_functions.merge_two(names[1]::regclass, name::regclass);
  END LOOP;
END
$$;
CREATE FUNCTION _timescaledb_functions.split_at(chunk regclass, value text, value_type regtype) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  c _timescaledb_catalog.chunk;
  h _timescaledb_catalog.hypertable;
  col_type regtype;
  place bigint;
  new_id integer;
BEGIN
  SELECT * INTO c FROM _timescaledb_functions.require_chunk(chunk);
  SELECT * INTO h FROM _timescaledb_functions.owned_hypertable_of(c.id);
  SELECT d.column_type INTO col_type FROM _timescaledb_catalog.dimension d WHERE d.hypertable_id = h.id ORDER BY d.id LIMIT 1;
  place := CASE WHEN value IS NULL THEN c.range_start + (c.range_end - c.range_start) / 2
                ELSE _timescaledb_functions.time_argument(col_type, value, value_type) END;
  IF col_type = 'date'::regtype THEN place := place - ((place % 86400000000) + 86400000000) % 86400000000; END IF;
  IF place <= c.range_start OR place >= c.range_end THEN
    RAISE EXCEPTION 'cannot split chunk at %', value USING ERRCODE = 'invalid_parameter_value';
  END IF;
  EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', h.relid);
  -- With several dimensions all chunks of the time: ranges of time overlap as a whole or not at all.
  FOR c IN SELECT * FROM _timescaledb_catalog.chunk k WHERE k.hypertable_id = h.id AND k.range_start = c.range_start
           ORDER BY k.id <> c.id, k.id LOOP
    new_id := nextval('_timescaledb_catalog.chunk_id_seq');
    UPDATE _timescaledb_catalog.chunk SET range_end = place WHERE id = c.id;
    INSERT INTO _timescaledb_catalog.chunk (id, hypertable_id, schema_name, table_name, status, range_start, range_end, slice_starts, slice_ends)
    VALUES (new_id, h.id, h.associated_schema_name, h.associated_table_prefix || '_' || new_id || '_chunk', c.status, place, c.range_end,
            c.slice_starts, c.slice_ends);
    PERFORM _timescaledb_functions.create_chunk_relation(c.id, true);
    PERFORM _timescaledb_functions.create_chunk_relation(new_id);
  END LOOP;
END
$$;
CREATE PROCEDURE split_chunk(chunk regclass, split_at anyelement DEFAULT NULL::timestamptz) LANGUAGE plpgsql AS
$$ BEGIN PERFORM _timescaledb_functions.split_at($1, $2::text, pg_typeof($2)); END $$;

-- --- away and back. The rows of all chunks lie in the hypertable, so they are copied.
CREATE FUNCTION _timescaledb_functions.copied_columns(relation regclass) RETURNS text LANGUAGE sql STABLE AS
$$
SELECT pg_catalog.string_agg(pg_catalog.quote_ident(attname), ', ' ORDER BY attnum) FROM pg_catalog.pg_attribute
WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
$$;
CREATE FUNCTION _timescaledb_functions.forget_chunk_relation(c _timescaledb_catalog.chunk) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog AS
$$
BEGIN
  DELETE FROM _timescaledb_catalog.compression_settings s
  WHERE s.relid = _timescaledb_functions.chunk_relation(c.schema_name, c.table_name);
  PERFORM _timescaledb_functions.drop_chunk_relation(c.id);
END
$$;
REVOKE ALL ON FUNCTION _timescaledb_functions.forget_chunk_relation(_timescaledb_catalog.chunk) FROM PUBLIC;
CREATE FUNCTION _timescaledb_functions.forget_chunk(c _timescaledb_catalog.chunk, h _timescaledb_catalog.hypertable) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog AS
$$
BEGIN
  DELETE FROM _timescaledb_catalog.chunk WHERE id = c.id;
  PERFORM _timescaledb_functions.note_invalidation(
    h.relid, c.range_start, CASE WHEN c.range_end = 9223372036854775807 THEN c.range_end ELSE c.range_end - 1 END);
END
$$;
REVOKE ALL ON FUNCTION _timescaledb_functions.forget_chunk(_timescaledb_catalog.chunk, _timescaledb_catalog.hypertable) FROM PUBLIC;
CREATE FUNCTION _timescaledb_functions.detach(chunk regclass) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  c _timescaledb_catalog.chunk;
  h _timescaledb_catalog.hypertable;
  made text;
  cols text;
  owner oid;
BEGIN
  SELECT * INTO c FROM _timescaledb_functions.require_chunk(chunk);
  SELECT * INTO h FROM _timescaledb_functions.owned_hypertable_of(c.id);
  EXECUTE format('LOCK TABLE %s IN EXCLUSIVE MODE', h.relid);
  PERFORM _timescaledb_functions.release_referrers(c, h);
  PERFORM _timescaledb_functions.forget_chunk_relation(c);
  made := format('%I.%I', c.schema_name, c.table_name);
  EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL) USING columnar', made, h.relid);
  cols := _timescaledb_functions.copied_columns(h.relid);
  SELECT relowner INTO owner FROM pg_class WHERE oid = h.relid;
  EXECUTE format('ALTER TABLE %s OWNER TO %I', made, pg_get_userbyid(owner));
  -- What the table computes and checks is its owner's.
  PERFORM _timescaledb_functions.run_as(owner, format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s WHERE %s', made, cols,
                                                      cols, h.relid, _timescaledb_functions.chunk_condition(c.id)));
  PERFORM _timescaledb_functions.delete_chunk_rows(c.id);
  PERFORM _timescaledb_functions.forget_chunk(c, h);
END
$$;
CREATE PROCEDURE detach_chunk(chunk regclass) LANGUAGE plpgsql AS
$$ BEGIN PERFORM _timescaledb_functions.detach(chunk); END $$;

-- A bound of a slice: internal time as a number, or a time as text.
CREATE FUNCTION _timescaledb_functions.slice_bound(dim _timescaledb_catalog.dimension, bound jsonb) RETURNS bigint LANGUAGE plpgsql STABLE AS
$$
BEGIN
  IF jsonb_typeof(bound) = 'number' THEN RETURN bound::text::bigint; END IF;
  RETURN _timescaledb_functions.time_argument(dim.column_type, bound #>> '{}', 'text'::regtype);
END
$$;
CREATE FUNCTION _timescaledb_functions.attach(hypertable regclass, chunk regclass, slices jsonb) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  h _timescaledb_catalog.hypertable;
  dim _timescaledb_catalog.dimension;
  rel record;
  col record;
  k _timescaledb_catalog.chunk;
  bounds bigint[];
  problem text;
  cols text;
  trigger_names name[];
  t name;
  owner oid;
BEGIN
  SELECT * INTO h FROM _timescaledb_functions.owned_hypertable(hypertable);
  PERFORM _timescaledb_functions.require_owner(chunk);
  SELECT n.nspname, r.relname, r.relkind, r.relpersistence, r.relhassubclass OR r.relispartition AS related INTO rel
  FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace WHERE r.oid = chunk;
  IF EXISTS (SELECT FROM _timescaledb_catalog.chunk x WHERE x.schema_name = rel.nspname AND x.table_name = rel.relname) THEN
    RAISE EXCEPTION 'table "%" is already a chunk', rel.relname USING ERRCODE = 'invalid_parameter_value';
  ELSIF rel.relkind <> 'r' OR rel.relpersistence = 't' OR rel.related OR _timescaledb_functions.hypertable_id(chunk) IS NOT NULL THEN
    RAISE EXCEPTION 'cannot attach "%"', rel.relname USING ERRCODE = 'wrong_object_type', HINT = 'A chunk is made of an ordinary table.';
  END IF;
  IF (SELECT array_agg(x ORDER BY x) FROM jsonb_object_keys(slices) x)
     IS DISTINCT FROM (SELECT array_agg(d.column_name::text ORDER BY d.column_name::text) FROM _timescaledb_catalog.dimension d WHERE d.hypertable_id = h.id) THEN
    RAISE EXCEPTION 'invalid hypercube for hypertable "%"', h.table_name USING ERRCODE = 'invalid_parameter_value',
      HINT = 'The slices must name each dimension of the hypertable.';
  END IF;
  FOR col IN SELECT a.attname, a.atttypid, a.atttypmod FROM pg_attribute a WHERE a.attrelid = h.relid AND a.attnum > 0 AND NOT a.attisdropped LOOP
    IF NOT EXISTS (SELECT FROM pg_attribute b WHERE b.attrelid = chunk AND b.attname = col.attname AND b.attnum > 0 AND NOT b.attisdropped
                   AND b.atttypid = col.atttypid AND b.atttypmod = col.atttypmod) THEN
      RAISE EXCEPTION 'table "%" has no column "%" of type %', rel.relname, col.attname, format_type(col.atttypid, col.atttypmod)
        USING ERRCODE = 'datatype_mismatch';
    END IF;
  END LOOP;
  EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', h.relid);
  EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', chunk);
  PERFORM _timescaledb_functions.lock_hypertable(h.id);
  k.slice_starts := '{}';
  k.slice_ends := '{}';
  FOR dim IN SELECT * FROM _timescaledb_catalog.dimension d WHERE d.hypertable_id = h.id ORDER BY d.id LOOP
    bounds := ARRAY[_timescaledb_functions.slice_bound(dim, slices->dim.column_name->0), _timescaledb_functions.slice_bound(dim, slices->dim.column_name->1)];
    IF jsonb_array_length(slices->dim.column_name) <> 2 OR NOT coalesce(bounds[1] < bounds[2], false) THEN
      RAISE EXCEPTION 'invalid slice for dimension "%"', dim.column_name USING ERRCODE = 'invalid_parameter_value',
        HINT = 'A slice has a start and a later end.';
    END IF;
    IF k.range_start IS NULL THEN
      k.range_start := bounds[1];
      k.range_end := bounds[2];
    ELSE
      k.slice_starts := k.slice_starts || bounds[1];
      k.slice_ends := k.slice_ends || bounds[2];
    END IF;
  END LOOP;
  -- Ranges of time overlap as a whole or not at all.
  IF EXISTS (SELECT FROM _timescaledb_catalog.chunk x WHERE x.hypertable_id = h.id AND x.range_start < k.range_end AND k.range_start < x.range_end
             AND ((x.range_start, x.range_end) <> (k.range_start, k.range_end)
                  OR NOT EXISTS (SELECT FROM generate_subscripts(k.slice_starts, 1) i
                                 WHERE x.slice_starts[i] >= k.slice_ends[i] OR k.slice_starts[i] >= x.slice_ends[i]))) THEN
    RAISE EXCEPTION 'chunk creation failed due to collision' USING ERRCODE = 'duplicate_object',
      DETAIL = 'The slices overlap those of another chunk.';
  END IF;
  EXECUTE format('ALTER TABLE %s RENAME TO %I', chunk, left('_attached_' || rel.relname, 63));
  k.id := nextval('_timescaledb_catalog.chunk_id_seq');
  INSERT INTO _timescaledb_catalog.chunk (id, hypertable_id, schema_name, table_name, range_start, range_end, slice_starts, slice_ends)
  VALUES (k.id, h.id, rel.nspname, rel.relname, k.range_start, k.range_end, k.slice_starts, k.slice_ends);
  EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE (%s) IS NOT TRUE)', chunk, _timescaledb_functions.chunk_condition(k.id)) INTO problem;
  IF problem::boolean THEN
    RAISE EXCEPTION 'dimension constraint of chunk "%" is violated by some row', rel.relname USING ERRCODE = 'check_violation';
  END IF;
  PERFORM _timescaledb_functions.create_chunk_relation(k.id);
  SELECT array_agg(g.tgname) INTO trigger_names FROM pg_trigger g WHERE g.tgrelid = h.relid AND NOT g.tgisinternal AND g.tgenabled = 'O';
  -- The rows have been inserted before: nobody is told of them again.
  FOREACH t IN ARRAY coalesce(trigger_names, '{}') LOOP
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', h.relid, t);
  END LOOP;
  cols := _timescaledb_functions.copied_columns(h.relid);
  SELECT relowner INTO owner FROM pg_class WHERE oid = h.relid;
  EXECUTE format('ALTER TABLE %s OWNER TO %I', chunk, pg_get_userbyid(owner));
  PERFORM _timescaledb_functions.run_as(owner, format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s', h.relid, cols, cols, chunk));
  FOREACH t IN ARRAY coalesce(trigger_names, '{}') LOOP
    EXECUTE format('ALTER TABLE %s ENABLE TRIGGER %I', h.relid, t);
  END LOOP;
  EXECUTE format('DROP TABLE %s', chunk);
END
$$;
CREATE PROCEDURE attach_chunk(hypertable regclass, chunk regclass, slices jsonb) LANGUAGE plpgsql AS
$$ BEGIN PERFORM _timescaledb_functions.attach(hypertable, chunk, slices); END $$;

-- Rows settle in the columnstore's order; an index cannot give them another.
CREATE FUNCTION reorder_chunk(chunk regclass, index regclass DEFAULT NULL, verbose boolean DEFAULT false) RETURNS void
  LANGUAGE plpgsql AS
$$
DECLARE
  c _timescaledb_catalog.chunk;
  h _timescaledb_catalog.hypertable;
BEGIN
  SELECT * INTO c FROM _timescaledb_functions.require_chunk(chunk);
  SELECT * INTO h FROM _timescaledb_catalog.hypertable WHERE id = c.hypertable_id;
  IF index IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indexrelid = index AND i.indrelid = h.relid) THEN
    RAISE EXCEPTION '"%" is not an index for hypertable "%"', _timescaledb_functions.bare_name(index), h.table_name
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM varve_settle(h.relid);
END
$$;
