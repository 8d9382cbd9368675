SELECT round(4.4e131071, -131071) = 4e131071, round(4.5e131071, -131071) = 5e131071;
SELECT round(4.5e131071, -131072);
SELECT round(5.5e131071, -131072);
SELECT round(5.5e131071, -131073), round(5.5e131071, -1000000);
SELECT round(5e-16383, 1000000) = 5e-16383, round(5e-16383, 16383) = 5e-16383, round(5e-16383, 16382) = 1e-16382,
       round(5e-16383, 16381) = 0;
SELECT trunc(9.9e131071, -131071) = 9e131071, trunc(9.9e131071, -131072), trunc(9.9e131071, -1000000);
SELECT trunc(5e-16383, 1000000) = 5e-16383, trunc(5e-16383, 16383) = 5e-16383, trunc(5e-16383, 16382) = 0;
SELECT round(123.456, 1000000) = 123.456, trunc(-123.456, -2), round(-151.5, -2);
SELECT '010'::xid, '42'::xid, '0xffffffff'::xid, '-1'::xid, '010'::xid8, '0xffffffffffffffff'::xid8, '-1'::xid8;
SELECT ''::xid, 'asdf'::xid, ''::xid8, 'asdf'::xid8, ' 12x'::xid, '0x1F'::cid;
SELECT '1:9223372036854775808:3'::pg_snapshot;
SELECT '1:9223372036854775807:3'::pg_snapshot;
