"""Tables, data and queries of the join-order benchmark (job.py): films, people, companies, with the skew and the
correlations that make estimates hard. Made by SQL from a counter, so every server gets the same rows.

`r(i, k)` below is a number in [0, 1) from the row's number and a stream; a power of it is skewed towards 0.
"""

SCHEMA = """
CREATE TABLE kind_type(id int PRIMARY KEY, kind text NOT NULL);
CREATE TABLE company_type(id int PRIMARY KEY, kind text NOT NULL);
CREATE TABLE role_type(id int PRIMARY KEY, role text NOT NULL);
CREATE TABLE info_type(id int PRIMARY KEY, info text NOT NULL);
CREATE TABLE title(id int PRIMARY KEY, title text NOT NULL, kind_id int NOT NULL, production_year int);
CREATE TABLE name(id int PRIMARY KEY, name text NOT NULL, gender text);
CREATE TABLE company_name(id int PRIMARY KEY, name text NOT NULL, country_code text);
CREATE TABLE keyword(id int PRIMARY KEY, keyword text NOT NULL);
CREATE TABLE movie_companies(id int PRIMARY KEY, movie_id int NOT NULL, company_id int NOT NULL,
                             company_type_id int NOT NULL, note text);
CREATE TABLE cast_info(id int PRIMARY KEY, person_id int NOT NULL, movie_id int NOT NULL, role_id int NOT NULL, note text);
CREATE TABLE movie_keyword(id int PRIMARY KEY, movie_id int NOT NULL, keyword_id int NOT NULL);
CREATE TABLE movie_info(id int PRIMARY KEY, movie_id int NOT NULL, info_type_id int NOT NULL, info text NOT NULL);
CREATE TABLE movie_info_idx(id int PRIMARY KEY, movie_id int NOT NULL, info_type_id int NOT NULL, info text NOT NULL);
CREATE TABLE person_info(id int PRIMARY KEY, person_id int NOT NULL, info_type_id int NOT NULL, info text NOT NULL);
"""

INDEXES = """
CREATE INDEX ON title(kind_id);
CREATE INDEX ON movie_companies(movie_id);
CREATE INDEX ON movie_companies(company_id);
CREATE INDEX ON cast_info(movie_id);
CREATE INDEX ON cast_info(person_id);
CREATE INDEX ON movie_keyword(movie_id);
CREATE INDEX ON movie_keyword(keyword_id);
CREATE INDEX ON movie_info(movie_id);
CREATE INDEX ON movie_info_idx(movie_id);
CREATE INDEX ON person_info(person_id);
"""

TABLES = ["kind_type", "company_type", "role_type", "info_type", "title", "name", "company_name", "keyword",
          "movie_companies", "cast_info", "movie_keyword", "movie_info", "movie_info_idx", "person_info"]


def r(i, stream):
    """A number in [0, 1) of row `i`, another one for each stream: two rounds of a linear congruence."""
    return (f"(((({i})::bigint * 2654435761 + {stream} * 40503) % 4294967296 * 1103515245 + {stream * 12345 + 1}) "
            f"% 2147483648 / 2147483648.0::float8)")


def skewed(i, stream, count, power):
    """1 … count, the small ones often."""
    return f"(1 + floor({count} * pow({r(i, stream)}, {power})))::int"


def data(scale):
    titles, names = int(40000 * scale), int(60000 * scale)
    companies, keywords = int(4000 * scale), int(6000 * scale)
    movie = f"((movie * 7919) % {titles} + 1)"
    return [
        "INSERT INTO kind_type SELECT i, (ARRAY['movie','tv series','episode','video movie','video game','short'])[i] "
        "FROM generate_series(1, 6) i",
        "INSERT INTO company_type SELECT i, (ARRAY['production companies','distributors','special effects companies',"
        "'miscellaneous companies'])[i] FROM generate_series(1, 4) i",
        "INSERT INTO role_type SELECT i, (ARRAY['actor','actress','producer','writer','cinematographer','composer',"
        "'costume designer','director','editor','guest'])[i] FROM generate_series(1, 10) i",
        "INSERT INTO info_type SELECT i, CASE i WHEN 1 THEN 'runtimes' WHEN 3 THEN 'genres' WHEN 8 THEN 'countries' "
        "WHEN 16 THEN 'release dates' WHEN 99 THEN 'votes' WHEN 101 THEN 'rating' WHEN 112 THEN 'top 250 rank' "
        "WHEN 17 THEN 'trivia' WHEN 21 THEN 'birth notes' ELSE 'info ' || i END FROM generate_series(1, 113) i",
        # Episodes and video games are new; short films are old.
        f"INSERT INTO title SELECT i, CASE WHEN i % 11 = 0 THEN 'The ' WHEN i % 53 = 0 THEN 'Champion ' ELSE '' END || "
        f"'Title ' || i, kind, CASE WHEN i % 97 = 0 THEN NULL WHEN kind IN (3, 5) THEN 2000 + i % 14 WHEN kind = 6 THEN "
        f"1900 + i % 60 ELSE 2013 - floor(90 * pow({r('i', 2)}, 2))::int END FROM (SELECT i, {skewed('i', 1, 6, 2)} AS kind "
        f"FROM generate_series(1, {titles}) i) s",
        f"INSERT INTO name SELECT i, (ARRAY['Ann','Bob','Carl','Dora','Tim','Xavier','Yvonne','Zoe'])[{skewed('i', 3, 8, 2)}] "
        f"|| ' ' || chr(65 + i % 26) || i, CASE WHEN i % 3 = 0 THEN 'f' WHEN i % 7 = 0 THEN NULL ELSE 'm' END "
        f"FROM generate_series(1, {names}) i",
        # Big companies (small numbers) are American.
        f"INSERT INTO company_name SELECT i, 'Company ' || CASE WHEN i % 40 = 0 THEN 'Film ' WHEN i % 19 = 0 THEN 'Warner ' "
        f"ELSE '' END || i, CASE WHEN i <= {companies // 20} THEN '[us]' ELSE (ARRAY['[us]','[de]','[gb]','[jp]','[fr]',"
        f"'[in]','[ru]','[se]'])[{skewed('i', 4, 8, 1.3)}] END FROM generate_series(1, {companies}) i",
        f"INSERT INTO keyword SELECT i, CASE i WHEN 1 THEN 'based-on-novel' WHEN 2 THEN 'murder' WHEN 3 THEN 'sequel' "
        f"WHEN 50 THEN 'superhero' WHEN 51 THEN 'marvel-comics' WHEN {keywords // 2} THEN 'character-name-in-title' "
        f"ELSE 'keyword-' || i END FROM generate_series(1, {keywords}) i",
        f"INSERT INTO movie_companies SELECT i, {movie}, company, CASE WHEN company % 5 = 0 THEN 2 ELSE "
        f"{skewed('i', 5, 4, 2)} END, CASE WHEN company <= {companies // 20} AND i % 3 = 0 THEN '(USA) (theatrical)' "
        f"WHEN i % 5 = 0 THEN '(co-production)' WHEN i % 17 = 0 THEN '(2006) (worldwide) (TV)' END "
        f"FROM (SELECT i, {skewed('i', 6, titles, 1.6)} AS movie, {skewed('i', 7, companies, 3)} AS company "
        f"FROM generate_series(1, {int(100000 * scale)}) i) s",
        # The same films as have many companies have many people; who is in one film is in many.
        f"INSERT INTO cast_info SELECT i, person, {movie}, CASE WHEN person % 3 = 0 THEN 2 ELSE {skewed('i', 8, 10, 2.5)} "
        f"END, CASE WHEN i % 9 = 0 THEN '(voice)' WHEN i % 23 = 0 THEN '(producer)' WHEN i % 31 = 0 THEN '(writer)' END "
        f"FROM (SELECT i, {skewed('i', 9, titles, 1.6)} AS movie, {skewed('i', 10, names, 1.8)} AS person "
        f"FROM generate_series(1, {int(500000 * scale)}) i) s",
        f"INSERT INTO movie_keyword SELECT i, {movie}, {skewed('i', 12, keywords, 4)} FROM (SELECT i, "
        f"{skewed('i', 11, titles, 2)} AS movie FROM generate_series(1, {int(150000 * scale)}) i) s",
        # The language follows the film, the genre follows the number.
        f"INSERT INTO movie_info SELECT i, {movie}, type, CASE type WHEN 3 THEN (ARRAY['Drama','Comedy','Horror','Action',"
        f"'Sci-Fi','Documentary'])[1 + movie % 6] WHEN 8 THEN (ARRAY['USA','USA','Germany','Japan','Sweden','Denmark'])"
        f"[1 + movie % 6] WHEN 16 THEN (ARRAY['USA:','Germany:','Japan:'])[1 + movie % 3] || (1990 + i % 24) "
        f"ELSE 'text ' || i % 1000 END FROM (SELECT i, {skewed('i', 13, titles, 1.4)} AS movie, "
        f"(ARRAY[3,8,16,1,17,2,4,5])[{skewed('i', 14, 8, 1.2)}] AS type FROM generate_series(1, {int(300000 * scale)}) i) s",
        # Much seen is much liked.
        f"INSERT INTO movie_info_idx SELECT i, {movie}, CASE i % 3 WHEN 0 THEN 99 WHEN 1 THEN 101 ELSE 112 END, CASE i % 3 "
        f"WHEN 0 THEN ({titles} / movie * 10)::text WHEN 1 THEN (greatest(1, 9 - movie * 9 / {titles}))::text || '.' || i % 10 "
        f"ELSE (i % 250)::text END FROM (SELECT i, {skewed('i', 15, titles, 1.2)} AS movie "
        f"FROM generate_series(1, {int(90000 * scale)}) i) s",
        f"INSERT INTO person_info SELECT i, {skewed('i', 16, names, 2)}, CASE WHEN i % 4 = 0 THEN 21 ELSE 17 + i % 20 END, "
        f"'note ' || i % 500 FROM generate_series(1, {int(120000 * scale)}) i",
    ]


# Name: (what is selected, {alias: table}, conditions).
QUERIES = {
    "1a": ("min(mc.note), min(t.title), min(t.production_year)",
           "company_type ct, info_type it, movie_companies mc, movie_info_idx mi, title t",
           "ct.kind = 'production companies' AND it.info = 'top 250 rank' AND mc.note LIKE '%(co-production)%' AND "
           "ct.id = mc.company_type_id AND t.id = mc.movie_id AND t.id = mi.movie_id AND mc.movie_id = mi.movie_id AND "
           "it.id = mi.info_type_id"),
    "1b": ("min(mc.note), min(t.title)",
           "company_type ct, info_type it, movie_companies mc, movie_info_idx mi, title t",
           "ct.kind = 'distributors' AND it.info = 'rating' AND mi.info > '8.5' AND t.production_year BETWEEN 2005 AND 2010 "
           "AND ct.id = mc.company_type_id AND t.id = mc.movie_id AND t.id = mi.movie_id AND it.id = mi.info_type_id"),
    "2a": ("min(t.title)", "company_name cn, keyword k, movie_companies mc, movie_keyword mk, title t",
           "cn.country_code = '[de]' AND k.keyword = 'character-name-in-title' AND cn.id = mc.company_id AND "
           "mc.movie_id = t.id AND t.id = mk.movie_id AND mk.keyword_id = k.id AND mc.movie_id = mk.movie_id"),
    "2b": ("min(t.title)", "company_name cn, keyword k, movie_companies mc, movie_keyword mk, title t",
           "cn.country_code = '[us]' AND k.keyword = 'murder' AND cn.id = mc.company_id AND mc.movie_id = t.id AND "
           "t.id = mk.movie_id AND mk.keyword_id = k.id AND mc.movie_id = mk.movie_id"),
    "3a": ("min(t.title)", "keyword k, movie_info mi, movie_keyword mk, title t",
           "k.keyword LIKE '%sequel%' AND mi.info IN ('Sweden', 'Germany', 'Denmark') AND t.production_year > 2005 AND "
           "t.id = mi.movie_id AND t.id = mk.movie_id AND mk.movie_id = mi.movie_id AND k.id = mk.keyword_id"),
    "3b": ("min(t.title)", "keyword k, movie_info mi, movie_keyword mk, title t",
           "k.keyword = 'based-on-novel' AND mi.info = 'Horror' AND t.production_year < 1990 AND t.id = mi.movie_id AND "
           "t.id = mk.movie_id AND mk.movie_id = mi.movie_id AND k.id = mk.keyword_id"),
    "4a": ("min(mi.info), min(t.title)", "info_type it, keyword k, movie_info_idx mi, movie_keyword mk, title t",
           "it.info = 'rating' AND k.keyword LIKE '%sequel%' AND mi.info > '5.0' AND t.production_year > 2005 AND "
           "t.id = mi.movie_id AND t.id = mk.movie_id AND mk.movie_id = mi.movie_id AND k.id = mk.keyword_id AND "
           "it.id = mi.info_type_id"),
    "5a": ("min(t.title)", "company_type ct, info_type it, movie_companies mc, movie_info mi, title t",
           "ct.kind = 'production companies' AND mc.note LIKE '%(theatrical)%' AND mi.info IN ('Sweden', 'Germany') AND "
           "t.production_year > 2005 AND t.id = mi.movie_id AND t.id = mc.movie_id AND mc.movie_id = mi.movie_id AND "
           "ct.id = mc.company_type_id AND it.id = mi.info_type_id"),
    "6a": ("min(k.keyword), min(n.name), min(t.title)", "cast_info ci, keyword k, movie_keyword mk, name n, title t",
           "k.keyword = 'marvel-comics' AND n.name LIKE 'Bob%' AND t.production_year > 2000 AND k.id = mk.keyword_id AND "
           "t.id = mk.movie_id AND t.id = ci.movie_id AND ci.movie_id = mk.movie_id AND n.id = ci.person_id"),
    "6b": ("min(k.keyword), min(n.name), min(t.title)", "cast_info ci, keyword k, movie_keyword mk, name n, title t",
           "k.keyword IN ('superhero', 'sequel', 'murder') AND t.production_year > 2010 AND k.id = mk.keyword_id AND "
           "t.id = mk.movie_id AND t.id = ci.movie_id AND ci.movie_id = mk.movie_id AND n.id = ci.person_id"),
    "6c": ("min(n.name), min(t.title)", "cast_info ci, keyword k, movie_keyword mk, name n, title t",
           "k.keyword = 'murder' AND n.name LIKE 'Zoe X%' AND k.id = mk.keyword_id AND t.id = mk.movie_id AND "
           "t.id = ci.movie_id AND ci.movie_id = mk.movie_id AND n.id = ci.person_id"),
    "7a": ("min(n.name), min(t.title)", "cast_info ci, info_type it, name n, person_info pi, title t",
           "it.info = 'birth notes' AND n.name LIKE '%B%' AND n.gender = 'm' AND pi.info = 'note 7' AND "
           "t.production_year BETWEEN 1980 AND 1995 AND n.id = pi.person_id AND n.id = ci.person_id AND t.id = ci.movie_id "
           "AND it.id = pi.info_type_id AND pi.person_id = ci.person_id"),
    "8a": ("min(n.name), min(t.title)", "cast_info ci, company_name cn, movie_companies mc, name n, role_type rt, title t",
           "ci.note = '(voice)' AND cn.country_code = '[jp]' AND n.name LIKE '%Yvonne%' AND rt.role = 'actress' AND "
           "n.id = ci.person_id AND ci.movie_id = t.id AND t.id = mc.movie_id AND mc.company_id = cn.id AND "
           "ci.role_id = rt.id AND ci.movie_id = mc.movie_id"),
    "8c": ("min(n.name), min(t.title)", "cast_info ci, company_name cn, movie_companies mc, name n, role_type rt, title t",
           "cn.country_code = '[us]' AND rt.role = 'writer' AND n.id = ci.person_id AND ci.movie_id = t.id AND "
           "t.id = mc.movie_id AND mc.company_id = cn.id AND ci.role_id = rt.id AND ci.movie_id = mc.movie_id"),
    "9a": ("min(n.name), min(t.title)", "cast_info ci, company_name cn, movie_companies mc, name n, role_type rt, title t",
           "ci.note IN ('(voice)', '(producer)') AND cn.country_code = '[us]' AND mc.note IS NOT NULL AND n.gender = 'f' AND "
           "n.name LIKE '%An%' AND rt.role = 'actress' AND t.production_year BETWEEN 2005 AND 2013 AND ci.movie_id = t.id "
           "AND t.id = mc.movie_id AND ci.movie_id = mc.movie_id AND mc.company_id = cn.id AND ci.role_id = rt.id AND "
           "n.id = ci.person_id"),
    "10a": ("min(t.title)", "cast_info ci, company_name cn, company_type ct, movie_companies mc, role_type rt, title t",
            "ci.note LIKE '%(voice)%' AND cn.country_code = '[ru]' AND rt.role = 'actor' AND t.production_year > 2005 AND "
            "t.id = mc.movie_id AND t.id = ci.movie_id AND ci.movie_id = mc.movie_id AND rt.id = ci.role_id AND "
            "cn.id = mc.company_id AND ct.id = mc.company_type_id"),
    "11a": ("min(cn.name), min(t.title)",
            "company_name cn, company_type ct, keyword k, movie_companies mc, movie_keyword mk, title t",
            "cn.country_code <> '[se]' AND (cn.name LIKE '%Film%' OR cn.name LIKE '%Warner%') AND ct.kind = "
            "'production companies' AND k.keyword = 'sequel' AND mc.note IS NULL AND t.production_year BETWEEN 1950 AND 2000 "
            "AND mk.movie_id = t.id AND t.id = mc.movie_id AND mk.keyword_id = k.id AND mc.company_type_id = ct.id AND "
            "mc.company_id = cn.id AND mk.movie_id = mc.movie_id"),
    "12a": ("min(cn.name), min(mi2.info), min(t.title)",
            "company_name cn, company_type ct, info_type it1, info_type it2, movie_companies mc, movie_info mi1, "
            "movie_info_idx mi2, title t",
            "cn.country_code = '[us]' AND ct.kind = 'production companies' AND it1.info = 'genres' AND it2.info = 'rating' "
            "AND mi1.info IN ('Drama', 'Horror') AND mi2.info > '8.0' AND t.production_year BETWEEN 2005 AND 2008 AND "
            "t.id = mi1.movie_id AND t.id = mi2.movie_id AND mi1.info_type_id = it1.id AND mi2.info_type_id = it2.id AND "
            "t.id = mc.movie_id AND ct.id = mc.company_type_id AND cn.id = mc.company_id AND mc.movie_id = mi1.movie_id AND "
            "mc.movie_id = mi2.movie_id AND mi1.movie_id = mi2.movie_id"),
    "13a": ("min(mi.info), min(mi2.info), min(t.title)",
            "company_name cn, company_type ct, info_type it, info_type it2, kind_type kt, movie_companies mc, movie_info mi, "
            "movie_info_idx mi2, title t",
            "cn.country_code = '[de]' AND ct.kind = 'production companies' AND it.info = 'rating' AND it2.info = "
            "'release dates' AND kt.kind = 'movie' AND mi.movie_id = t.id AND it2.id = mi.info_type_id AND kt.id = t.kind_id "
            "AND mc.movie_id = t.id AND cn.id = mc.company_id AND ct.id = mc.company_type_id AND mi2.movie_id = t.id AND "
            "it.id = mi2.info_type_id AND mi.movie_id = mi2.movie_id AND mi.movie_id = mc.movie_id"),
    "14a": ("min(mi2.info), min(t.title)",
            "info_type it1, info_type it2, keyword k, kind_type kt, movie_info mi, movie_info_idx mi2, movie_keyword mk, title t",
            "it1.info = 'countries' AND it2.info = 'rating' AND k.keyword IN ('murder', 'based-on-novel') AND kt.kind = 'movie' "
            "AND mi.info IN ('Sweden', 'Germany', 'USA') AND mi2.info < '8.5' AND t.production_year > 2010 AND kt.id = "
            "t.kind_id AND t.id = mi.movie_id AND t.id = mk.movie_id AND t.id = mi2.movie_id AND mk.movie_id = mi.movie_id AND "
            "mk.movie_id = mi2.movie_id AND mi.movie_id = mi2.movie_id AND k.id = mk.keyword_id AND it1.id = mi.info_type_id "
            "AND it2.id = mi2.info_type_id"),
    "15a": ("min(mi.info), min(t.title)",
            "company_name cn, company_type ct, info_type it1, keyword k, movie_companies mc, movie_info mi, movie_keyword mk, "
            "title t",
            "cn.country_code = '[us]' AND it1.info = 'release dates' AND mc.note LIKE '%(worldwide)%' AND mi.info LIKE "
            "'USA:% 200%' AND t.production_year > 2000 AND t.id = mi.movie_id AND t.id = mk.movie_id AND t.id = mc.movie_id AND "
            "mk.movie_id = mi.movie_id AND mk.movie_id = mc.movie_id AND mi.movie_id = mc.movie_id AND k.id = mk.keyword_id AND "
            "it1.id = mi.info_type_id AND cn.id = mc.company_id AND ct.id = mc.company_type_id"),
    "16a": ("min(n.name), min(t.title)",
            "cast_info ci, company_name cn, keyword k, movie_companies mc, movie_keyword mk, name n, title t",
            "cn.country_code = '[us]' AND k.keyword = 'character-name-in-title' AND t.production_year >= 2005 AND "
            "n.id = ci.person_id AND ci.movie_id = t.id AND t.id = mk.movie_id AND mk.keyword_id = k.id AND t.id = mc.movie_id "
            "AND mc.company_id = cn.id AND ci.movie_id = mc.movie_id AND ci.movie_id = mk.movie_id AND mc.movie_id = "
            "mk.movie_id"),
    "17a": ("min(n.name)",
            "cast_info ci, company_name cn, keyword k, movie_companies mc, movie_keyword mk, name n, title t",
            "cn.country_code = '[fr]' AND k.keyword = 'sequel' AND n.name LIKE 'B%' AND n.id = ci.person_id AND "
            "ci.movie_id = t.id AND t.id = mk.movie_id AND mk.keyword_id = k.id AND t.id = mc.movie_id AND mc.company_id = "
            "cn.id AND ci.movie_id = mc.movie_id AND ci.movie_id = mk.movie_id AND mc.movie_id = mk.movie_id"),
    "18a": ("min(mi.info), min(mi2.info), min(t.title)",
            "cast_info ci, info_type it1, info_type it2, movie_info mi, movie_info_idx mi2, name n, title t",
            "ci.note IN ('(producer)', '(writer)') AND it1.info = 'genres' AND it2.info = 'votes' AND n.gender = 'm' AND "
            "n.name LIKE '%Tim%' AND t.id = mi.movie_id AND t.id = mi2.movie_id AND t.id = ci.movie_id AND ci.movie_id = "
            "mi.movie_id AND ci.movie_id = mi2.movie_id AND mi.movie_id = mi2.movie_id AND n.id = ci.person_id AND it1.id = "
            "mi.info_type_id AND it2.id = mi2.info_type_id"),
    "19a": ("min(n.name), min(t.title)",
            "cast_info ci, company_name cn, info_type it, movie_companies mc, movie_info mi, name n, role_type rt, title t",
            "ci.note = '(voice)' AND cn.country_code = '[us]' AND it.info = 'release dates' AND mc.note LIKE '%(USA)%' AND "
            "mi.info LIKE 'Japan:%200%' AND n.gender = 'f' AND n.name LIKE '%An%' AND rt.role = 'actress' AND "
            "t.production_year BETWEEN 2005 AND 2009 AND t.id = mi.movie_id AND t.id = mc.movie_id AND t.id = ci.movie_id AND "
            "mc.movie_id = ci.movie_id AND mc.movie_id = mi.movie_id AND mi.movie_id = ci.movie_id AND cn.id = mc.company_id "
            "AND it.id = mi.info_type_id AND n.id = ci.person_id AND rt.id = ci.role_id"),
    "20a": ("min(t.title)", "cast_info ci, keyword k, kind_type kt, movie_keyword mk, name n, title t",
            "k.keyword IN ('superhero', 'marvel-comics', 'sequel') AND kt.kind = 'movie' AND t.production_year > 1950 AND "
            "ci.note IS NULL AND kt.id = t.kind_id AND t.id = mk.movie_id AND t.id = ci.movie_id AND mk.movie_id = ci.movie_id "
            "AND n.id = ci.person_id AND k.id = mk.keyword_id"),
    "21a": ("min(cn.name), min(t.title)",
            "company_name cn, company_type ct, keyword k, movie_companies mc, movie_info mi, movie_keyword mk, title t",
            "cn.country_code <> '[se]' AND cn.name LIKE '%Warner%' AND ct.kind = 'production companies' AND k.keyword = "
            "'sequel' AND mi.info IN ('Sweden', 'Germany', 'Drama') AND t.production_year BETWEEN 1950 AND 2010 AND "
            "mk.movie_id = t.id AND t.id = mc.movie_id AND mk.keyword_id = k.id AND mc.company_type_id = ct.id AND "
            "mc.company_id = cn.id AND mi.movie_id = t.id AND mk.movie_id = mc.movie_id AND mk.movie_id = mi.movie_id AND "
            "mc.movie_id = mi.movie_id"),
    "22a": ("min(cn.name), min(mi2.info), min(t.title)",
            "company_name cn, company_type ct, info_type it1, info_type it2, keyword k, kind_type kt, movie_companies mc, "
            "movie_info mi, movie_info_idx mi2, movie_keyword mk, title t",
            "cn.country_code <> '[us]' AND it1.info = 'countries' AND it2.info = 'rating' AND k.keyword IN ('murder', "
            "'superhero') AND kt.kind IN ('movie', 'episode') AND mc.note NOT LIKE '%(USA)%' AND mi.info IN ('Germany', "
            "'Sweden', 'USA') AND mi2.info < '7.0' AND t.production_year > 2008 AND kt.id = t.kind_id AND t.id = mi.movie_id "
            "AND t.id = mk.movie_id AND t.id = mi2.movie_id AND t.id = mc.movie_id AND mk.movie_id = mi.movie_id AND "
            "mk.movie_id = mi2.movie_id AND mk.movie_id = mc.movie_id AND mi.movie_id = mi2.movie_id AND mi.movie_id = "
            "mc.movie_id AND mc.movie_id = mi2.movie_id AND k.id = mk.keyword_id AND it1.id = mi.info_type_id AND it2.id = "
            "mi2.info_type_id AND ct.id = mc.company_type_id AND cn.id = mc.company_id"),
    "25a": ("min(mi.info), min(mi2.info), min(n.name), min(t.title)",
            "cast_info ci, info_type it1, info_type it2, keyword k, movie_info mi, movie_info_idx mi2, movie_keyword mk, "
            "name n, title t",
            "ci.note IN ('(writer)', '(producer)') AND it1.info = 'genres' AND it2.info = 'votes' AND k.keyword IN ('murder', "
            "'sequel') AND mi.info = 'Horror' AND n.gender = 'm' AND t.id = mi.movie_id AND t.id = mi2.movie_id AND "
            "t.id = ci.movie_id AND t.id = mk.movie_id AND ci.movie_id = mi.movie_id AND ci.movie_id = mi2.movie_id AND "
            "ci.movie_id = mk.movie_id AND mi.movie_id = mi2.movie_id AND mi.movie_id = mk.movie_id AND mi2.movie_id = "
            "mk.movie_id AND n.id = ci.person_id AND it1.id = mi.info_type_id AND it2.id = mi2.info_type_id AND k.id = "
            "mk.keyword_id"),
    "32a": ("count(*), min(t1.title), min(t2.title)",
            "keyword k, movie_keyword mk, movie_keyword mk2, title t1, title t2",
            "k.keyword = 'keyword-4000' AND mk.keyword_id = k.id AND t1.id = mk.movie_id AND mk2.movie_id = t1.id AND "
            "mk2.keyword_id = t2.kind_id AND t2.production_year = 1950"),
}
