"""Random expressions of a wanted type over the columns in scope."""
from schema import literal
from tree import Node

N = Node
COMPARABLE = ["int4", "int4", "int8", "numeric", "float8", "text", "text", "date", "timestamp", "bool"]
NUMERIC = ("int4", "int8", "numeric", "float8")


class Scope:
    """What an expression may refer to: columns [(text, type)], those of outer queries too."""

    def __init__(self, columns, outer=None, tables=None, ctes=None, budget=None):
        self.columns = columns
        self.outer = outer
        self.tables = tables if tables is not None else outer.tables
        self.ctes = list(ctes) if ctes is not None else (list(outer.ctes) if outer else [])
        self.budget = budget if budget is not None else outer.budget
        self.aggregates = False  # whether an aggregate may be made, over self.inputs
        self.windows = False
        self.inputs = None
        self.order = None        # expressions that order the rows totally, or None

    def of_type(self, kind, chance_outer):
        found = [c for c, k in self.columns if k == kind]
        if self.outer is not None and (chance_outer or not found):
            # Of a grouped query only its plain columns are visible inside.
            found = found + [c for c in self.outer.of_type(kind, chance_outer) if "(" not in str(c)]
        return found


class Expressions:
    """Mixed into the generator, which gives `rng` and `subquery(scope, types, …)`."""

    def expression(self, kind, scope, depth=3):
        rng = self.rng
        roll = rng.random()
        if rng.random() < self.wrong_type:
            kind = rng.choice(COMPARABLE)  # an error more often than not: its SQLSTATE and message must agree
        if scope.aggregates and depth > 0 and roll < 0.45:
            made = self.aggregate(kind, scope)
            if made is not None:
                return made
        if scope.windows and depth > 0 and roll < 0.25:
            made = self.window(kind, scope)
            if made is not None:
                return made
        if depth <= 0 or roll > 0.75:
            return self.leaf(kind, scope)
        if roll > 0.68:
            return self.generic(kind, scope, depth - 1)
        if roll > 0.64 and scope.budget.take():
            return N(kind, "(", self.scalar_subquery(kind, scope), ")")
        method = getattr(self, "make_" + {"int4[]": "array"}.get(kind, kind), None)
        return method(scope, depth - 1) if method else self.leaf(kind, scope)

    def leaf(self, kind, scope):
        rng = self.rng
        columns = scope.of_type(kind, rng.random() < 0.25)
        if columns and rng.random() < 0.8:
            return N(kind, rng.choice(columns))
        if rng.random() < 0.06:
            return N(kind, f"NULL::{kind}")
        return N(kind, literal(rng, kind))

    def generic(self, kind, scope, depth):
        e = lambda k=kind: self.expression(k, scope, depth)
        rng = self.rng
        roll = rng.randint(0, 5)
        if roll == 0:
            return N(kind, "coalesce(", N.of_list(", ", [e() for _ in range(rng.randint(2, 3))]), ")")
        if roll == 1:
            branches = [N("when", " WHEN ", e("bool"), " THEN ", e()) for _ in range(rng.randint(1, 2))]
            return N(kind, "CASE", N.of_list("", branches), N("else", " ELSE ", e(), optional=True), " END")
        if roll == 2:
            key = rng.choice(["int4", "text", "bool"])
            branches = [N("when", " WHEN ", e(key), " THEN ", e()) for _ in range(rng.randint(1, 3))]
            return N(kind, "CASE ", e(key), N.of_list("", branches), N("else", " ELSE ", e(), optional=True), " END")
        if roll == 3 and kind not in ("jsonb",):
            return N(kind, "nullif(", e(), ", ", e(), ")")
        if roll == 4 and kind not in ("jsonb", "int4[]"):
            return N(kind, rng.choice(["greatest(", "least("]), N.of_list(", ", [e(), e()]), ")")
        return N(kind, "(", e(), ")")

    def pick(self, *options):
        """One of the options, each a function without arguments."""
        return self.rng.choice(options)()

    def make_int4(self, s, d):
        e = lambda k="int4": self.expression(k, s, d)
        n = lambda: N("int4", str(self.rng.randint(1, 5)))
        return self.pick(
            lambda: N("int4", "(", e(), self.rng.choice([" + ", " - "]), e(), ")"),
            lambda: N("int4", "(", e(), " * ", n(), ")"),
            lambda: N("int4", "(", e(), self.rng.choice([" / ", " % "]), n(), ")"),
            lambda: N("int4", "(", e(), " / nullif(", e(), ", 0))"),
            lambda: N("int4", "abs(", e(), ")"),
            lambda: N("int4", "(- ", e(), ")"),
            lambda: N("int4", self.rng.choice(["length(", "octet_length(", "ascii("]), e("text"), ")"),
            lambda: N("int4", "position(", e("text"), " in ", e("text"), ")"),
            lambda: N("int4", "(", e("bool"), ")::int4"),
            lambda: N("int4", "(", e("date"), " - ", e("date"), ")"),
            lambda: N("int4", "extract(", self.rng.choice(["day", "month", "year", "dow", "doy", "quarter", "isodow"]), " FROM ",
                      e(self.rng.choice(["date", "timestamp"])), ")::int4"),
            lambda: N("int4", "(", e(), self.rng.choice([" & ", " | ", " # "]), e(), ")"),
            lambda: N("int4", "cardinality(", e("int4[]"), ")"),
            lambda: N("int4", "(", e("int4[]"), ")[", n(), "]"),
            lambda: N("int4", "(", e(self.rng.choice(["numeric", "float8", "int8"])), ")::int4"),
            lambda: N("int4", "(", e("int4"), ")::int2::int4"),
            lambda: N("int4", "width_bucket(", e("numeric"), ", 0, 100, 7)"),
            lambda: N("int4", "num_nulls(", e(self.rng.choice(COMPARABLE)), ", ", e(self.rng.choice(COMPARABLE)), ")"),
            lambda: N("int4", "array_position(", e("int4[]"), ", ", e(), ")"),
            lambda: N("int4", "(", e("jsonb"), "->>'a')::int4") if self.rng.random() < 0.1 else N("int4", "sign(", e("float8"), ")::int4"))

    def make_int8(self, s, d):
        e = lambda k="int8": self.expression(k, s, d)
        return self.pick(
            lambda: N("int8", "(", e(), self.rng.choice([" + ", " - "]), e(self.rng.choice(["int4", "int8"])), ")"),
            lambda: N("int8", "(", e("int4"), ")::int8"),
            lambda: N("int8", "(", e("int4"), " * ", N("int8", "1000::int8"), ")"),
            lambda: N("int8", "(", e(), " % ", N("int8", str(self.rng.randint(1, 9)) + "::int8"), ")"),
            lambda: N("int8", "abs(", e(), ")"),
            lambda: N("int8", "gcd(", e(), ", ", e(), ")"))

    def make_numeric(self, s, d):
        e = lambda k="numeric": self.expression(k, s, d)
        r = self.rng
        return self.pick(
            lambda: N("numeric", "(", e(), r.choice([" + ", " - ", " * "]), e(r.choice(["numeric", "int4", "int8"])), ")"),
            lambda: N("numeric", "(", e(), " / nullif(", e(), ", 0))"),
            lambda: N("numeric", "round(", e(), f", {r.randint(-1, 3)})"),
            lambda: N("numeric", r.choice(["trunc(", "floor(", "ceil(", "abs(", "sign("]), e(), ")"),
            lambda: N("numeric", "(", e("int4"), ")::numeric"),
            lambda: N("numeric", "(", e(), ")::numeric(12,1)"),
            lambda: N("numeric", "(", e(), " % nullif(", e(), ", 0))"),
            lambda: N("numeric", "sqrt(abs(", e(), "))"),
            lambda: N("numeric", "extract(epoch FROM ", e(r.choice(["timestamp", "date", "interval"])), ")"))

    def make_float8(self, s, d):
        e = lambda k="float8": self.expression(k, s, d)
        return self.pick(
            lambda: N("float8", "(", e(), self.rng.choice([" + ", " - ", " * "]), e(), ")"),
            lambda: N("float8", "(", e(), " / 4)"),
            lambda: N("float8", self.rng.choice(["floor(", "ceil(", "abs(", "trunc(", "round("]), e(), ")"),
            lambda: N("float8", "(", e(self.rng.choice(["int4", "int8", "numeric"])), ")::float8"))

    def make_text(self, s, d):
        e = lambda k="text": self.expression(k, s, d)
        r = self.rng
        n = lambda: N("int4", str(r.randint(-2, 6)))
        return self.pick(
            lambda: N("text", "(", e(), " || ", e(), ")"),
            lambda: N("text", "(", e(), " || ", e(r.choice(["int4", "int8", "date"])), ")"),
            lambda: N("text", r.choice(["upper(", "lower(", "trim(", "reverse(", "md5(", "initcap(", "ltrim(", "quote_literal("]), e(), ")"),
            lambda: N("text", "substr(", e(), ", ", n(), N("len", f", {r.randint(0, 5)}", optional=True), ")"),
            lambda: N("text", r.choice(["left(", "right("]), e(), ", ", n(), ")"),
            lambda: N("text", "replace(", e(), ", ", e(), ", ", e(), ")"),
            lambda: N("text", "(", e(r.choice(["int4", "int8", "numeric", "bool", "date", "timestamp", "int4[]"])), ")::text"),
            lambda: N("text", "concat(", N.of_list(", ", [e(), e(r.choice(COMPARABLE))]), ")"),
            lambda: N("text", "concat_ws('-', ", N.of_list(", ", [e(), e("int4"), e()]), ")"),
            lambda: N("text", r.choice(["lpad(", "rpad("]), e(), f", {r.randint(0, 9)}, 'xy')"),
            lambda: N("text", "repeat(", e(), f", {r.randint(0, 3)})"),
            lambda: N("text", "split_part(", e(), ", ", N("text", "' '"), f", {r.choice([1, 2, -1])})"),
            lambda: N("text", "translate(", e(), ", 'abc', 'xy')"),
            lambda: N("text", "regexp_replace(", e(), f", '{r.choice(['[a-z]+', '^.', 'o*', '(a|b)', '[[:space:]]'])}', '<\\&>'",
                      r.choice(["", ", 'g'"]), ")"),
            lambda: N("text", "to_char(", e(r.choice(["date", "timestamp"])), f", '{r.choice(['YYYY-MM-DD', 'Dy DD Mon', 'Q IYYY IW', 'HH12:MI AM'])}')"),
            lambda: N("text", "to_char(", e(r.choice(["int4", "numeric"])), f", '{r.choice(['999.9', 'FM0000', 'S9999', '9,999.99'])}')"),
            lambda: N("text", "format('%s|%L', ", e(), ", ", e(r.choice(["text", "int4"])), ")"),
            lambda: N("text", "(", e(), ")::varchar(4)::text"),
            lambda: N("text", "(", e("jsonb"), r.choice(["->>'a'", "#>>'{b,1}'"]), ")"),
            lambda: N("text", "overlay(", e(), " placing 'ZZ' from 2 for 1)"))

    def make_date(self, s, d):
        e = lambda k="date": self.expression(k, s, d)
        return self.pick(
            lambda: N("date", "(", e(), self.rng.choice([" + ", " - "]), N("int4", str(self.rng.randint(0, 40))), ")"),
            lambda: N("date", "(", e("timestamp"), ")::date"),
            lambda: N("date", f"date_trunc('{self.rng.choice(['month', 'week', 'year', 'quarter'])}', ", e(self.rng.choice(["date", "timestamp"])), ")::date"))

    def make_timestamp(self, s, d):
        e = lambda k="timestamp": self.expression(k, s, d)
        return self.pick(
            lambda: N("timestamp", "(", e(), self.rng.choice([" + ", " - "]), e("interval"), ")"),
            lambda: N("timestamp", "(", e("date"), ")::timestamp"),
            lambda: N("timestamp", f"date_trunc('{self.rng.choice(['hour', 'day', 'month', 'decade'])}', ", e(), ")"),
            lambda: N("timestamp", "(", e("date"), " + ", e("interval"), ")"))

    def make_interval(self, s, d):
        e = lambda k="interval": self.expression(k, s, d)
        return self.pick(
            lambda: N("interval", "(", e("timestamp"), " - ", e("timestamp"), ")"),
            lambda: N("interval", "age(", e("timestamp"), ", ", e("timestamp"), ")"),
            lambda: N("interval", "(", e(), " * ", N("int4", str(self.rng.randint(-2, 3))), ")"),
            lambda: N("interval", "justify_hours(", e(), ")"))

    def make_array(self, s, d):
        e = lambda k="int4[]": self.expression(k, s, d)
        return self.pick(
            lambda: N("int4[]", "ARRAY[", N.of_list(", ", [e("int4") for _ in range(self.rng.randint(1, 3))]), "]"),
            lambda: N("int4[]", "(", e(), " || ", e("int4"), ")"),
            lambda: N("int4[]", "array_remove(", e(), ", ", e("int4"), ")"),
            lambda: N("int4[]", "(", e(), ")[1:2]"))

    def make_jsonb(self, s, d):
        e = lambda k="jsonb": self.expression(k, s, d)
        return self.pick(
            lambda: N("jsonb", "jsonb_build_object('a', ", e(self.rng.choice(COMPARABLE)), ", 'b', ", e("int4"), ")"),
            lambda: N("jsonb", "to_jsonb(", e(self.rng.choice(["int4", "text", "bool", "date", "int4[]"])), ")"),
            lambda: N("jsonb", "(", e(), "->'b')"),
            lambda: N("jsonb", "jsonb_build_array(", N.of_list(", ", [e("text"), e("int4")]), ")"))

    def make_bool(self, s, d):
        r = self.rng
        e = lambda k="bool": self.expression(k, s, d)
        roll = r.random()
        if roll < 0.30:
            kind = r.choice(COMPARABLE)
            other = r.choice(NUMERIC) if kind in NUMERIC else kind
            op = r.choice([" = ", " = ", " <> ", " < ", " <= ", " > ", " >= ", " IS DISTINCT FROM ", " IS NOT DISTINCT FROM "])
            return N("bool", "(", e(kind), op, e(other), ")")
        if roll < 0.48:
            return N("bool", "(", N.of_list(r.choice([" AND ", " OR "]), [e() for _ in range(r.randint(2, 3))]), ")")
        if roll < 0.54:
            return N("bool", "(NOT ", e(), ")")
        if roll < 0.62:
            return N("bool", "(", e(r.choice(COMPARABLE)), r.choice([" IS NULL", " IS NOT NULL"]), ")")
        if roll < 0.66:
            return N("bool", "(", e(), r.choice([" IS TRUE", " IS NOT TRUE", " IS FALSE", " IS UNKNOWN", " IS NOT FALSE"]), ")")
        if roll < 0.70:
            kind = r.choice(COMPARABLE)
            return N("bool", "(", e(kind), r.choice([" BETWEEN ", " NOT BETWEEN ", " BETWEEN SYMMETRIC "]), e(kind), " AND ", e(kind), ")")
        if roll < 0.75:
            kind = r.choice(COMPARABLE)
            items = [self.leaf(kind, s) if r.random() < 0.3 else N(kind, literal(r, kind)) for _ in range(r.randint(1, 4))]
            return N("bool", "(", e(kind), r.choice([" IN (", " NOT IN ("]), N.of_list(", ", items), "))")
        if roll < 0.80:
            return N("bool", "(", e("text"), r.choice([" LIKE ", " NOT LIKE ", " ILIKE ", " ~ ", " !~* "]),
                     N("text", r.choice(["'%a%'", "'a_c'", "'%'", "''", "'foo%'", "'^a.*$'", "'b+'", "'%\\%%'"])), ")")
        if roll < 0.83:
            return N("bool", "(", e("int4"), r.choice([" = ANY (", " <> ALL (", " < ANY (", " >= ALL ("]), e("int4[]"), "))")
        if roll < 0.85:
            kinds = [r.choice(COMPARABLE), r.choice(COMPARABLE)]
            row = lambda: N("row", "(", e(kinds[0]), ", ", e(kinds[1]), ")")
            return N("bool", "(", row(), r.choice([" = ", " <> ", " < ", " >= ", " IS DISTINCT FROM "]), row(), ")")
        if roll < 0.87:
            return N("bool", "(", e("int4[]"), r.choice([" @> ", " && ", " = ", " < "]), e("int4[]"), ")")
        if s.budget.take():
            return self.sublink(s, d)
        return self.leaf("bool", s)

    def sublink(self, s, d):
        r = self.rng
        kind = r.choice(COMPARABLE)
        e = lambda k: self.expression(k, s, d)
        roll = r.random()
        if roll < 0.4:
            return N("bool", r.choice(["EXISTS ", "NOT EXISTS "]), "(", self.subquery(s, [r.choice(COMPARABLE)]), ")")
        if roll < 0.75:
            return N("bool", "(", e(kind), r.choice([" IN (", " NOT IN ("]), self.subquery(s, [kind]), "))")
        if roll < 0.85:
            kinds = [kind, r.choice(COMPARABLE)]
            return N("bool", "((", e(kinds[0]), ", ", e(kinds[1]), ")", r.choice([" IN (", " NOT IN ("]), self.subquery(s, kinds), "))")
        op = r.choice([" = ANY (", " <> ALL (", " < ANY (", " > ALL (", " >= SOME (", " <> ANY (", " = ALL ("])
        return N("bool", "(", e(kind), op, self.subquery(s, [kind]), "))")

    def scalar_subquery(self, kind, scope):
        return self.subquery(scope, [kind], single=True)

    # -- aggregates and window functions -------------------------------------------------------------------------

    def aggregate(self, kind, scope):
        """A call over scope.inputs, the rows before grouping."""
        r = self.rng
        inputs = scope.inputs
        e = lambda k: self.expression(k, inputs, 1)
        distinct = lambda: "DISTINCT " if r.random() < 0.15 else ""
        calls = {
            "int8": [lambda: ("count(*)",), lambda: ("count(", distinct(), e(r.choice(COMPARABLE)), ")"), lambda: ("sum(", distinct(), e("int4"), ")"),
                     lambda: ("max(", e("int8"), ")"), lambda: ("regr_count(", e("float8"), ", ", e("float8"), ")")],
            "int4": [lambda: (r.choice(["min(", "max("]), e("int4"), ")"), lambda: ("count(", e("text"), ")::int4"),
                     lambda: (r.choice(["bit_and(", "bit_or(", "bit_xor("]), e("int4"), ")"),
                     lambda: ("percentile_disc(0.5) WITHIN GROUP (ORDER BY ", e("int4"), ")"),
                     lambda: ("mode() WITHIN GROUP (ORDER BY ", e("int4"), ")")],
            "numeric": [lambda: ("sum(", distinct(), e(r.choice(["numeric", "int8"])), ")"), lambda: ("avg(", distinct(), e(r.choice(["int4", "numeric"])), ")"),
                        lambda: (r.choice(["min(", "max("]), e("numeric"), ")"),
                        lambda: (r.choice(["stddev(", "var_pop(", "variance(", "stddev_pop("]), e("int4"), ")")],
            "float8": [lambda: ("sum(", e("float8"), ")"), lambda: ("avg(", e("float8"), ")"), lambda: (r.choice(["min(", "max("]), e("float8"), ")"),
                       lambda: (r.choice(["corr(", "regr_slope(", "covar_pop("]), e("float8"), ", ", e("float8"), ")"),
                       lambda: ("percentile_cont(0.25) WITHIN GROUP (ORDER BY ", e("float8"), ")")],
            "text": [lambda: (r.choice(["min(", "max("]), e("text"), ")"), lambda: self.ordered("string_agg(", "text", inputs, ", ','"),
                     lambda: ("percentile_disc(0.3) WITHIN GROUP (ORDER BY ", e("text"), ")")],
            "bool": [lambda: (r.choice(["bool_and(", "bool_or(", "every("]), e("bool"), ")")],
            "date": [lambda: (r.choice(["min(", "max("]), e("date"), ")")],
            "timestamp": [lambda: (r.choice(["min(", "max("]), e("timestamp"), ")")],
            "interval": [lambda: (r.choice(["min(", "max(", "sum("]), e("interval"), ")")],
            "int4[]": [lambda: self.ordered("array_agg(", "int4", inputs, "")],
            "jsonb": [lambda: self.ordered("jsonb_agg(", "int4", inputs, "")],
        }.get(kind)
        if not calls:
            return None
        parts = list(r.choice(calls)())
        cast = ""
        if parts[-1] == ")::int4":
            parts[-1], cast = ")", "::int4"
        if r.random() < 0.2:
            parts.append(N("filter", " FILTER (WHERE ", self.expression("bool", inputs, 1), ")", optional=True))
        return N(kind, *parts, cast)

    def ordered(self, name, kind, inputs, more):
        """An aggregate that depends on the order of its input gets one that ties cannot change."""
        column = self.leaf(kind, inputs)
        direction = self.rng.choice(["", " DESC", " NULLS FIRST"])
        return (name, self.rng.choice(["", "", "DISTINCT "]), column, more, " ORDER BY ", column, direction, ")") if not more else \
            (name, column, more, " ORDER BY ", column, direction, ")")

    def window(self, kind, scope):
        r = self.rng
        inner = Scope(scope.columns, scope.outer, scope.tables, scope.ctes, scope.budget)
        inner.aggregates, inner.inputs = scope.aggregates, scope.inputs
        e = lambda k, d=1: self.expression(k, inner, d)
        partition = N("partition", "PARTITION BY ", N.of_list(", ", [e(r.choice(COMPARABLE), 1) for _ in range(r.randint(1, 2))]), optional=True) \
            if r.random() < 0.5 else ""
        total = scope.order is not None and r.random() < 0.5
        if total:
            keys = list(scope.order)
            if r.random() < 0.5:
                keys.insert(0, e(r.choice(COMPARABLE)))
        else:
            keys = [e(r.choice(COMPARABLE))] if r.random() < 0.7 else []
        items = [N("key", k, r.choice(["", "", " DESC", " NULLS FIRST", " DESC NULLS LAST"])) for k in keys]
        order = N("order", " ORDER BY ", N.of_list(", ", items, len(items)), optional=not total) if items else ""
        peers_only = not total
        if kind in ("int8", "float8") and r.random() < 0.4:
            calls = {"int8": ["rank()", "dense_rank()"], "float8": ["percent_rank()", "cume_dist()"]}[kind]
            if total and kind == "int8":
                calls = calls + ["row_number()", f"ntile({r.randint(1, 4)})::int8"]
            call = r.choice(calls)
            cast = ""
            if call.endswith("::int8"):
                call, cast = call[:-6], "::int8"
            return N(kind, call, " OVER (", partition, order, ")", cast)
        if total and r.random() < 0.4:
            value = e(kind)
            call = r.choice([("first_value(", value, ")"), ("last_value(", value, ")"), ("nth_value(", value, ", 2)"), ("lag(", value, ")"),
                             ("lead(", value, f", {r.randint(0, 3)})"), ("lag(", value, ", 1, ", e(kind), ")")])
            return N(kind, *call, " OVER (", partition, order, self.frame(False, False), ")")
        calls = {"int8": [lambda: ("count(*)",), lambda: ("sum(", e("int4"), ")"), lambda: ("count(", e("text"), ")")],
                 "int4": [lambda: (r.choice(["min(", "max("]), e("int4"), ")")], "text": [lambda: (r.choice(["min(", "max("]), e("text"), ")")],
                 "numeric": [lambda: ("avg(", e("int4"), ")"), lambda: ("sum(", e("numeric"), ")")],
                 "float8": [lambda: ("sum(", e("float8"), ")")], "bool": [lambda: ("bool_or(", e("bool"), ")")],
                 "date": [lambda: ("max(", e("date"), ")")]}.get(kind)
        if not calls:
            return None
        filtered = N("filter", " FILTER (WHERE ", e("bool"), ")", optional=True) if r.random() < 0.2 else ""
        return N(kind, *r.choice(calls)(), filtered, " OVER (", partition, order, self.frame(peers_only, not items), ")")

    def frame(self, peers_only, no_order):
        r = self.rng
        if no_order or r.random() < 0.4:
            return ""
        if peers_only:
            units, bounds = r.choice(["GROUPS", "RANGE"]), ["UNBOUNDED PRECEDING", "CURRENT ROW", "UNBOUNDED FOLLOWING"]
        else:
            units, bounds = r.choice(["ROWS", "GROUPS"]), ["UNBOUNDED PRECEDING", "2 PRECEDING", "CURRENT ROW", "1 FOLLOWING", "UNBOUNDED FOLLOWING"]
        if units == "GROUPS":
            bounds = ["UNBOUNDED PRECEDING", "1 PRECEDING", "CURRENT ROW", "1 FOLLOWING", "UNBOUNDED FOLLOWING"]
        first = r.randint(0, len(bounds) - 2)
        last = r.randint(first + (0 if 0 < first else 1), len(bounds) - 1)
        exclude = r.choice(["", "", "", " EXCLUDE GROUP"] + ([] if peers_only else [" EXCLUDE CURRENT ROW", " EXCLUDE TIES"]))
        return N("frame", f" {units} BETWEEN {bounds[first]} AND {bounds[last]}{exclude}", optional=True)
