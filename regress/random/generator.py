"""Random statements over a random schema. The same seed makes the same statement.

Answers must not depend on what SQL leaves open: LIMIT and DISTINCT ON come with an order over all columns, window functions
that see the order of peers with an order over all keys, ordered aggregates with an order that ties cannot change.
"""
import random
import re

from expressions import COMPARABLE, Expressions, Scope
from schema import TYPES, literal
from tree import Node

N = Node


class Budget:
    """How many subqueries a statement may still have."""

    def __init__(self, left):
        self.left = left

    def take(self):
        self.left -= 1
        return self.left >= 0


class Source:
    """A FROM item: its text, its columns [(text, type)] and the columns that tell its rows apart (None: unknown)."""

    def __init__(self, node, columns, keys, merged=()):
        self.node, self.columns, self.keys = node, columns, keys


class Generator(Expressions):
    def __init__(self, seed, tables):
        self.rng = random.Random(seed)
        self.tables = tables
        self.aliases = 0
        self.wrong_type = 0.02 if self.rng.random() < 0.05 else 0

    def alias(self, prefix="a"):
        self.aliases += 1
        return f"{prefix}{self.aliases}"

    def random_types(self, low=1, high=4):
        return [self.rng.choice(COMPARABLE) for _ in range(self.rng.randint(low, high))]

    # -- FROM --------------------------------------------------------------------------------------------------------

    def base_table(self):
        table = self.rng.choice(self.tables)
        alias = self.alias()
        columns = [(f"{alias}.{name}", kind) for name, kind in table.columns]
        return Source(N("from", f"{table.name} {alias}"), columns, [f"{alias}.id"])

    def from_item(self, scope, lateral=None):
        r = self.rng
        roll = r.random()
        alias = self.alias()
        if scope.ctes and roll < 0.3:
            name, types = r.choice(scope.ctes)
            return Source(N("from", f"{name} {alias}"), [(f"{alias}.x{i}", t) for i, t in enumerate(types)], None)
        if roll < 0.72 or not scope.budget.take():
            return self.base_table()
        if roll < 0.88:
            types = self.random_types()
            is_lateral = lateral is not None and r.random() < 0.5
            outer = Scope(lateral, scope) if is_lateral else scope.outer
            query = self.query(outer, types, scope.tables, scope.ctes, scope.budget)
            return self.derived("LATERAL " if is_lateral else "", query, alias, types)
        if roll < 0.93:
            types = self.random_types(1, 3)
            rows = [N("row", "(", ", ".join(literal(r, t) for t in types), ")") for _ in range(r.randint(1, 4))]
            return self.derived("", N("values", "VALUES ", N.of_list(", ", rows)), alias, types)
        if roll < 0.97:
            return Source(N("from", f"generate_series({r.randint(-1, 2)}, {r.randint(0, 6)}) {alias}(x0)"), [(f"{alias}.x0", "int4")], [f"{alias}.x0"])
        return Source(N("from", f"unnest({literal(r, 'int4[]')}) WITH ORDINALITY {alias}(x0, x1)"),
                      [(f"{alias}.x0", "int4"), (f"{alias}.x1", "int8")], [f"{alias}.x1"])

    @staticmethod
    def derived(lateral, query, alias, types):
        names = ", ".join(f"x{i}" for i in range(len(types)))
        columns = [(f"{alias}.x{i}", t) for i, t in enumerate(types)]
        return Source(N("from", lateral, "(", query, f") {alias}({names})"), columns, None)

    def join_condition(self, left, right, scope):
        r = self.rng
        both = Scope(left.columns + right.columns, scope.outer, scope.tables, scope.ctes, scope.budget)
        terms = []
        pairs = [(a, b) for a, k in left.columns for b, t in right.columns if k == t]
        joinable = [(a, b) for a, b in pairs if a.endswith((".id", ".k")) and b.endswith((".id", ".k"))]
        for _ in range(r.randint(1, 2)):
            if joinable and r.random() < 0.7:
                a, b = r.choice(joinable)
            elif pairs:
                a, b = r.choice(pairs)
            else:
                break
            terms.append(N("bool", f"({a} = {b})"))
        if not terms or r.random() < 0.25:
            terms.append(self.expression("bool", both, 2))
        return N("bool", N.of_list(" AND ", terms))

    def from_clause(self, scope):
        r = self.rng
        sources = [self.from_item(scope)]
        for _ in range(r.choice([0, 0, 1, 1, 1, 2, 2, 3])):
            left = sources.pop()
            right = self.from_item(scope, left.columns)
            if r.random() < 0.12 and right.node.parts and len(sources) < 3:
                more = self.from_item(scope)  # a join in parentheses
                right = self.join(right, more, scope, parenthesised=True)
            if r.random() < 0.12:
                sources += [left, right]  # a comma; LATERAL may look across it
            else:
                sources.append(self.join(left, right, scope))
        columns = [c for s in sources for c in s.columns]
        keys = None if any(s.keys is None for s in sources) else [k for s in sources for k in s.keys]
        return N("fromlist", N.of_list(", ", [s.node for s in sources])), columns, keys

    def join(self, left, right, scope, parenthesised=False):
        r = self.rng
        lateral = str(right.node).startswith("LATERAL")
        kind = r.choice(["JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "CROSS JOIN"] + ([] if lateral else ["RIGHT JOIN", "FULL JOIN"]))
        keys = None if left.keys is None or right.keys is None else left.keys + right.keys
        condition = []
        if kind == "FULL JOIN":
            pairs = [(a, b) for a, k in left.columns for b, t in right.columns if k == t]
            if not pairs:
                kind = "CROSS JOIN"
            else:
                a, b = r.choice(pairs)
                condition = [" ON ", N("bool", f"({a} = {b})")]
        if kind not in ("FULL JOIN", "CROSS JOIN"):
            names = lambda s: {c.split(".")[1] for c, _ in s.columns if c.count(".") == 1}
            plain = len({c.split(".")[0] for c, _ in left.columns}) == 1 and len({c.split(".")[0] for c, _ in right.columns}) == 1
            if plain and "k" in names(left) & names(right) and r.random() < 0.2:
                condition = [" USING (k)"]
            else:
                condition = [" ON ", self.join_condition(left, right, scope)]
        parts = ["(" if parenthesised else "", left.node, f" {kind} ", right.node, *condition, ")" if parenthesised else ""]
        return Source(N("from", *parts), left.columns + right.columns, keys)

    # -- SELECT ------------------------------------------------------------------------------------------------------

    def subquery(self, scope, types, single=False):
        """A query inside an expression; `single`: it must not give more than one row."""
        if not single:
            return self.query(scope, types, scope.tables, scope.ctes, scope.budget, nested=True)
        r = self.rng
        inner_budget = scope.budget
        from_node, inner, _ = self.small_from(scope)
        inputs = Scope(inner, scope, scope.tables, scope.ctes, inner_budget)
        where = N("clause", " WHERE ", self.expression("bool", inputs, 2), optional=True)
        grouped = Scope([], scope, scope.tables, scope.ctes, inner_budget)
        grouped.aggregates, grouped.inputs = True, inputs
        made = self.aggregate(types[0], grouped)
        if made is not None and r.random() < 0.8:
            return N("query", "SELECT ", made, " FROM ", from_node, where)
        value = self.expression(types[0], inputs, 1)
        return N("query", "SELECT ", value, " FROM ", from_node, where, N("order", " ORDER BY 1", r.choice(["", " DESC"]), " LIMIT 1"))

    def small_from(self, scope):
        inner = Scope([], scope, scope.tables, scope.ctes, scope.budget)
        if self.rng.random() < 0.75:
            source = self.base_table()
            return source.node, source.columns, source.keys
        return self.from_clause(inner)

    def query(self, outer, types, tables, ctes, budget, nested=False, top=False):
        r = self.rng
        roll = r.random()
        if roll < (0.15 if top else 0.08) and budget.take():
            op = r.choice(["UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL"])
            side = lambda: N("query", "(", self.query(outer, types, tables, ctes, budget), ")")
            made = N("query", side(), f" {op} ", side())
            if r.random() < 0.2 and budget.take():
                made = N("query", made, f" {r.choice(['UNION', 'EXCEPT', 'INTERSECT'])} ", side())
            return made
        if roll < (0.35 if top else 0.12) and budget.take():
            return self.with_query(outer, types, tables, ctes, budget)
        scope = Scope([], outer, tables, ctes, budget)
        from_node, columns, keys = (self.small_from(scope) if nested else self.from_clause(scope))
        return self.select(scope, from_node, columns, keys, types, nested)

    def select(self, scope, from_node, columns, keys, types, nested):
        r = self.rng
        inputs = Scope(columns, scope.outer, scope.tables, scope.ctes, scope.budget)
        where = N("clause", " WHERE ", self.expression("bool", inputs, 3), optional=True) if r.random() < 0.65 else ""
        grouped = r.random() < (0.15 if nested else 0.3)
        group, having = "", ""
        if grouped:
            scope, group, having = self.grouping(inputs)
        else:
            scope = inputs
            scope.windows = r.random() < (0.05 if nested else 0.25)
            scope.order = keys
        distinct = "DISTINCT " if r.random() < 0.12 else ""
        items = [N("item", self.expression(t, scope, 3)) for t in types]
        tail = ""
        if distinct and r.random() < 0.3 and not grouped:
            # DISTINCT ON: all columns order the rows, so the first of each group is certain.
            distinct = "DISTINCT ON (1) " if len(types) == 1 else f"DISTINCT ON ({r.choice(['1', '1, 2', '2'])}) "
            first = distinct[13:-2].split(", ")
            rest = [str(i + 1) for i in range(len(types)) if str(i + 1) not in first]
            tail = N("order", " ORDER BY ", ", ".join(first + rest))
        elif r.random() < (0.15 if nested else 0.1):
            tail = self.limit(len(types))
        return N("query", "SELECT ", distinct, N.of_list(", ", items, len(items)), " FROM ", from_node, where, group, having, tail)

    def limit(self, columns):
        r = self.rng
        keys = [f"{i + 1}{r.choice(['', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST'])}" for i in range(columns)]
        r.shuffle(keys)
        offset = N("clause", f" OFFSET {r.choice([0, 1, 3, 10])}", optional=True) if r.random() < 0.3 else ""
        ties = r.choice([f" LIMIT {r.choice([0, 1, 2, 5, 20])}", f" LIMIT {r.choice([1, 3, 10])}", f" FETCH FIRST {r.choice([1, 2, 5])} ROWS WITH TIES"])
        if "TIES" in ties:
            return N("order", " ORDER BY ", ", ".join(keys), offset, ties)
        return N("order", " ORDER BY ", ", ".join(keys), N("clause", ties, optional=True), offset)

    def grouping(self, inputs):
        r = self.rng
        keys = []
        for _ in range(r.randint(0, 3)):
            kind = r.choice(COMPARABLE)
            plain = inputs.of_type(kind, False)
            flat = Scope(inputs.columns, None, inputs.tables, [], Budget(0))
            node = N(kind, r.choice(plain)) if plain and r.random() < 0.7 else self.expression(kind, flat, 1)
            text = str(node)
            if re.search(r"\ba\d+\.", text) and text not in [str(k) for k, _ in keys]:
                keys.append((node, kind))
        scope = Scope([(str(k), t) for k, t in keys], inputs.outer, inputs.tables, inputs.ctes, inputs.budget)
        scope.aggregates, scope.inputs = True, inputs
        scope.windows = r.random() < 0.15
        scope.order = None
        group = ""
        if keys:
            names = [str(k) for k, _ in keys]
            roll = r.random()
            if roll < 0.6:
                group = N("clause", " GROUP BY ", ", ".join(names))
                scope.order = [n for n in names]
            elif roll < 0.72:
                group = N("clause", " GROUP BY ROLLUP (", ", ".join(names), ")")
            elif roll < 0.82:
                group = N("clause", " GROUP BY CUBE (", ", ".join(names), ")")
            else:
                sets = [N("set", "(", ", ".join(r.sample(names, r.randint(0, len(names)))), ")") for _ in range(r.randint(1, 3))]
                group = N("clause", " GROUP BY GROUPING SETS (", N.of_list(", ", sets), ", (", ", ".join(names), "))")
            if roll >= 0.6:
                scope.columns.append((f"grouping({', '.join(names)})", "int4"))
        having = N("clause", " HAVING ", self.expression("bool", scope, 2), optional=True) if r.random() < 0.3 else ""
        return scope, group, having

    def with_query(self, outer, types, tables, ctes, budget):
        r = self.rng
        known = list(ctes)
        made = []
        recursive = ""
        for _ in range(r.randint(1, 2)):
            name = self.alias("w")
            hint = r.choice(["", "", "MATERIALIZED ", "NOT MATERIALIZED "])
            if r.random() < 0.25:
                recursive = "RECURSIVE "
                table = r.choice(tables)
                alias = self.alias()
                union = r.choice(["UNION ALL", "UNION"])
                step = r.choice([f"SELECT x0 + 1, x1 FROM {name} WHERE x0 < {r.randint(2, 6)}",
                                 f"SELECT w.x0 + 1, {alias}.k FROM {name} w JOIN {table.name} {alias} ON {alias}.id = w.x1 WHERE w.x0 < {r.randint(2, 5)}"])
                base = f"SELECT 0, {alias}.id FROM {table.name} {alias} WHERE {alias}.id < {r.randint(2, 9)}"
                made.append(N("cte", f"{name}(x0, x1) AS (", base, f" {union} ", step, ")"))
                known.append((name, ["int4", "int4"]))
                continue
            cte_types = self.random_types(1, 3)
            names = ", ".join(f"x{i}" for i in range(len(cte_types)))
            made.append(N("cte", f"{name}({names}) AS {hint}(", self.query(outer, cte_types, tables, known, budget), ")"))
            known.append((name, cte_types))
        return N("query", f"WITH {recursive}", N.of_list(", ", made), " ", self.query(outer, types, tables, known, budget))

    # -- statements ---------------------------------------------------------------------------------------------------

    def statement(self):
        """(tree, whether it is ordered, the table it changes or None)"""
        if self.rng.random() < 0.2:
            tree, table = self.modification()
            return tree, False, table
        types = self.random_types(1, 5)
        if self.rng.random() < 0.1:
            types.append(self.rng.choice(["int4[]", "jsonb", "interval"]))
        self.types = types  # of the columns
        query = self.query(None, types, self.tables, [], Budget(self.rng.choice([0, 1, 2, 4])), top=True)
        if self.rng.random() < 0.35 and not str(query).startswith(("(", "WITH")) and " ORDER BY " not in str(query.parts[-1]):
            return N("query", query, self.limit(len(types))), True, None
        return query, False, None

    def modification(self):
        r = self.rng
        target = r.choice(self.tables)
        scope_of = lambda alias: Scope([(f"{alias}.{n}", t) for n, t in target.columns], None, self.tables, [], Budget(r.choice([0, 1, 2])))
        returning = lambda scope: N("clause", " RETURNING ", N.of_list(", ", [self.expression(t, scope, 2) for t in self.random_types(1, 3)]),
                                    optional=True) if r.random() < 0.5 else ""
        kind = r.choice(["insert", "insert", "update", "update", "delete", "merge"])
        return getattr(self, kind)(target, scope_of, returning), target

    def assignments(self, target, scope, alias):
        chosen = self.rng.sample(target.columns[1:], self.rng.randint(1, min(3, len(target.columns) - 1)))
        return N.of_list(", ", [N("set", f"{name} = ", self.expression(kind, scope, 2)) for name, kind in chosen])

    def insert(self, target, scope_of, returning):
        r = self.rng
        names = [n for n, _ in target.columns]
        kinds = [k for _, k in target.columns]
        if r.random() < 0.5:
            rows = [N("row", "(", ", ".join([str(r.choice([1, 2, 3, 5, 100, 101 + i, 102 + i]))] + [literal(r, k) if r.random() < 0.8 else "DEFAULT" for k in kinds[1:]]), ")")
                    for i in range(r.randint(1, 4))]
            source = N("values", "VALUES ", N.of_list(", ", rows))
        else:
            base = self.base_table()
            scope = Scope(base.columns, None, self.tables, [], Budget(r.choice([0, 1])))
            items = [N("int4", f"{base.keys[0]} + {r.choice([0, 50, 1000])}")] + [self.expression(k, scope, 2) for k in kinds[1:]]
            source = N("query", "SELECT ", N.of_list(", ", items, len(items)), " FROM ", base.node,
                       N("clause", " WHERE ", self.expression("bool", scope, 2), optional=True))
        conflict = ""
        if r.random() < 0.5:
            excluded = Scope([(f"t.{n}", k) for n, k in target.columns] + [(f"excluded.{n}", k) for n, k in target.columns], None, self.tables, [], Budget(0))
            conflict = r.choice([
                lambda: N("clause", " ON CONFLICT DO NOTHING", optional=True),
                lambda: N("clause", " ON CONFLICT (id) DO UPDATE SET ", self.assignments(target, excluded, "t"),
                          N("clause", " WHERE ", self.expression("bool", excluded, 2), optional=True), optional=True)])()
        return N("insert", f"INSERT INTO {target.name} AS t ({', '.join(names)}) ", source, conflict, returning(scope_of("t")))

    def update(self, target, scope_of, returning):
        r = self.rng
        scope = scope_of("t")
        source, condition = "", []
        if r.random() < 0.3:
            other = self.base_table()  # joined by its key: each row is changed once
            source = N("from", " FROM ", other.node)
            condition = [N("bool", f"(t.{r.choice(['id', 'k'])} = {other.keys[0]})")]
            scope.columns = scope.columns + other.columns
        condition.append(self.expression("bool", scope, 2))
        return N("update", f"UPDATE {target.name} AS t SET ", self.assignments(target, scope, "t"), source,
                 N("clause", " WHERE ", N.of_list(" AND ", condition)), returning(scope))

    def delete(self, target, scope_of, returning):
        scope = scope_of("t")
        source, condition = "", []
        if self.rng.random() < 0.3:
            other = self.base_table()
            source = N("from", " USING ", other.node)
            condition = [N("bool", f"(t.{self.rng.choice(['id', 'k'])} = {other.keys[0]})")]
            scope.columns = scope.columns + other.columns
        condition.append(self.expression("bool", scope, 2))
        return N("delete", f"DELETE FROM {target.name} AS t", source, N("clause", " WHERE ", N.of_list(" AND ", condition)), returning(scope))

    def merge(self, target, scope_of, returning):
        r = self.rng
        other = self.base_table()
        scope = Scope([(f"t.{n}", k) for n, k in target.columns] + other.columns, None, self.tables, [], Budget(r.choice([0, 1])))
        source = Scope(other.columns, None, self.tables, [], Budget(0))
        matched = Scope(scope.columns, None, self.tables, [], Budget(0))
        extra = lambda s: N("clause", " AND ", self.expression("bool", s, 1), optional=True) if r.random() < 0.4 else ""
        actions = []
        if r.random() < 0.8:
            actions.append(N("when", " WHEN MATCHED", extra(matched), r.choice([
                lambda: N("do", " THEN UPDATE SET ", self.assignments(target, matched, "t")), lambda: " THEN DELETE", lambda: " THEN DO NOTHING"])()))
        if r.random() < 0.3:
            actions.append(N("when", " WHEN MATCHED THEN UPDATE SET ", self.assignments(target, matched, "t")))
        if r.random() < 0.8 or not actions:
            names = ", ".join(n for n, _ in target.columns)
            values = [N("int4", f"{other.keys[0]} + 500")] + [self.expression(k, source, 1) for _, k in target.columns[1:]]
            actions.append(N("when", " WHEN NOT MATCHED", extra(source), f" THEN INSERT ({names}) VALUES (", N.of_list(", ", values, len(values)), ")"))
        return N("merge", f"MERGE INTO {target.name} AS t USING ", other.node, " ON ",
                 N("bool", f"(t.{r.choice(['id', 'id', 'k'])} = {other.keys[0]})"), N.of_list("", actions))
