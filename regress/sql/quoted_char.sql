-- "char": bytes above 127 are written as \ooo, by casts too.
SELECT '\377'::"char"::text, '\377'::text::"char", '\377'::"char"::varchar, length('\377'::"char"::text);
SELECT '\101'::"char", '\000'::"char" = '', 'abc'::"char", '\9'::"char", '\47x'::"char", '\777'::"char", '\378'::"char";
SELECT '\101'::text::"char", '\000'::text::"char" = '', 'abc'::text::"char", '\9'::text::"char", '\1000'::text::"char";
SELECT 'a'::"char"::int, (-1)::"char", 97::"char"::text, 0::"char"::text = '', '\377'::"char"::int;
SELECT 200::"char";
SELECT ARRAY['\377'::"char", 'a'], row('\377'::"char"), to_json('\377'::"char"), format('%s', '\377'::"char"), '\200'::"char" || 'x';
SELECT '\377'::"char" < 'a'::"char", '\377'::"char" > 'a'::"char", '\'::"char", '\1'::"char";
