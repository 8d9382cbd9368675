-- create_hypertable and its kin.
CREATE TYPE _timescaledb_internal.dimension_info AS (
  column_name name, num_slices integer, interval_value text, interval_type regtype, partitioning_func regproc);
CREATE FUNCTION by_range(column_name name, partition_interval anyelement DEFAULT NULL::bigint,
                         partition_func regproc DEFAULT NULL)
  RETURNS _timescaledb_internal.dimension_info LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN RETURN ROW(column_name, NULL::int, partition_interval::text, pg_typeof(partition_interval), partition_func); END $$;
CREATE FUNCTION by_hash(column_name name, number_partitions integer, partition_func regproc DEFAULT NULL)
  RETURNS _timescaledb_internal.dimension_info LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN RETURN ROW(column_name, number_partitions, NULL::text, NULL::regtype, partition_func); END $$;

-- A chunk's length in internal time, from what the user wrote.
CREATE FUNCTION _timescaledb_functions.interval_length(column_type regtype, value text, value_type regtype)
  RETURNS bigint LANGUAGE plpgsql STABLE AS
$$
DECLARE
  result bigint;
  greatest_value bigint;
BEGIN
  IF _timescaledb_functions.is_integer(column_type) THEN
    IF value IS NULL THEN
      RETURN CASE column_type WHEN 'smallint'::regtype THEN 10000 WHEN 'integer'::regtype THEN 100000 ELSE 1000000 END;
    END IF;
    IF NOT _timescaledb_functions.is_integer(value_type) THEN
      RAISE EXCEPTION 'invalid interval type for % dimension', column_type
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Use an interval of type integer.';
    END IF;
    result := value::bigint;
    greatest_value := CASE column_type WHEN 'smallint'::regtype THEN 32767 WHEN 'integer'::regtype THEN 2147483647
                      ELSE 9223372036854775807 END;
    IF result < 1 OR result > greatest_value THEN
      RAISE EXCEPTION 'invalid interval: must be between 1 and %', greatest_value
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN result;
  END IF;
  IF value IS NULL THEN RETURN 604800000000; END IF;
  IF value_type = 'interval'::regtype THEN
    result := _timescaledb_functions.interval_to_usec(value::interval);
  ELSIF _timescaledb_functions.is_integer(value_type) THEN
    result := value::bigint;
  ELSE
    RAISE EXCEPTION 'invalid interval type for % dimension', column_type
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Use an interval of type integer or interval.';
  END IF;
  IF result <= 0 THEN
    RAISE EXCEPTION 'invalid interval for % dimension', column_type
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Use a positive interval.';
  END IF;
  IF column_type = 'date'::regtype AND result % 86400000000 <> 0 THEN
    RAISE EXCEPTION 'invalid interval for date dimension'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Use an interval that is a multiple of one day.';
  END IF;
  RETURN result;
END
$$;

-- What the relation's storage knows of it: number and columns of the dimensions.
CREATE FUNCTION _timescaledb_functions.mark_hypertable(ht integer) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
  relation regclass;
  names text;
  length bigint;
  mark text;
BEGIN
  SELECT interval_length INTO length FROM _timescaledb_functions.time_dimension(ht);
  SELECT relid INTO relation FROM _timescaledb_catalog.hypertable WHERE id = ht;
  SELECT string_agg(quote_ident(column_name) || CASE WHEN place = 1 THEN '' WHEN num_slices IS NULL THEN ':r'
                                                   WHEN partitioning_func_schema <> '_timescaledb_functions' THEN ':f' ELSE '' END,
                    ',' ORDER BY id) INTO names
  FROM (SELECT *, row_number() OVER (ORDER BY id) AS place FROM _timescaledb_catalog.dimension WHERE hypertable_id = ht) d;
  mark := ht || ':' || length || CASE WHEN EXISTS (SELECT FROM _timescaledb_catalog.continuous_agg c WHERE c.raw_hypertable_id = ht)
                                      THEN ':c' ELSE '' END || ',' || names;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = relation AND 'hypertable=' || mark = ANY (reloptions)) THEN
    EXECUTE format('ALTER TABLE %s SET (hypertable = %L)', relation, mark);
  END IF;
END
$$;

-- Only of closed dimensions: rows settle by time, and so by what a column holds.
CREATE FUNCTION _timescaledb_functions.check_partitioning_func(info _timescaledb_internal.dimension_info, col_type regtype) RETURNS void
  LANGUAGE plpgsql STABLE AS
$$
DECLARE
  f record;
BEGIN
  IF info.partitioning_func IS NULL THEN RETURN; END IF;
  IF info.num_slices IS NULL THEN
    RAISE EXCEPTION 'partitioning functions of open dimensions are not supported' USING ERRCODE = 'feature_not_supported',
      HINT = 'Use a generated column that is computed by the function as the time column.';
  END IF;
  SELECT * INTO f FROM pg_catalog.pg_proc p WHERE p.oid = info.partitioning_func;
  IF f.provolatile <> 'i' OR f.pronargs <> 1 OR f.prorettype <> 'integer'::regtype
     OR f.proargtypes[0] NOT IN (col_type, 'anyelement'::regtype) THEN
    RAISE EXCEPTION 'invalid partitioning function' USING ERRCODE = 'invalid_function_definition',
      HINT = 'A valid partitioning function for closed (space) dimensions must be IMMUTABLE and have the signature (anyelement) -> integer.';
  END IF;
END
$$;
CREATE FUNCTION _timescaledb_functions.insert_dimension(
    ht integer, relation regclass, info _timescaledb_internal.dimension_info, is_first boolean)
  RETURNS integer LANGUAGE plpgsql AS
$$
DECLARE
  col_type regtype;
  dim_id integer;
  interval_us bigint;
  func record;
BEGIN
  SELECT atttypid::regtype INTO col_type FROM pg_catalog.pg_attribute
  WHERE attrelid = relation AND attname = info.column_name AND attnum > 0 AND NOT attisdropped;
  IF col_type IS NULL THEN
    RAISE EXCEPTION 'column "%" does not exist', info.column_name USING ERRCODE = 'undefined_column';
  END IF;
  PERFORM _timescaledb_functions.check_partitioning_func(info, col_type);
  IF info.num_slices IS NOT NULL AND info.interval_value IS NOT NULL THEN
    RAISE EXCEPTION 'cannot specify both the number of partitions and an interval' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF info.num_slices IS NULL AND info.interval_type IS NULL THEN
    RAISE EXCEPTION 'invalid number of partitions for dimension "%"', info.column_name
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'A closed (space) dimension must specify between 1 and 32767 partitions.';
  END IF;
  IF info.num_slices IS NOT NULL THEN
    IF info.num_slices < 1 OR info.num_slices > 32767 THEN
      RAISE EXCEPTION 'invalid number of partitions for dimension "%"', info.column_name
        USING ERRCODE = 'invalid_parameter_value',
              HINT = 'A closed (space) dimension must specify between 1 and 32767 partitions.';
    END IF;
  ELSE
    IF col_type NOT IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype, 'uuid'::regtype, 'smallint'::regtype,
                        'integer'::regtype, 'bigint'::regtype) THEN
      RAISE EXCEPTION 'invalid type for dimension "%"', info.column_name
        USING ERRCODE = 'wrong_object_type', HINT = 'Use an integer, timestamp, or date type.';
    END IF;
    interval_us := _timescaledb_functions.interval_length(col_type, info.interval_value, info.interval_type);
  END IF;
  dim_id := nextval('_timescaledb_catalog.dimension_id_seq');
  SELECT n.nspname, p.proname INTO func FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE p.oid = info.partitioning_func;
  INSERT INTO _timescaledb_catalog.dimension (id, hypertable_id, column_name, column_type, aligned, num_slices,
    partitioning_func_schema, partitioning_func, interval_length)
  VALUES (dim_id, ht, info.column_name, col_type, info.num_slices IS NULL, info.num_slices,
    CASE WHEN func.nspname IS NOT NULL THEN func.nspname WHEN info.num_slices IS NOT NULL THEN '_timescaledb_functions' END,
    CASE WHEN func.nspname IS NOT NULL THEN func.proname WHEN info.num_slices IS NOT NULL THEN 'get_partition_hash' END, interval_us);
  RETURN dim_id;
END
$$;

-- 22023 and so on before anything is numbered or written.
CREATE FUNCTION _timescaledb_functions.check_dimension(relation regclass, info _timescaledb_internal.dimension_info)
  RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
  index_name name;
BEGIN
  IF info.column_name IS NULL THEN
    RAISE EXCEPTION 'partition column cannot be NULL' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = relation AND attname = info.column_name
                                                       AND attnum > 0 AND NOT attisdropped) THEN
    RAISE EXCEPTION 'column "%" does not exist', info.column_name USING ERRCODE = 'undefined_column';
  END IF;
END
$$;

-- Unique keys must have the dimension's column, unless varve.unique_without_partitioning says otherwise: then they
-- hold over all chunks, but dropping a chunk visits each of its rows.
CREATE FUNCTION _timescaledb_functions.check_unique_indexes(relation regclass, col name) RETURNS void
  LANGUAGE plpgsql AS
$$
BEGIN
  IF coalesce(nullif(current_setting('varve.unique_without_partitioning', true), ''), 'off')::boolean THEN RETURN; END IF;
  IF EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = relation AND i.indisunique
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = relation AND a.attname = col
                                                                     AND a.attnum = ANY (i.indkey::smallint[]))) THEN
    RAISE EXCEPTION 'cannot create a unique index without the column "%" (used in partitioning)', col
      USING ERRCODE = 'TS103', HINT = 'If you''re creating a hypertable on a table with a primary key, ensure the '
                                      'partitioning column is part of the primary or composite key.';
  END IF;
END
$$;

CREATE FUNCTION _timescaledb_functions.warn_of_types(relation regclass) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
  col record;
BEGIN
  FOR col IN SELECT attname, atttypid::regtype AS type FROM pg_catalog.pg_attribute
             WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped
               AND atttypid IN ('timestamp'::regtype, 'varchar'::regtype) ORDER BY attnum LOOP
    RAISE WARNING 'column type "%" used for "%" does not follow best practices', col.type, col.attname
      USING HINT = format('Use datatype %s instead.', CASE col.type WHEN 'varchar'::regtype THEN 'TEXT' ELSE 'TIMESTAMPTZ' END);
  END LOOP;
END
$$;

-- An index on time that nobody reads: zone maps know where each time lies.
CREATE FUNCTION _timescaledb_functions.create_default_indexes(ht integer, relation regclass) RETURNS void
  LANGUAGE plpgsql AS
$$
DECLARE
  time_col name;
  space_col name;
BEGIN
  SELECT column_name INTO time_col FROM _timescaledb_functions.time_dimension(ht);
  SELECT column_name INTO space_col FROM _timescaledb_catalog.dimension
  WHERE hypertable_id = ht AND num_slices IS NOT NULL ORDER BY id LIMIT 1;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a
                   ON a.attrelid = relation AND a.attnum = (i.indkey::smallint[])[0]
                 WHERE i.indrelid = relation AND i.indnatts = 1 AND a.attname = time_col) THEN
    EXECUTE format('CREATE INDEX ON %s (%I DESC) WITH (in_name_only = true)', relation, time_col);
  END IF;
  IF space_col IS NOT NULL AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_attribute a ON a.attrelid = relation AND a.attnum = (i.indkey::smallint[])[0]
        JOIN pg_catalog.pg_attribute b ON b.attrelid = relation AND b.attnum = (i.indkey::smallint[])[1]
      WHERE i.indrelid = relation AND i.indnatts = 2 AND a.attname = space_col AND b.attname = time_col) THEN
    EXECUTE format('CREATE INDEX ON %s (%I, %I DESC) WITH (in_name_only = true)', relation, space_col, time_col);
  END IF;
END
$$;

-- 0: it was a hypertable already.
CREATE FUNCTION _timescaledb_functions.make_hypertable(
    relation regclass, info _timescaledb_internal.dimension_info, space _timescaledb_internal.dimension_info,
    assoc_schema name, assoc_prefix name, default_indexes boolean, skip_existing boolean, migrate boolean, number integer DEFAULT NULL)
  RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  ht integer;
  rel record;
  has_rows boolean;
  old record;
BEGIN
  IF relation IS NULL THEN
    RAISE EXCEPTION 'relation cannot be NULL' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT c.relname, n.nspname, c.relkind, c.relpersistence, c.relhassubclass, c.relispartition, m.amname INTO rel
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am m ON m.oid = c.relam
  WHERE c.oid = relation;
  PERFORM _timescaledb_functions.require_owner(relation);
  IF _timescaledb_functions.hypertable_id(relation) IS NOT NULL THEN
    IF skip_existing THEN
      RAISE NOTICE 'table "%" is already a hypertable, skipping', rel.relname;
      RETURN 0;
    END IF;
    RAISE EXCEPTION 'table "%" is already a hypertable', rel.relname USING ERRCODE = 'TS110';
  END IF;
  IF rel.relkind = 'p' THEN
    RAISE EXCEPTION 'table "%" is already partitioned', rel.relname
      USING ERRCODE = 'wrong_object_type', DETAIL = 'It is not possible to turn partitioned tables into hypertables.';
  ELSIF rel.relkind <> 'r' THEN
    RAISE EXCEPTION 'invalid relation type' USING ERRCODE = 'wrong_object_type';
  ELSIF rel.relpersistence = 't' THEN
    RAISE EXCEPTION 'table "%" has to be permanent', rel.relname
      USING ERRCODE = 'wrong_object_type', DETAIL = 'It is not possible to turn temporary tables into hypertables.';
  ELSIF rel.relhassubclass OR rel.relispartition OR EXISTS (SELECT FROM pg_inherits WHERE inhrelid = relation) THEN
    RAISE EXCEPTION 'table "%" is already partitioned', rel.relname
      USING ERRCODE = 'wrong_object_type',
            DETAIL = 'It is not possible to turn tables that use inheritance into hypertables.';
  END IF;
  EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', relation);
  PERFORM _timescaledb_functions.check_dimension(relation, info);
  IF info.num_slices IS NOT NULL THEN
    RAISE EXCEPTION 'cannot partition using a closed dimension on primary column'
      USING ERRCODE = 'wrong_object_type', HINT = 'Use range partitioning on the primary column.';
  END IF;
  PERFORM _timescaledb_functions.check_dimension(relation, space) WHERE space.column_name IS NOT NULL;
  -- Rows go with a message of their own, after what is wrong with the dimensions.
  EXECUTE format('SELECT EXISTS (SELECT FROM %s)', relation) INTO has_rows;
  PERFORM _timescaledb_functions.check_dimension_type(relation, info);
  PERFORM _timescaledb_functions.check_partitioning_func(info, NULL);
  IF space.column_name IS NOT NULL AND coalesce(space.num_slices, 0) NOT BETWEEN 1 AND 32767 THEN
    RAISE EXCEPTION 'invalid number of partitions for dimension "%"', space.column_name
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'A closed (space) dimension must specify between 1 and 32767 partitions.';
  END IF;
  IF has_rows AND NOT migrate THEN
    RAISE EXCEPTION 'table "%" is not empty', rel.relname USING ERRCODE = 'feature_not_supported',
      HINT = 'You can migrate data by specifying ''migrate_data => true'' when calling this function.';
  END IF;
  PERFORM _timescaledb_functions.check_unique_indexes(relation, info.column_name);
  PERFORM _timescaledb_functions.check_unique_indexes(relation, space.column_name) WHERE space.column_name IS NOT NULL;
  PERFORM _timescaledb_functions.warn_of_types(relation);
  IF assoc_schema IS NOT NULL AND NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = assoc_schema) THEN
    EXECUTE format('CREATE SCHEMA %I', assoc_schema);
  END IF;
  -- Rows of hypertables that have gone with a schema are nobody's.
  FOR old IN SELECT h.id FROM _timescaledb_catalog.hypertable h
             WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = h.relid) LOOP
    PERFORM _timescaledb_functions.forget_hypertable(old.id);
  END LOOP;
  IF rel.amname IS DISTINCT FROM 'columnar' THEN
    EXECUTE format('ALTER TABLE %s SET ACCESS METHOD columnar', relation);
  END IF;
  ht := coalesce(number, nextval('_timescaledb_catalog.hypertable_id_seq'));
  INSERT INTO _timescaledb_catalog.hypertable (id, schema_name, table_name, associated_schema_name,
    associated_table_prefix, num_dimensions, relid)
  VALUES (ht, rel.nspname, rel.relname, coalesce(assoc_schema, '_timescaledb_internal'),
    coalesce(assoc_prefix, '_hyper_' || ht), CASE WHEN space.column_name IS NULL THEN 1 ELSE 2 END, relation);
  PERFORM _timescaledb_functions.insert_dimension(ht, relation, info, true);
  PERFORM _timescaledb_functions.insert_dimension(ht, relation, space, false) WHERE space.column_name IS NOT NULL;
  EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', relation, info.column_name);
  PERFORM _timescaledb_functions.mark_hypertable(ht);
  IF default_indexes THEN PERFORM _timescaledb_functions.create_default_indexes(ht, relation); END IF;
  IF has_rows THEN
    RAISE NOTICE 'migrating data to chunks' USING DETAIL = 'Migration might take a while depending on the amount of data.';
    PERFORM _timescaledb_functions.create_missing_chunks(ht);
  END IF;
  RETURN ht;
END
$$;

CREATE FUNCTION _timescaledb_functions.check_dimension_type(relation regclass, info _timescaledb_internal.dimension_info)
  RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
  col_type regtype;
BEGIN
  SELECT atttypid::regtype INTO col_type FROM pg_catalog.pg_attribute
  WHERE attrelid = relation AND attname = info.column_name;
  IF col_type NOT IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype, 'uuid'::regtype, 'smallint'::regtype,
                      'integer'::regtype, 'bigint'::regtype) THEN
    RAISE EXCEPTION 'invalid type for dimension "%"', info.column_name
      USING ERRCODE = 'wrong_object_type', HINT = 'Use an integer, timestamp, or date type.';
  END IF;
  PERFORM _timescaledb_functions.check_unique_indexes(relation, info.column_name);
  PERFORM _timescaledb_functions.interval_length(col_type, info.interval_value, info.interval_type);
END
$$;

CREATE FUNCTION create_hypertable(
    relation regclass, time_column_name name, partitioning_column name DEFAULT NULL, number_partitions integer DEFAULT NULL,
    associated_schema_name name DEFAULT NULL, associated_table_prefix name DEFAULT NULL,
    chunk_time_interval anyelement DEFAULT NULL::bigint, create_default_indexes boolean DEFAULT true,
    if_not_exists boolean DEFAULT false, partitioning_func regproc DEFAULT NULL, migrate_data boolean DEFAULT false,
    chunk_target_size text DEFAULT NULL, chunk_sizing_func regproc DEFAULT NULL, time_partitioning_func regproc DEFAULT NULL)
  RETURNS TABLE (hypertable_id integer, schema_name name, table_name name, created boolean) LANGUAGE plpgsql AS
$$
#variable_conflict use_column
DECLARE
  ht integer;
  space _timescaledb_internal.dimension_info;
BEGIN
  IF chunk_target_size IS NOT NULL OR chunk_sizing_func IS NOT NULL THEN
    RAISE EXCEPTION 'adaptive chunking is not supported' USING ERRCODE = 'feature_not_supported';
  END IF;
  IF partitioning_column IS NOT NULL THEN
    space := ROW(partitioning_column, number_partitions, NULL, NULL, partitioning_func)::_timescaledb_internal.dimension_info;
  END IF;
  ht := _timescaledb_functions.make_hypertable(
    relation,
    ROW(time_column_name, NULL, chunk_time_interval::text, pg_typeof(chunk_time_interval),
        time_partitioning_func)::_timescaledb_internal.dimension_info,
    space, associated_schema_name, associated_table_prefix, create_default_indexes, if_not_exists, migrate_data);
  RETURN QUERY SELECT h.id, h.schema_name, h.table_name, ht <> 0 FROM _timescaledb_catalog.hypertable h
               WHERE h.relid = relation;
END
$$;
CREATE FUNCTION create_hypertable(
    relation regclass, dimension _timescaledb_internal.dimension_info, create_default_indexes boolean DEFAULT true,
    if_not_exists boolean DEFAULT false, migrate_data boolean DEFAULT false)
  RETURNS TABLE (hypertable_id integer, created boolean) LANGUAGE plpgsql AS
$$
DECLARE
  ht integer;
BEGIN
  ht := _timescaledb_functions.make_hypertable(relation, dimension, NULL, NULL, NULL, create_default_indexes,
                                               if_not_exists, migrate_data);
  RETURN QUERY SELECT h.id, ht <> 0 FROM _timescaledb_catalog.hypertable h WHERE h.relid = relation;
END
$$;

-- CREATE TABLE … WITH (tsdb.hypertable, …).
CREATE FUNCTION _timescaledb_functions.create_table_with(
    relation regclass, col name, chunk_interval text, default_indexes boolean, assoc_schema name, assoc_prefix name)
  RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
  col_type regtype;
  candidates name[];
BEGIN
  IF col IS NULL THEN
    SELECT array_agg(attname) INTO candidates FROM pg_catalog.pg_attribute
    WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped
      AND atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype);
    IF cardinality(candidates) IS DISTINCT FROM 1 THEN
      RAISE EXCEPTION 'partition column could not be determined' USING ERRCODE = 'invalid_parameter_value',
        HINT = 'Use "timescaledb.partition_column" to specify the column to use as partitioning column.';
    END IF;
    col := candidates[1];
  END IF;
  SELECT atttypid::regtype INTO col_type FROM pg_catalog.pg_attribute
  WHERE attrelid = relation AND attname = col AND attnum > 0 AND NOT attisdropped;
  PERFORM _timescaledb_functions.make_hypertable(
    relation,
    ROW(col, NULL, chunk_interval,
        CASE WHEN chunk_interval IS NULL OR _timescaledb_functions.is_integer(col_type)
             THEN 'bigint'::regtype ELSE 'interval'::regtype END, NULL)::_timescaledb_internal.dimension_info,
    NULL, assoc_schema, assoc_prefix, default_indexes, false, false);
END
$$;

CREATE FUNCTION _timescaledb_functions.make_dimension(
    relation regclass, info _timescaledb_internal.dimension_info, skip_existing boolean)
  RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
  dim_id integer;
BEGIN
  IF relation IS NULL THEN
    RAISE EXCEPTION 'hypertable cannot be NULL' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM _timescaledb_functions.require_owner(relation);
  SELECT * INTO ht FROM _timescaledb_catalog.hypertable h WHERE h.relid = relation;
  IF ht.id IS NULL THEN
    RAISE EXCEPTION 'table "%" is not a hypertable', _timescaledb_functions.bare_name(relation) USING ERRCODE = 'TS001';
  END IF;
  EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', relation);
  PERFORM _timescaledb_functions.check_dimension(relation, info);
  IF EXISTS (SELECT FROM _timescaledb_catalog.dimension d WHERE d.hypertable_id = ht.id AND d.column_name = info.column_name) THEN
    IF skip_existing THEN
      RAISE NOTICE 'column "%" is already a dimension, skipping', info.column_name;
      RETURN 0;
    END IF;
    RAISE EXCEPTION 'column "%" is already a dimension', info.column_name USING ERRCODE = 'TS100';
  END IF;
  IF EXISTS (SELECT FROM _timescaledb_catalog.chunk c WHERE c.hypertable_id = ht.id) THEN
    RAISE EXCEPTION 'hypertable "%" has tuples or empty chunks', ht.table_name USING ERRCODE = 'feature_not_supported',
      DETAIL = 'It is not possible to add dimensions to a hypertable that has chunks. Please truncate the table.';
  END IF;
  PERFORM _timescaledb_functions.check_unique_indexes(relation, info.column_name);
  dim_id := _timescaledb_functions.insert_dimension(ht.id, relation, info, false);
  IF info.num_slices IS NULL THEN
    EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', relation, info.column_name);
  END IF;
  UPDATE _timescaledb_catalog.hypertable h SET num_dimensions = h.num_dimensions + 1 WHERE h.id = ht.id;
  PERFORM _timescaledb_functions.mark_hypertable(ht.id);
  RETURN dim_id;
END
$$;
CREATE FUNCTION _timescaledb_functions.add_named_dimension(
    relation regclass, info _timescaledb_internal.dimension_info, skip_existing boolean, OUT id integer, OUT in_schema name,
    OUT in_table name, OUT col name, OUT made boolean)
  RETURNS SETOF record LANGUAGE plpgsql AS
$$
DECLARE
  made_id integer;
BEGIN
  made_id := _timescaledb_functions.make_dimension(relation, info, skip_existing);
  RETURN QUERY SELECT d.id, h.schema_name, h.table_name, d.column_name, made_id <> 0
    FROM _timescaledb_catalog.hypertable h JOIN _timescaledb_catalog.dimension d ON d.hypertable_id = h.id
    WHERE h.relid = relation AND d.column_name = info.column_name;
END
$$;
CREATE FUNCTION add_dimension(
    hypertable regclass, column_name name, number_partitions integer DEFAULT NULL,
    chunk_time_interval anyelement DEFAULT NULL::bigint, partitioning_func regproc DEFAULT NULL,
    if_not_exists boolean DEFAULT false)
  RETURNS TABLE (dimension_id integer, schema_name name, table_name name, column_name name, created boolean)
  LANGUAGE sql AS
$$
SELECT * FROM _timescaledb_functions.add_named_dimension(
  $1, ROW($2, $3, $4::text, CASE WHEN $3 IS NULL THEN pg_typeof($4) END, $5)::_timescaledb_internal.dimension_info, $6)
$$;
CREATE FUNCTION add_dimension(hypertable regclass, dimension _timescaledb_internal.dimension_info,
                              if_not_exists boolean DEFAULT false)
  RETURNS TABLE (dimension_id integer, created boolean) LANGUAGE plpgsql AS
$$
DECLARE
  made integer;
BEGIN
  made := _timescaledb_functions.make_dimension(hypertable, dimension, if_not_exists);
  RETURN QUERY SELECT d.id, made <> 0
    FROM _timescaledb_catalog.hypertable h JOIN _timescaledb_catalog.dimension d ON d.hypertable_id = h.id
    WHERE h.relid = hypertable AND d.column_name = dimension.column_name;
END
$$;

CREATE FUNCTION _timescaledb_functions.change_interval(relation regclass, value text, value_type regtype, dimension name)
  RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
  dim _timescaledb_catalog.dimension;
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.owned_hypertable(relation);
  IF value IS NULL THEN
    RAISE EXCEPTION 'invalid interval: an explicit interval must be specified' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT * INTO dim FROM _timescaledb_catalog.dimension d
  WHERE d.hypertable_id = ht.id AND d.num_slices IS NULL AND (dimension IS NULL OR d.column_name = dimension)
  ORDER BY d.id LIMIT 1;
  IF dim.id IS NULL THEN
    RAISE EXCEPTION 'hypertable "%" does not have a matching dimension', ht.table_name USING ERRCODE = 'TS002';
  END IF;
  UPDATE _timescaledb_catalog.dimension d
  SET interval_length = _timescaledb_functions.interval_length(dim.column_type, value, value_type) WHERE d.id = dim.id;
  PERFORM _timescaledb_functions.mark_hypertable(ht.id);
END
$$;
CREATE FUNCTION set_chunk_time_interval(hypertable regclass, chunk_time_interval anyelement, dimension_name name DEFAULT NULL)
  RETURNS void LANGUAGE plpgsql AS
$$ BEGIN PERFORM _timescaledb_functions.change_interval($1, $2::text, pg_typeof($2), $3); END $$;
CREATE FUNCTION set_partitioning_interval(hypertable regclass, partition_interval anyelement, dimension_name name DEFAULT NULL)
  RETURNS void LANGUAGE plpgsql AS
$$ BEGIN PERFORM _timescaledb_functions.change_interval($1, $2::text, pg_typeof($2), $3); END $$;

CREATE FUNCTION set_number_partitions(hypertable regclass, number_partitions integer, dimension_name name DEFAULT NULL)
  RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
  dim_id integer;
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.owned_hypertable(hypertable);
  IF number_partitions IS NULL OR number_partitions NOT BETWEEN 1 AND 32767 THEN
    RAISE EXCEPTION 'invalid number of partitions: must be between 1 and 32767' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT d.id INTO dim_id FROM _timescaledb_catalog.dimension d
  WHERE d.hypertable_id = ht.id AND d.num_slices IS NOT NULL AND (dimension_name IS NULL OR d.column_name = dimension_name)
  ORDER BY d.id LIMIT 1;
  IF dim_id IS NULL THEN
    RAISE EXCEPTION 'hypertable "%" does not have a matching dimension', ht.table_name USING ERRCODE = 'TS002';
  END IF;
  UPDATE _timescaledb_catalog.dimension d SET num_slices = number_partitions WHERE d.id = dim_id;
END
$$;

CREATE FUNCTION _timescaledb_functions.write_integer_now(relation regclass, func_schema name, func name) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
BEGIN
  PERFORM _timescaledb_functions.require_owner(relation);
  UPDATE _timescaledb_catalog.dimension d SET integer_now_func_schema = func_schema, integer_now_func = func
  FROM _timescaledb_catalog.hypertable h WHERE h.relid = relation AND d.hypertable_id = h.id
    AND d.id = (SELECT t.id FROM _timescaledb_functions.time_dimension(h.id) t);
END
$$;
CREATE FUNCTION _timescaledb_functions.change_integer_now(hypertable regclass, integer_now_func regproc, replace_if_exists boolean)
  RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
  dim _timescaledb_catalog.dimension;
  f record;
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.require_hypertable(hypertable);
  SELECT * INTO dim FROM _timescaledb_functions.time_dimension(ht.id);
  IF dim.integer_now_func IS NOT NULL AND NOT replace_if_exists THEN
    RAISE EXCEPTION 'custom time function already set for hypertable "%"', ht.table_name USING ERRCODE = 'duplicate_object';
  END IF;
  IF NOT _timescaledb_functions.is_integer(dim.column_type) THEN
    RAISE EXCEPTION 'custom time function not supported' USING ERRCODE = 'wrong_object_type',
      DETAIL = 'A custom time function can only be set for hypertables that have integer time dimensions.';
  END IF;
  SELECT n.nspname, p.proname, p.provolatile, p.pronargs, p.prorettype INTO f
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.oid = change_integer_now.integer_now_func;
  IF f.pronargs <> 0 OR f.provolatile = 'v' OR f.prorettype <> dim.column_type THEN
    RAISE EXCEPTION 'invalid custom time function' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'A custom time function must take no arguments and be STABLE.';
  END IF;
  PERFORM _timescaledb_functions.write_integer_now(hypertable, f.nspname, f.proname);
END
$$;
CREATE FUNCTION set_integer_now_func(hypertable regclass, integer_now_func regproc, replace_if_exists boolean DEFAULT false)
  RETURNS void LANGUAGE sql AS $$ SELECT _timescaledb_functions.change_integer_now($1, $2, $3) $$;
