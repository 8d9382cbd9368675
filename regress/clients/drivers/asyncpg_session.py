#!/usr/bin/python3
"""asyncpg: binary parameters and results of every type, cursors, COPY, listeners, a pool. Prints what it gets."""
import asyncio
import datetime
import decimal
import io
import ipaddress
import sys
import uuid

import asyncpg

UTC = datetime.timezone.utc
VALUES = {
    "smallint": 1, "int": 2, "bigint": 3, "real": 1.5, "float8": 2.5, "numeric(20,5)": decimal.Decimal("123456.78901"),
    "text": "héllo", "varchar(10)": "vc", "bytea": b"\x00\xff", "char(3)": "abc", "name": "nm", "oid": 42,
    "timestamp": datetime.datetime(2024, 1, 2, 3, 4, 5, 678), "timestamptz": datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
    "date": datetime.date(2024, 2, 29), "time": datetime.time(1, 2, 3, 4),
    "timetz": datetime.time(1, 2, 3, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
    "interval": datetime.timedelta(days=3, seconds=7, microseconds=9), "uuid": uuid.UUID(int=5), "json": '{"a": 1}',
    "jsonb": "[1, 2]", "inet": ipaddress.ip_address("10.0.0.1"), "cidr": ipaddress.ip_network("10.0.0.0/8"),
    "macaddr": "08:00:2b:01:02:03", "int[]": [1, None, 3], "text[]": ["a", 'b,"c'], "numeric[]": [decimal.Decimal("1.5")],
    "mood": "ok", "mood[]": ["sad", "ok"], "pair": (1, "x"), "pair[]": [(1, "x"), (2, None)], "positive": 7,
    "int4range": asyncpg.Range(1, 5), "tstzrange": asyncpg.Range(datetime.datetime(2024, 1, 1, tzinfo=UTC), None),
    "int4multirange": [asyncpg.Range(1, 3), asyncpg.Range(7, 9)], "bit(5)": asyncpg.BitString("10101"),
    "varbit": asyncpg.BitString("101"), "point": asyncpg.Point(1, 2), "box": asyncpg.Box((3, 4), (1, 2)), "money": "$12.34",
    "xml": "<a/>",
}


async def main(port, user, database):
    options = {"host": "127.0.0.1", "port": port, "user": user, "database": database}
    c = await asyncpg.connect(**options)
    await c.execute("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a int, b text); "
                    "CREATE DOMAIN positive AS int CHECK (VALUE > 0)")
    for name, value in VALUES.items():
        await c.execute(f"CREATE TABLE one (v {name})")
        await c.execute("INSERT INTO one VALUES ($1)", value)
        print(name, repr(await c.fetchval("SELECT v FROM one")))
        await c.execute("DROP TABLE one")
    statement = await c.prepare("SELECT $1::int + 1 AS a, $2::text AS b, now() > $3 AS c")
    print([(a.name, a.type.name) for a in statement.get_attributes()], [t.name for t in statement.get_parameters()])
    async with c.transaction():
        cursor = await c.cursor("SELECT g FROM generate_series(1, 10) g")
        print(await cursor.fetch(3), await cursor.forward(2), await cursor.fetchrow())
    await c.execute("CREATE TABLE many (i int, t text)")
    print(await c.copy_records_to_table("many", records=[(i, str(i)) for i in range(1000)]))
    out = io.BytesIO()
    print(await c.copy_from_query("SELECT i FROM many WHERE i < $1 ORDER BY 1", 3, output=out), out.getvalue())
    await c.executemany("INSERT INTO many (i) VALUES ($1)", [(x,) for x in range(100)])
    print(await c.fetch("SELECT count(*), sum(i) FROM many"))
    try:
        async with c.transaction(isolation="repeatable_read"):
            async with c.transaction():
                await c.execute("SELECT 1 / 0")
    except asyncpg.PostgresError as e:
        print(type(e).__name__, e)
    got = []
    await c.add_listener("channel", lambda *a: got.append(a[2:]))
    await c.execute("NOTIFY channel, 'hello'")
    while not got:
        await c.execute("SELECT 1")
    print(got)
    await c.set_type_codec("json", encoder=str, decoder=lambda x: ("decoded", x), schema="pg_catalog")
    print(await c.fetchval("SELECT '{}'::json"), await c.fetch("SELECT * FROM (VALUES (1, ROW(1, 2)), (2, ROW(3, 4))) v(a, b)"))
    pool = await asyncpg.create_pool(**options, min_size=3, max_size=10)
    print(sum(await asyncio.gather(*[pool.fetchval("SELECT $1::int", i) for i in range(100)])))
    await pool.close()
    await c.close()


asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
