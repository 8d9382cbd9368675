"""Settings under which everything must come out the same. Rows without ORDER BY may come in another order there."""
ALL_REWRITES = ("column_pruning", "constant_folding", "join_reordering", "or_factoring", "plan_time_reads", "predicate_pushdown",
                "scalar_unnesting", "sort_avoidance", "subquery_pullup", "subquery_unnesting", "transitive_equality")
# Given at the server's start, and without effect where no table is columnar.
SETTLING = {"columnar_settle_interval": "3ms", "columnar_settle_rows": "1"}
CONFIGURATIONS = {
    "tiny-chunks": {"varve.chunk_rows": "2"},
    "spilling": {"work_mem": "64kB", "hash_mem_multiplier": "1"},
    "parallel": {"varve.parallel_rows": "0", "max_parallel_workers_per_gather": "3"},
    "no-rewrites": {f"varve.enable_{name}": "off" for name in ALL_REWRITES} | {"enable_partition_pruning": "off"},
    "no-indexes": {"enable_indexscan": "off", "varve.enable_index_join": "off"},
    "nested-loops": {"enable_hashjoin": "off", "varve.enable_index_join": "off", "enable_memoize": "off"},
    # Every table columnar, rows settling under the statements as fast as they can.
    "columnar": {"default_table_access_method": "columnar"} | SETTLING,
    "greedy-joins": {"varve.join_search_limit": "1", "varve.enable_runtime_filters": "off"},
}

# Statements that do come out differently, as patterns: an error of constants that no row comes to is raised where they are folded, and
# in another context; estimates through views and subqueries; how often a volatile function is computed behind a LIMIT; what psql shows of
# a table's method, and where the order of rows decides (which of two bad rows comes first, equal keys).
DIFFERENT = {"no-rewrites": r"coalesce\(x, 1 / 0\)|usage > 1 / 0|^SELECT log\(0\.0\);|v\[1:1\] := '\{abcdef\}'|'late_seq'|'looked_at'"
                            r"|AS pulled_up|AS view_groups|select z2\(1\)|^execute zp2;|then 1/0 else 2 end from zd"
                            r"|\(select 1/0\) is null where false|cursor for select 1/0",
             "no-indexes": r"'looked_at'",
             "columnar": r"^\\d\S*\+|ALTER bee TYPE int USING bee::int|^SELECT o FROM o ORDER BY a"}
