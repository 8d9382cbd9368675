"""Random tables: skewed values, many NULLs, few distinct values, empty tables, indexes of all kinds."""

TYPES = ["int4", "int4", "int4", "int8", "numeric", "float8", "text", "text", "bool", "date", "timestamp"]
WORDS = ["", "a", "b", "ab", "abc", "B", "zz top", "foo", "Foo bar", "x%y", "a_c", "ünï", "  pad ", "0", "42", "longer than twelve bytes",
         "another long value, with comma"]


class Table:
    def __init__(self, name, columns, rows):
        self.name = name
        self.columns = columns  # [(name, type)]; the first is the primary key
        self.rows = rows


def literal(rng, kind):
    """A value as it is written in SQL. Few values come often."""
    if kind in ("int4", "int8"):
        value = rng.choice([0, 1, 1, 2, 3, 5, 7, 10, -1, -3, rng.randint(-100, 100), rng.randint(-1000, 1000)])
        return f"({value})" if value < 0 else str(value)
    if kind == "numeric":
        return rng.choice(["0.00", "1.00", "1.50", "2.25", "10.00", "(-1.00)", "(-0.75)", "99.99",
                           f"{rng.randint(0, 9999) / 100:.2f}"])
    if kind == "float8":
        # Sums of quarters are exact in any order.
        value = rng.choice([0, 1, 0.5, 2.25, -1.5, 100, rng.randint(-400, 400) / 4])
        return f"({value}::float8)" if value >= 0 else f"(({value})::float8)"
    if kind == "text":
        return "'" + rng.choice(WORDS) + "'"
    if kind == "bool":
        return rng.choice(["true", "false"])
    if kind == "date":
        return f"date '{rng.choice(['2020-01-01', '2020-02-29', '1999-12-31', '2021-%02d-%02d' % (rng.randint(1, 12), rng.randint(1, 28))])}'"
    if kind == "timestamp":
        day = rng.choice(["2020-01-01", "2020-02-29", f"2021-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"])
        return f"timestamp '{day} {rng.choice(['00:00:00', '12:34:56', '23:59:59.5', '06:00:00'])}'"
    if kind == "interval":
        return f"interval '{rng.choice(['1 day', '1 month', '2 hours', '36:00:00', '-1 day', '1 mon 2 days 03:04:05'])}'"
    if kind == "int4[]":
        return rng.choice(["ARRAY[1,2,3]", "'{}'::int4[]", "ARRAY[1,NULL,2]", f"ARRAY[{rng.randint(0, 9)}]"])
    if kind == "jsonb":
        return rng.choice(["'{\"a\": 1, \"b\": [1, 2, null]}'::jsonb", "'[]'::jsonb", "'\"x\"'::jsonb", "'{\"a\": {\"c\": true}}'::jsonb"])
    raise ValueError(kind)


def make_table(rng, number):
    columns = [("id", "int4"), ("k", "int4")]  # k: what joins are made on
    for i in range(rng.randint(2, 6)):
        columns.append((f"c{i}", rng.choice(TYPES)))
    rows = []
    for i in range(rng.choice([0, 1, 3, 8, 12, 12, 20, 30, 30, 60])):
        row = [str(i + 1), "NULL" if rng.random() < 0.2 else str(rng.choice([0, 1, 1, 1, 2, 3, rng.randint(0, 40)]))]
        row += ["NULL" if rng.random() < 0.2 else literal(rng, kind) for _, kind in columns[2:]]
        rows.append(row)
    return Table(f"t{number}", columns, rows)


def make_schema(rng):
    """(tables, statements that make them)"""
    tables, statements = [], []
    for number in range(rng.randint(2, 4)):
        table = make_table(rng, number)
        tables.append(table)
        columns = []
        for name, kind in table.columns:
            column = f"{name} {'numeric(12,2)' if kind == 'numeric' else kind}"
            if name == "id":
                column += " PRIMARY KEY"
            columns.append(column)
        statements.append(f"CREATE TABLE {table.name} ({', '.join(columns)})")
        if table.rows:
            values = ", ".join("(" + ", ".join(row) + ")" for row in table.rows)
            statements.append(f"INSERT INTO {table.name} VALUES {values}")
        for i in range(rng.randint(0, 2)):
            names = [n for n, _ in table.columns[1:]]
            chosen = rng.sample(names, min(len(names), rng.randint(1, 2)))
            keys = ", ".join(n + rng.choice(["", "", " DESC", " NULLS FIRST"]) for n in chosen)
            where = f" WHERE {rng.choice(names)} IS NOT NULL" if rng.random() < 0.2 else ""
            statements.append(f"CREATE INDEX {table.name}_i{i} ON {table.name} ({keys}){where}")
        if rng.random() < 0.7:
            statements.append(f"ANALYZE {table.name}")
    return tables, statements
