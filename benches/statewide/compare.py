"""Whether two engines gave the same for every student, to the last digit."""

import duckdb

# What Rubric writes, read as what DuckDB has: unknown and missing are both null there.
FLAGS = ["core_mastered", "grew", "reads", "chronically_absent", "top_quarter"]
COUNTS = ["courses_mastered", "ela_before", "ela_after", "math_before", "math_after", "science_before", "science_after",
          "ela_gain", "math_gain", "science_gain", "total_gain"]
DECIMALS = {"credits_earned": 2, "fte": 6, "attendance": 4}
MONEY = {"base": "funding.base", "mastery": "funding.mastery", "growth": "funding.growth"}


def rubric_rows(path):
    """A query that gives Rubric's file the shape of the SQL result."""
    columns = ["student_id", "promotion"]
    columns += [f"""CASE "{name}" WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE END AS {name}""" for name in FLAGS]
    columns += [f"""nullif(nullif("{name}", 'unknown'), '')::INT AS {name}""" for name in COUNTS]
    columns += [f"""nullif(nullif("{name}", 'unknown'), '')::DECIMAL(9,{places}) AS {name}""" for name, places in DECIMALS.items()]
    columns += [f""""{theirs}"::DECIMAL(12,2) AS {ours}""" for ours, theirs in MONEY.items()]
    return f"SELECT {', '.join(columns)} FROM read_csv('{path}', header=true, all_varchar=true)"


def differences(rubric, peer):
    """How many rows there are, how many differ, and the totals that both must have."""
    database = duckdb.connect()
    database.execute(f"create view ours as {rubric_rows(rubric)}")
    names = ["student_id", "promotion", *FLAGS, *COUNTS, *DECIMALS, *MONEY]
    database.execute(f"create view theirs as select {', '.join(names)} from read_parquet('{peer}')")
    rows, theirs = (database.execute(f"select count(*) from {name}").fetchone()[0] for name in ("ours", "theirs"))
    differing = database.execute(
        "select count(*) from ((from ours except all from theirs) union all (from theirs except all from ours))"
    ).fetchone()[0]
    total = "select sum(base), sum(mastery), sum(growth), sum(credits_earned), sum(fte), count(core_mastered), count(reads) from "
    sums = [database.execute(total + name).fetchone() for name in ("ours", "theirs")]
    return rows, theirs, differing, sums
