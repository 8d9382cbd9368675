"""psycopg2 connections whose results are what the server wrote, not Python's idea of it."""
import psycopg2.extensions

# The types that psycopg2 would convert: numbers, bool, bytea, dates, ranges, uuid, inet, json, and arrays of them.
CONVERTED = (16, 17, 20, 21, 23, 25, 26, 114, 199, 650, 651, 700, 701, 869, 1000, 1001, 1005, 1007, 1009, 1015, 1016, 1021, 1022, 1041, 1082,
             1083, 1114, 1115, 1182, 1183, 1184, 1185, 1186, 1187, 1231, 1266, 1700, 2950, 2951, 3802, 3807, 3904, 3905, 3906, 3907,
             3908, 3909, 3910, 3911, 3912, 3913, 3926, 3927)
AS_TEXT = psycopg2.extensions.new_type(CONVERTED, "AS_TEXT", lambda value, cursor: value)


def results_as_text(connection):
    psycopg2.extensions.register_type(AS_TEXT, connection)
