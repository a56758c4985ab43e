#!/usr/bin/env python3
"""The policy in DuckDB, in a process of its own, on so many threads. usage: peer_duckdb.py csv|parquet DATA OUT THREADS"""

import pathlib
import sys

import duckdb

COLUMNS = {
    "students": "{'student_id':'VARCHAR','district':'INT','grade':'INT','birth_date':'DATE','low_income':'BOOLEAN',"
    "'special_education':'BOOLEAN','english_learner':'BOOLEAN','years_learning':'INT','retentions':'INT',"
    "'days_enrolled':'INT','days_absent':'INT'}",
    "enrollments": "{'student_id':'VARCHAR','course_code':'VARCHAR','credit':'DECIMAL(4,2)','online':'BOOLEAN',"
    "'completed':'BOOLEAN','mastery':'INT'}",
    "assessments": "{'student_id':'VARCHAR','subject':'VARCHAR','kind':'VARCHAR','score':'INT','test_date':'DATE'}",
    "courses": "{'course_code':'VARCHAR','subject':'VARCHAR','core':'BOOLEAN','fraction':'DECIMAL(6,4)'}",
    "grade_levels": "{'grade':'INT','reading_cut':'INT','base_amount':'DECIMAL(10,2)'}",
}


def main():
    form, data, out, threads = sys.argv[1:5]
    database = duckdb.connect()
    database.execute(f"set threads={int(threads)}; set preserve_insertion_order=false")
    for name, columns in COLUMNS.items():
        if form == "csv":
            source = f"read_csv('{data}/{name}.csv', header=true, delim=',', quote='\"', columns={columns})"
        else:
            source = f"read_parquet('{data}/{name}.parquet')"
        database.execute(f"create view {name} as select * from {source}")
    policy = pathlib.Path(__file__).with_name("statewide.sql").read_text()
    database.execute(f"create temp table result as {policy}")
    database.execute(f"copy result to '{out}' (format parquet, compression snappy)")


main()
