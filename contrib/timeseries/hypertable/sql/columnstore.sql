-- The columnstore: rows of hypertables settle into segments of columns whatever is said here. Settings say in which
-- order; converting a chunk settles its rows now and notes that it has been.
CREATE FUNCTION _timescaledb_functions.order_text(cols text[], descending boolean[], nullsfirst boolean[], spaced text)
  RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT string_agg(quote_ident(cols[i]) || CASE WHEN descending[i] THEN ' DESC' ELSE '' END
                     || CASE WHEN descending[i] = nullsfirst[i] THEN '' WHEN nullsfirst[i] THEN ' NULLS FIRST'
                        ELSE ' NULLS LAST' END, spaced ORDER BY i)
   FROM generate_subscripts(cols, 1) i $$;

-- "a, b DESC NULLS LAST" taken apart: name, descending, nulls first.
CREATE FUNCTION _timescaledb_functions.parse_orderby(value text, OUT col text, OUT descending boolean, OUT nullsfirst boolean)
  RETURNS SETOF record LANGUAGE plpgsql IMMUTABLE AS
$$
DECLARE
  item text;
  words text[];
  rest text[];
BEGIN
  IF btrim(value) = '' THEN RETURN; END IF;
  FOREACH item IN ARRAY regexp_split_to_array(value, ',(?=(?:[^"]*"[^"]*")*[^"]*$)') LOOP
    words := regexp_match(btrim(item), '^("(?:[^"]|"")+"|[^\s"]+)\s*(.*)$');
    IF words IS NULL THEN
      RAISE EXCEPTION 'unable to parse ordering option "%"', value USING ERRCODE = 'syntax_error';
    END IF;
    col := CASE WHEN words[1] LIKE '"%' THEN replace(substr(words[1], 2, length(words[1]) - 2), '""', '"') ELSE lower(words[1]) END;
    rest := regexp_match(words[2], '^(?:(asc|desc)\y)?\s*(?:nulls\s+(first|last)\y)?\s*(.*)$', 'i');
    IF rest[3] <> '' THEN
      RAISE EXCEPTION 'unable to parse ordering option "%"', value USING ERRCODE = 'syntax_error',
        DETAIL = format('syntax error at or near "%s"', split_part(rest[3], ' ', 1)),
        HINT = 'The timescaledb.compress_orderby option must be a set of column names with sort options, separated by '
               'commas. It is the same format as an ORDER BY clause.';
    END IF;
    descending := lower(coalesce(rest[1], 'asc')) = 'desc';
    nullsfirst := CASE WHEN rest[2] IS NULL THEN descending ELSE lower(rest[2]) = 'first' END;
    RETURN NEXT;
  END LOOP;
END
$$;

-- Rows settle by what they are segmented by, then by the order.
CREATE FUNCTION _timescaledb_functions.apply_settle_order(relation regclass) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  s _timescaledb_catalog.compression_settings;
  items text[] := '{}';
BEGIN
  SELECT * INTO s FROM _timescaledb_catalog.compression_settings c WHERE c.relid = relation;
  IF NOT FOUND THEN RETURN; END IF;
  SELECT coalesce(array_agg(quote_ident(x)), '{}') INTO items FROM unnest(s.segmentby) x;
  FOR i IN 1 .. coalesce(cardinality(s.orderby), 0) LOOP
    items := items || (quote_ident(s.orderby[i]) || CASE WHEN s.orderby_desc[i] THEN ' DESC' ELSE '' END);
  END LOOP;
  IF cardinality(items) > 0 THEN
    EXECUTE format('ALTER TABLE %s SET (orderby = %L)', relation, array_to_string(items, ', '));
  END IF;
END
$$;

-- "minmax(a), minmax(b)": every column of every segment and vector has its bounds, so these are there. A Bloom filter is
-- not.
CREATE FUNCTION _timescaledb_functions.parse_columnstore_index(relation regclass, value text) RETURNS jsonb LANGUAGE plpgsql STABLE AS
$$
DECLARE
  item text;
  words text[];
  col text;
  found jsonb := '[]';
BEGIN
  IF btrim(value) = '' THEN RETURN NULL; END IF;
  FOREACH item IN ARRAY regexp_split_to_array(value, ',(?=(?:[^"]*"[^"]*")*[^"]*$)(?![^(]*\))') LOOP
    words := regexp_match(btrim(item), '^(\w+)\s*\(\s*("(?:[^"]|"")+"|[^\s",()]+)\s*\)$');
    IF words IS NULL OR lower(words[1]) NOT IN ('minmax', 'bloom') THEN
      RAISE EXCEPTION 'unable to parse index option "%"', value USING ERRCODE = 'syntax_error',
        HINT = 'The timescaledb.index option must be a list of minmax(column).';
    END IF;
    IF lower(words[1]) = 'bloom' THEN
      RAISE EXCEPTION 'bloom indexes of the columnstore are not supported' USING ERRCODE = 'feature_not_supported',
        HINT = 'Segment by the column, or create an index on it.';
    END IF;
    col := CASE WHEN words[2] LIKE '"%' THEN replace(substr(words[2], 2, length(words[2]) - 2), '""', '"') ELSE lower(words[2]) END;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = relation AND a.attname = col AND a.attnum > 0 AND NOT a.attisdropped) THEN
      RAISE EXCEPTION 'column "%" does not exist', col USING ERRCODE = 'undefined_column',
        HINT = 'The timescaledb.index option must reference a valid column.';
    END IF;
    found := found || jsonb_build_object('type', 'minmax', 'column', col, 'source', 'config');
  END LOOP;
  RETURN found;
END
$$;
-- Chunks that are converted join the one before as long as both are no longer than this.
CREATE FUNCTION _timescaledb_functions.set_roll_up(ht integer, value text) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
  dim _timescaledb_catalog.dimension;
  length bigint;
BEGIN
  SELECT * INTO dim FROM _timescaledb_functions.time_dimension(ht);
  length := _timescaledb_functions.interval_length(
    dim.column_type, value, CASE WHEN _timescaledb_functions.is_integer(dim.column_type) THEN 'bigint'::regtype ELSE 'interval'::regtype END);
  IF length % dim.interval_length <> 0 THEN
    RAISE WARNING 'compress chunk interval is not a multiple of chunk interval, you should use a factor of chunk interval to merge as much as possible';
  END IF;
  UPDATE _timescaledb_catalog.dimension d SET compress_interval_length = length WHERE d.id = dim.id;
END
$$;
-- Returns the chunk that has the rows afterwards.
CREATE FUNCTION _timescaledb_functions.roll_up_chunk(c _timescaledb_catalog.chunk, relation regclass) RETURNS regclass LANGUAGE plpgsql AS
$$
DECLARE
  length bigint;
  before _timescaledb_catalog.chunk;
  kept regclass;
BEGIN
  SELECT d.compress_interval_length INTO length FROM _timescaledb_functions.time_dimension(c.hypertable_id) d;
  IF length IS NULL THEN RETURN relation; END IF;
  SELECT * INTO before FROM _timescaledb_catalog.chunk b
  WHERE b.hypertable_id = c.hypertable_id AND b.range_end = c.range_start AND b.status & 1 = 1
    AND b.range_start <> '-9223372036854775808'::bigint AND c.range_end <> 9223372036854775807 AND c.range_end - b.range_start <= length
    AND (_timescaledb_functions.merged_chunk(b, c)).id IS NOT NULL;
  IF before.id IS NULL THEN RETURN relation; END IF;
  kept := _timescaledb_functions.chunk_relation(before.schema_name, before.table_name);
  PERFORM _timescaledb_functions.merge_two(kept, relation);
  RETURN kept;
END
$$;

-- ALTER TABLE … SET (timescaledb.name = value, …); `settings`: names and values in turn.
CREATE FUNCTION _timescaledb_functions.alter_columnstore(relation regclass, settings text[]) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
  old _timescaledb_catalog.compression_settings;
  enable boolean;
  segment text[];
  segment_given boolean := false;
  order_text text;
  item record;
  cols text[] := '{}';
  descs boolean[] := '{}';
  nulls boolean[] := '{}';
  col text;
  roll_up text;
  index_text text;
  indexes jsonb;
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.owned_hypertable(relation);
  SELECT * INTO old FROM _timescaledb_catalog.compression_settings c WHERE c.relid = relation;
  FOR i IN 1 .. cardinality(settings) BY 2 LOOP
    CASE
      WHEN settings[i] IN ('compress', 'enable_columnstore', 'columnstore') THEN enable := settings[i + 1]::boolean;
      WHEN settings[i] IN ('compress_segmentby', 'segmentby') THEN
        SELECT coalesce(array_agg(o.col), '{}') INTO segment FROM _timescaledb_functions.parse_orderby(settings[i + 1]) o;
        segment_given := true;
      WHEN settings[i] IN ('compress_orderby', 'orderby') THEN order_text := settings[i + 1];
      WHEN settings[i] IN ('compress_chunk_time_interval', 'compress_chunk_interval') THEN roll_up := settings[i + 1];
      WHEN settings[i] IN ('compress_index', 'index') THEN index_text := settings[i + 1];
      ELSE
        RAISE EXCEPTION 'timescaledb.% is not supported', settings[i] USING ERRCODE = 'feature_not_supported';
    END CASE;
  END LOOP;
  IF NOT enable THEN
    IF EXISTS (SELECT FROM _timescaledb_catalog.chunk c WHERE c.hypertable_id = ht.id AND c.status & 1 = 1) THEN
      RAISE EXCEPTION 'cannot disable columnstore on hypertable with columnstore chunks' USING ERRCODE = 'feature_not_supported';
    END IF;
    UPDATE _timescaledb_catalog.hypertable h SET compression_state = 0 WHERE h.id = ht.id;
    DELETE FROM _timescaledb_catalog.compression_settings c WHERE c.relid = relation;
    RETURN;
  END IF;
  IF enable IS NULL AND ht.compression_state = 0 THEN
    RAISE EXCEPTION 'columnstore not enabled on "%"', ht.table_name USING ERRCODE = 'feature_not_supported',
      HINT = 'Enable columnstore before setting its options.';
  END IF;
  IF NOT segment_given THEN segment := coalesce(old.segmentby, '{}'); END IF;
  FOREACH col IN ARRAY segment LOOP
    IF NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = col AND a.attnum > 0 AND NOT a.attisdropped) THEN
      RAISE EXCEPTION 'column "%" does not exist', col USING ERRCODE = 'syntax_error',
        HINT = 'The timescaledb.compress_segmentby option must reference a valid column.';
    END IF;
  END LOOP;
  IF order_text IS NOT NULL THEN
    FOR item IN SELECT * FROM _timescaledb_functions.parse_orderby(order_text) LOOP
      IF NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = item.col AND a.attnum > 0 AND NOT a.attisdropped) THEN
        RAISE EXCEPTION 'column "%" does not exist', item.col USING ERRCODE = 'syntax_error',
          HINT = 'The timescaledb.compress_orderby option must reference a valid column.';
      END IF;
      IF item.col = ANY (segment) THEN
        RAISE EXCEPTION 'cannot use column "%" for both ordering and segmenting', item.col USING ERRCODE = 'syntax_error',
          HINT = 'Use separate columns for the timescaledb.compress_orderby and timescaledb.compress_segmentby options.';
      END IF;
      cols := cols || item.col;
      descs := descs || item.descending;
      nulls := nulls || item.nullsfirst;
    END LOOP;
  ELSE
    cols := coalesce(old.orderby, '{}');
    descs := coalesce(old.orderby_desc, '{}');
    nulls := coalesce(old.orderby_nullsfirst, '{}');
  END IF;
  indexes := CASE WHEN index_text IS NULL THEN old.index ELSE _timescaledb_functions.parse_columnstore_index(relation, index_text) END;
  IF roll_up IS NOT NULL THEN PERFORM _timescaledb_functions.set_roll_up(ht.id, roll_up); END IF;
  DELETE FROM _timescaledb_catalog.compression_settings c WHERE c.relid = relation;
  INSERT INTO _timescaledb_catalog.compression_settings (relid, segmentby, orderby, orderby_desc, orderby_nullsfirst, index)
  VALUES (relation, nullif(segment, '{}'), nullif(cols, '{}'), nullif(descs, '{}'), nullif(nulls, '{}'), indexes);
  UPDATE _timescaledb_catalog.hypertable h SET compression_state = 1 WHERE h.id = ht.id;
  IF cols = '{}' THEN
    -- Without an order it is the newest first, by time.
    SELECT d.column_name INTO col FROM _timescaledb_functions.time_dimension(ht.id) d;
    IF NOT col = ANY (segment) THEN
      EXECUTE format('ALTER TABLE %s SET (orderby = %L)', relation,
                     array_to_string((SELECT array_agg(quote_ident(x)) FROM unnest(segment) x) || (quote_ident(col) || ' DESC'), ', '));
    END IF;
  END IF;
  PERFORM _timescaledb_functions.apply_settle_order(relation);
END
$$;
CREATE FUNCTION _timescaledb_functions.check_drop_column(relation regclass, col name) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
  IF EXISTS (SELECT FROM _timescaledb_catalog.compression_settings s
             WHERE s.relid = relation AND (col::text = ANY (s.segmentby) OR col::text = ANY (s.orderby))) THEN
    RAISE EXCEPTION 'cannot drop orderby or segmentby column from a hypertable with columnstore enabled'
      USING ERRCODE = 'feature_not_supported';
  END IF;
END
$$;

-- What the rows of each range of time that chunks lie in take: in segments, and as rows that have not settled.
CREATE FUNCTION _timescaledb_functions.range_sizes(hypertable regclass)
  RETURNS TABLE (range_start bigint, range_end bigint, settled_rows bigint, settled_bytes bigint, fresh_rows bigint, fresh_bytes bigint)
  AS 'MODULE_PATHNAME', 'ts_range_sizes' LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE;
CREATE FUNCTION _timescaledb_functions.count_chunk_rows(chunk_id integer) RETURNS bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  relation regclass;
  result bigint;
BEGIN
  SELECT h.relid INTO relation FROM _timescaledb_catalog.chunk c JOIN _timescaledb_catalog.hypertable h ON h.id = c.hypertable_id
  WHERE c.id = chunk_id;
  EXECUTE format('SELECT count(*) FROM %s WHERE %s', relation, _timescaledb_functions.chunk_condition(chunk_id)) INTO result;
  RETURN result;
END
$$;
-- Chunks of the same time share segments: there it goes by rows. An index is everybody's by rows, too.
CREATE FUNCTION _timescaledb_functions.chunk_sizes(hypertable regclass)
  RETURNS TABLE (chunk_id integer, chunk_rows bigint, settled_bytes bigint, fresh_bytes bigint, index_bytes bigint)
  LANGUAGE sql VOLATILE STRICT AS
$$
SELECT p.id, p.chunk_rows, (p.settled_bytes::numeric * p.chunk_rows / greatest(p.range_rows, p.chunk_rows, 1))::bigint,
       (p.fresh_bytes::numeric * p.chunk_rows / greatest(p.range_rows, p.chunk_rows, 1))::bigint,
       (pg_catalog.pg_indexes_size($1)::numeric * p.chunk_rows / greatest(sum(p.chunk_rows) OVER (), 1))::bigint
FROM (SELECT c.id, s.settled_bytes, s.fresh_bytes, s.settled_rows + s.fresh_rows AS range_rows,
             CASE WHEN cardinality(c.slice_starts) = 0 THEN s.settled_rows + s.fresh_rows
                  ELSE _timescaledb_functions.count_chunk_rows(c.id) END AS chunk_rows
      FROM _timescaledb_catalog.hypertable h JOIN _timescaledb_catalog.chunk c ON c.hypertable_id = h.id
        JOIN _timescaledb_functions.range_sizes($1) s ON s.range_start = c.range_start
      WHERE h.relid = $1) p
$$;

-- What a row would take in PostgreSQL, with its pointer, as some rows tell.
CREATE FUNCTION _timescaledb_functions.row_width(relation regclass, condition text) RETURNS numeric
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS
$$
DECLARE
  widths numeric[];
  items text;
  col record;
  place numeric := 0;
  i integer := 0;
BEGIN
  SELECT string_agg(format('avg(coalesce(pg_column_size(%I), 0))', attname), ', ' ORDER BY attnum) INTO items FROM pg_attribute
  WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped;
  EXECUTE format('SELECT ARRAY[%s]::numeric[] FROM (SELECT * FROM %s WHERE %s LIMIT 100) x', items, relation, condition) INTO widths;
  FOR col IN SELECT attlen, CASE attalign WHEN 'd' THEN 8 WHEN 'i' THEN 4 WHEN 's' THEN 2 ELSE 1 END AS step FROM pg_attribute
             WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped ORDER BY attnum LOOP
    i := i + 1;
    IF col.attlen > 0 THEN place := ceil(place / col.step) * col.step; END IF;
    place := place + coalesce(widths[i], 0);
  END LOOP;
  RETURN 28 + ceil(place / 8) * 8;
END
$$;
REVOKE ALL ON FUNCTION _timescaledb_functions.row_width(regclass, text) FROM PUBLIC;
-- The chunk; null: nothing was to be done.
CREATE FUNCTION _timescaledb_functions.convert_chunk(chunk regclass, into_columns boolean, quiet boolean) RETURNS regclass
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  c _timescaledb_catalog.chunk;
  h _timescaledb_catalog.hypertable;
  size record;
  width numeric;
BEGIN
  SELECT * INTO c FROM _timescaledb_functions.require_chunk(chunk);
  SELECT * INTO h FROM _timescaledb_functions.owned_hypertable_of(c.id);
  IF into_columns AND h.compression_state <> 1 THEN
    RAISE EXCEPTION 'columnstore not enabled on "%"', h.table_name USING ERRCODE = 'feature_not_supported',
      DETAIL = 'It is not possible to convert chunks to columnstore on a hypertable or continuous aggregate that does not have columnstore enabled.',
      HINT = 'Enable columnstore using ALTER TABLE/MATERIALIZED VIEW with the timescaledb.enable_columnstore option.';
  END IF;
  IF NOT into_columns THEN
    IF c.status & 1 = 0 THEN
      IF NOT quiet THEN
        RAISE EXCEPTION 'chunk "%" is not converted to columnstore', c.table_name USING ERRCODE = 'duplicate_object';
      END IF;
      RAISE NOTICE 'chunk "%" is not converted to columnstore', c.table_name;
      RETURN NULL;
    END IF;
    UPDATE _timescaledb_catalog.chunk SET status = 0 WHERE id = c.id;
    DELETE FROM _timescaledb_catalog.compression_chunk_size WHERE chunk_id = c.id;
    DELETE FROM _timescaledb_catalog.compression_settings WHERE relid = chunk;
    RETURN chunk;
  END IF;
  IF c.status & 1 = 1 THEN
    -- There may be rows that came since.
    IF NOT EXISTS (SELECT FROM _timescaledb_functions.range_sizes(h.relid) s WHERE s.range_start = c.range_start AND s.fresh_rows > 0) THEN
      IF NOT quiet THEN
        RAISE EXCEPTION 'chunk "%" is already converted to columnstore', c.table_name USING ERRCODE = 'duplicate_object';
      END IF;
      RAISE NOTICE 'chunk "%" is already converted to columnstore', c.table_name;
      RETURN chunk;
    END IF;
  END IF;
  PERFORM varve_settle(h.relid);
  SELECT * INTO size FROM _timescaledb_functions.chunk_sizes(h.relid) s WHERE s.chunk_id = c.id;
  width := _timescaledb_functions.row_width(h.relid, _timescaledb_functions.chunk_condition(c.id));
  UPDATE _timescaledb_catalog.chunk SET status = 1 WHERE id = c.id;
  DELETE FROM _timescaledb_catalog.compression_chunk_size WHERE chunk_id = c.id;
  INSERT INTO _timescaledb_catalog.compression_chunk_size
  VALUES (c.id, size.chunk_rows * coalesce(width, 0), 0, size.index_bytes, size.settled_bytes, 0, size.index_bytes, size.chunk_rows,
          (size.chunk_rows + 131071) / 131072);
  DELETE FROM _timescaledb_catalog.compression_settings WHERE relid = chunk;
  INSERT INTO _timescaledb_catalog.compression_settings (relid, segmentby, orderby, orderby_desc, orderby_nullsfirst, index)
  SELECT chunk, s.segmentby, s.orderby, s.orderby_desc, s.orderby_nullsfirst, s.index
  FROM _timescaledb_catalog.compression_settings s WHERE s.relid = h.relid;
  c.status := 1;
  RETURN _timescaledb_functions.roll_up_chunk(c, chunk);
END
$$;
CREATE FUNCTION compress_chunk(uncompressed_chunk regclass, if_not_compressed boolean DEFAULT true, recompress boolean DEFAULT false)
  RETURNS regclass LANGUAGE plpgsql AS
$$
BEGIN
  RETURN _timescaledb_functions.convert_chunk(uncompressed_chunk, true, if_not_compressed);
END
$$;
CREATE FUNCTION decompress_chunk(uncompressed_chunk regclass, if_compressed boolean DEFAULT true) RETURNS regclass LANGUAGE plpgsql AS
$$
BEGIN
  RETURN _timescaledb_functions.convert_chunk(uncompressed_chunk, false, if_compressed);
END
$$;
CREATE PROCEDURE convert_to_columnstore(chunk regclass, if_not_columnstore boolean DEFAULT true, recompress boolean DEFAULT false)
  LANGUAGE plpgsql AS
$$ BEGIN PERFORM _timescaledb_functions.convert_chunk(chunk, true, if_not_columnstore); END $$;
CREATE PROCEDURE convert_to_rowstore(chunk regclass, if_columnstore boolean DEFAULT true) LANGUAGE plpgsql AS
$$ BEGIN PERFORM _timescaledb_functions.convert_chunk(chunk, false, if_columnstore); END $$;
CREATE PROCEDURE recompress_chunk(chunk regclass, if_not_compressed boolean DEFAULT true) LANGUAGE plpgsql AS
$$ BEGIN PERFORM _timescaledb_functions.convert_chunk(chunk, true, if_not_compressed); END $$;

-- Before: when it was converted. After: what it takes now.
CREATE FUNCTION chunk_columnstore_stats(hypertable regclass)
  RETURNS TABLE (chunk_schema name, chunk_name name, compression_status text, before_compression_table_bytes bigint,
                 before_compression_index_bytes bigint, before_compression_toast_bytes bigint, before_compression_total_bytes bigint,
                 after_compression_table_bytes bigint, after_compression_index_bytes bigint, after_compression_toast_bytes bigint,
                 after_compression_total_bytes bigint, node_name name)
  LANGUAGE sql VOLATILE AS
$$
SELECT c.schema_name, c.table_name, CASE WHEN z.chunk_id IS NULL THEN 'Uncompressed' ELSE 'Compressed' END, z.uncompressed_heap_size,
       z.uncompressed_index_size, z.uncompressed_toast_size,
       z.uncompressed_heap_size + z.uncompressed_index_size + z.uncompressed_toast_size, s.settled_bytes, s.index_bytes, s.toast_bytes,
       s.settled_bytes + s.index_bytes, NULL::name
FROM _timescaledb_catalog.hypertable h JOIN _timescaledb_catalog.chunk c ON c.hypertable_id = h.id
  LEFT JOIN _timescaledb_catalog.compression_chunk_size z ON z.chunk_id = c.id
  LEFT JOIN (SELECT t.*, 0::bigint AS toast_bytes FROM _timescaledb_functions.chunk_sizes($1) t) s ON s.chunk_id = z.chunk_id
WHERE h.relid = $1 AND h.compression_state = 1 ORDER BY c.id
$$;
CREATE FUNCTION chunk_compression_stats(hypertable regclass)
  RETURNS TABLE (chunk_schema name, chunk_name name, compression_status text, before_compression_table_bytes bigint,
                 before_compression_index_bytes bigint, before_compression_toast_bytes bigint, before_compression_total_bytes bigint,
                 after_compression_table_bytes bigint, after_compression_index_bytes bigint, after_compression_toast_bytes bigint,
                 after_compression_total_bytes bigint, node_name name)
  LANGUAGE sql VOLATILE AS $$ SELECT * FROM chunk_columnstore_stats($1) $$;
CREATE FUNCTION hypertable_columnstore_stats(hypertable regclass)
  RETURNS TABLE (total_chunks bigint, number_compressed_chunks bigint, before_compression_table_bytes bigint,
                 before_compression_index_bytes bigint, before_compression_toast_bytes bigint, before_compression_total_bytes bigint,
                 after_compression_table_bytes bigint, after_compression_index_bytes bigint, after_compression_toast_bytes bigint,
                 after_compression_total_bytes bigint, node_name name)
  LANGUAGE sql VOLATILE AS
$$
SELECT count(*), count(*) FILTER (WHERE compression_status = 'Compressed'), sum(before_compression_table_bytes)::bigint,
       sum(before_compression_index_bytes)::bigint, sum(before_compression_toast_bytes)::bigint, sum(before_compression_total_bytes)::bigint,
       sum(after_compression_table_bytes)::bigint, sum(after_compression_index_bytes)::bigint, sum(after_compression_toast_bytes)::bigint,
       sum(after_compression_total_bytes)::bigint, NULL::name
FROM chunk_columnstore_stats($1) HAVING count(*) > 0
$$;
CREATE FUNCTION hypertable_compression_stats(hypertable regclass)
  RETURNS TABLE (total_chunks bigint, number_compressed_chunks bigint, before_compression_table_bytes bigint,
                 before_compression_index_bytes bigint, before_compression_toast_bytes bigint, before_compression_total_bytes bigint,
                 after_compression_table_bytes bigint, after_compression_index_bytes bigint, after_compression_toast_bytes bigint,
                 after_compression_total_bytes bigint, node_name name)
  LANGUAGE sql VOLATILE AS $$ SELECT * FROM hypertable_columnstore_stats($1) $$;

-- Bounds of every column are kept anyway and nothing is planned by them: what is enabled is noted for those who ask.
CREATE FUNCTION _timescaledb_functions.note_chunk_skipping(relation regclass, col name, enable boolean) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
  stats_id integer;
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.owned_hypertable(relation);
  IF NOT enable THEN
    DELETE FROM _timescaledb_catalog.chunk_column_stats s WHERE s.hypertable_id = ht.id AND s.column_name = col RETURNING s.id INTO stats_id;
    RETURN stats_id;
  END IF;
  INSERT INTO _timescaledb_catalog.chunk_column_stats (hypertable_id, column_name) VALUES (ht.id, col)
  ON CONFLICT DO NOTHING RETURNING id INTO stats_id;
  RETURN stats_id;
END
$$;
CREATE FUNCTION _timescaledb_functions.check_chunk_skipping(relation regclass, col name) RETURNS integer LANGUAGE plpgsql STABLE AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
  col_type regtype;
BEGIN
  IF coalesce(nullif(pg_catalog.current_setting('timescaledb.enable_chunk_skipping', true), ''), 'off')::boolean IS NOT TRUE THEN
    RAISE EXCEPTION 'chunk skipping functionality disabled, enable it by first setting timescaledb.enable_chunk_skipping to on'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  SELECT * INTO ht FROM _timescaledb_functions.owned_hypertable(relation);
  SELECT a.atttypid::regtype INTO col_type FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = ht.relid AND a.attname = col AND a.attnum > 0 AND NOT a.attisdropped;
  IF col_type IS NULL THEN
    RAISE EXCEPTION 'column "%" does not exist', col USING ERRCODE = 'undefined_column';
  END IF;
  IF col_type NOT IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype) THEN
    RAISE EXCEPTION 'data type "%" unsupported for range calculation', col_type USING ERRCODE = 'feature_not_supported',
      HINT = 'Integer-like, timestamp-like data types supported currently';
  END IF;
  RETURN (SELECT s.id FROM _timescaledb_catalog.chunk_column_stats s WHERE s.hypertable_id = ht.id AND s.column_name = col);
END
$$;
CREATE FUNCTION enable_chunk_skipping(hypertable regclass, column_name name, if_not_exists boolean DEFAULT false)
  RETURNS TABLE (column_stats_id integer, enabled boolean) LANGUAGE plpgsql AS
$$
DECLARE
  known integer := _timescaledb_functions.check_chunk_skipping(hypertable, column_name);
BEGIN
  IF known IS NOT NULL THEN
    IF NOT if_not_exists THEN
      RAISE EXCEPTION 'already enabled for column "%"', column_name USING ERRCODE = 'duplicate_object';
    END IF;
    RAISE NOTICE 'already enabled for column "%", skipping', column_name;
  END IF;
  RETURN QUERY SELECT coalesce(known, _timescaledb_functions.note_chunk_skipping(hypertable, column_name, true)), known IS NULL;
END
$$;
CREATE FUNCTION disable_chunk_skipping(hypertable regclass, column_name name, if_not_exists boolean DEFAULT false)
  RETURNS TABLE (hypertable_id integer, col name, disabled boolean) LANGUAGE plpgsql AS
$$
DECLARE
  known integer := _timescaledb_functions.check_chunk_skipping(hypertable, column_name);
BEGIN
  IF known IS NULL THEN
    IF NOT if_not_exists THEN
      RAISE EXCEPTION 'statistics not enabled for column "%"', column_name USING ERRCODE = 'undefined_object';
    END IF;
    RAISE NOTICE 'statistics not enabled for column "%", skipping', column_name;
  ELSE
    PERFORM _timescaledb_functions.note_chunk_skipping(hypertable, column_name, false);
  END IF;
  RETURN QUERY SELECT _timescaledb_functions.hypertable_id(hypertable), column_name, known IS NOT NULL;
END
$$;
-- A dump is complete and its restoration needs no help; scripts that ask for it go on.
CREATE FUNCTION timescaledb_pre_restore() RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE FUNCTION timescaledb_post_restore() RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
