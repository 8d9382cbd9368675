SELECT regexp_matches('llmmmfff', '^(l*)(.*)(f*)$');
SELECT regexp_matches('llmmmfff', '^(l*){1,1}(.*)(f*)$');
SELECT regexp_matches('llmmmfff', '^(l*){1,1}?(.*)(f*)$');
SELECT regexp_matches('llmmmfff', '^(l*){1,1}?(.*){1,1}?(f*)$');
SELECT regexp_matches('llmmmfff', '^(l*?)(.*)(f*)$');
SELECT regexp_matches('llmmmfff', '^(l*?){1,1}(.*)(f*)$');
SELECT regexp_matches('llmmmfff', '^(l*?){1,1}?(.*)(f*)$');
SELECT regexp_matches('llmmmfff', '^(l*?){1,1}?(.*){1,1}?(f*)$');
SELECT regexp_matches('llmmmfff', '^(l*){1}(.*)(f*)$'), regexp_matches('llmmmfff', '^(l*?){1}(.*)(f*)$');
SELECT substring('abcdefg' SIMILAR 'a*#"%#"g*' ESCAPE '#'), substring('abcdefg' SIMILAR '%#"b_d#"%' ESCAPE '#'),
       substring('abcdefg' SIMILAR 'a#"%#"x|g' ESCAPE '#'), substring('abcabc' SIMILAR '%#"a%#"c' ESCAPE '#');
SELECT 'xyz' ~ 'x(\w)(?=\1)';
SELECT 'xyz' ~ 'x(\w)(?=(\1))';
SELECT 'xyy' ~ 'x(\w)(?=y)\1';
SELECT 'a' ~ '\x7fffffff';
SELECT 'a' ~ '\x61';
