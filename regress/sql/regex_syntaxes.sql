-- Basic and extended regular expressions.
SELECT 'a*b' ~ '(?b)a\*b', 'aaab' ~ '(?b)a*b', 'a+b' ~ '(?b)a+b', 'aab' ~ '(?b)a+b', 'ab' ~ '(?b)a?b', 'a?b' ~ '(?b)a?b';
SELECT regexp_match('foobarbar', '(?b)\(bar\)\1'), regexp_match('abcabc', '(?b)\(a\)\(b\)c\1\2'),
       regexp_match('(ab)', '(?b)(\(ab\))');
SELECT regexp_match('aaaa', '(?b)a\{2,3\}'), regexp_match('aaaa', '(?b)a\{3\}'), regexp_match('aaaa', '(?b)a\{2,\}'),
       regexp_match('a{2}', '(?b)a{2}');
SELECT regexp_match('*a', '(?b)*a'), regexp_match('*a', '(?b)^*a'), regexp_match('x*a', '(?b)x\(*a\)'),
       regexp_match('x**a', '(?b)\(^*\)*'), 'b^a' ~ '(?b)b^a', 'a$b' ~ '(?b)a$b', 'a$' ~ '(?b)a$', 'a' ~ '(?b)a$', 'a' ~ '(?b)\(a$\)';
SELECT 'a|b' ~ '(?b)a|b', 'a' ~ '(?b)a|b', 'a\d' ~ '(?b)a\d', 'ad' ~ '(?b)a\d', 'a1' ~ '(?b)a\d', '.' ~ '(?b)\.', 'x' ~ '(?b)\.';
SELECT regexp_match('the cat sat', '(?b)\<cat\>'), 'concat' ~ '(?b)\<cat', 'concat' ~ '(?b)cat\>', 'concat' ~ '(?b)[[:<:]]con';
SELECT regexp_match('a]\b', '(?b)[]a]*'), regexp_match('\d1', '(?b)[\d]*'), regexp_match('xABy', '(?bi)[[:lower:]]*'),
       regexp_match('xAB1', '(?ib)x[[:alpha:]]*');
SELECT regexp_replace('foo.bar(baz)', '[(.]', '_', 'gb'), regexp_replace('aXbX', '\(.\)X', '<\1>', 'gb'),
       regexp_match('a+b', 'a+', 'b'), regexp_match('aab', 'a+', 'e'), regexp_matches('x1y2', '\([a-z]\)\([0-9]\)', 'bg');
SELECT regexp_split_to_array('a+b+c', '+', 'b'), regexp_count('a.b.c', '\.', 1, 'b'), regexp_substr('a(b)c', '(.)', 1, 1, 'b'),
       regexp_like('AB', 'a*b', 'bi'), regexp_instr('xx{3}', '{3}', 1, 1, 0, 'b');
SELECT regexp_match(E'a\nb', '(?bn)^b$'), regexp_match(E'a\nb', '(?b)^b$'), regexp_match('a b', '(?bx)a b'), regexp_match('ab', '(?bx)a b $');
SELECT regexp_match('x', '***:(?b)x'), regexp_match('a(', '***=a(', 'b'), regexp_match('aa', '***:a+', 'b');
SELECT regexp_match('(?i)x', '(?i)x', 'b');
SELECT 'a' ~ '(?b)a\';
SELECT 'a' ~ '(?b)\(a';
SELECT 'a' ~ '(?b)a\)';
SELECT 'a' ~ '(?b)a**';
SELECT 'a' ~ '(?b)a\{2\}\{3\}';
SELECT 'a' ~ '(?b)a\{2';
SELECT 'a' ~ '(?b)a\{2}';
SELECT 'a' ~ '(?b)a\{3,2\}';
SELECT 'a' ~ '(?b)a\{x\}';
SELECT 'a' ~ '(?b)\{2\}';
SELECT 'a' ~ '(?b)\<*';
SELECT 'a' ~ '(?b)\1';
SELECT 'a' ~ '(?b)[a';
SELECT regexp_match('a', 'a', 'bz');
-- Extended ones: escapes stand for themselves, nothing is lazy.
SELECT 'ad' ~ '(?e)a\d', 'a1' ~ '(?e)a\d', regexp_match('aab', '(?e)a+b'), regexp_match('\n', '(?e)[\n]+'), 'a)' ~ '(?e)a)',
       regexp_match('xyxy', '(?e)(xy)+'), 'aba1' ~ '(?e)(a)b\1', 'ab1' ~ '(?e)(a)b\1', 'a|b' ~ '(?e)^(a|b)$', 'b' ~ '(?e)^(a|b)$';
SELECT 'a' ~ '(?e)a*?';
SELECT 'a' ~ '(?e)(?:a)';
SELECT 'a' ~ '(?e)(a';
SELECT 'a' ~ '(?z)a';
