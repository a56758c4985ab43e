#!/usr/bin/env python3
"""The policy in Polars, in a process of its own, on so many threads. usage: peer_polars.py csv|parquet DATA OUT THREADS"""

import datetime
import os
import sys

form, data, out, threads = sys.argv[1:5]
os.environ["POLARS_MAX_THREADS"] = threads

import polars as pl  # noqa: E402  (the number of threads has to be set before)

col, when, lit = pl.col, pl.when, pl.lit
DECIMALS = {"courses": {"fraction": 4}, "grade_levels": {"base_amount": 2}, "enrollments": {"credit": 2}}


def table(name):
    """A table whose decimals are whole numbers of their smallest unit: exact, as Polars sums them fastest."""
    if form == "parquet":
        frame = pl.scan_parquet(f"{data}/{name}.parquet")
        units = {column: (col(column) * 10**scale).cast(pl.Int64) for column, scale in DECIMALS.get(name, {}).items()}
        return frame.with_columns(**units)
    frame = pl.scan_csv(f"{data}/{name}.csv", try_parse_dates=True, schema_overrides={"years_learning": pl.Int32})
    units = {column: (col(column) * 10**scale).round().cast(pl.Int64) for column, scale in DECIMALS.get(name, {}).items()}
    return frame.with_columns(**units)


mastered = (col("completed") & (col("mastery") >= 80)).fill_null(False)
of_enrollments = (
    table("enrollments").join(table("courses"), on="course_code").group_by("student_id").agg(
        credits_earned=col("credit").filter(mastered).sum(),
        courses_mastered=mastered.sum().cast(pl.Int64),
        core_all=col("core").sum(),
        core_below=(col("core") & (col("mastery") < 80)).sum(),
        core_unknown=(col("core") & col("mastery").is_null()).sum(),
        fraction=when(col("completed")).then(col("fraction") * when(col("online")).then(75).otherwise(100)).otherwise(0).sum(),
    )
)


def best(subject, kind):
    return col("score").filter((col("subject") == subject) & (col("kind") == kind)).max()


of_assessments = (
    table("assessments")
    .filter(col("test_date").is_between(datetime.date(2025, 8, 1), datetime.date(2026, 6, 15)))
    .group_by("student_id")
    .agg(**{f"{s}_{word}": best(s, kind) for s in ("ela", "math", "science") for word, kind in (("before", "pre"), ("after", "post"))})
)
joined = (
    table("students").join(table("grade_levels"), on="grade")
    .join(of_enrollments, on="student_id", how="left").join(of_assessments, on="student_id", how="left")
    .with_columns(
        credits_earned=col("credits_earned").fill_null(0), courses_mastered=col("courses_mastered").fill_null(0),
        core_mastered=when((col("core_all").fill_null(0) == 0) | (col("core_below") > 0)).then(False)
        .when(col("core_unknown") > 0).then(None).otherwise(True),
        fte=pl.min_horizontal(col("fraction").fill_null(0), 1_000_000),
        ela_gain=col("ela_after") - col("ela_before"), math_gain=col("math_after") - col("math_before"),
        science_gain=col("science_after") - col("science_before"), reads=col("ela_after") >= col("reading_cut"),
        chronically_absent=col("days_absent") * 10 > col("days_enrolled"),
        attendance=(20000 * (col("days_enrolled") - col("days_absent")).cast(pl.Int64) + col("days_enrolled")) // (2 * col("days_enrolled")),
    )
    .with_columns(total_gain=col("ela_gain") + col("math_gain"),
                  grew=~col("chronically_absent") & (col("ela_gain") >= 20) & (col("math_gain") >= 20))
)
group = ["district", col("low_income").fill_null(False)]
above = col("total_gain").rank("min", descending=True).over(group).cast(pl.Int64) - 1
result = joined.with_columns(
    top_quarter=(4 * above < col("total_gain").count().over(group).cast(pl.Int64)).fill_null(False)
).select(
    "student_id", "district", "credits_earned", "courses_mastered", "core_mastered", "fte", "ela_gain", "math_gain",
    "science_gain", "total_gain", "grew", "reads", "chronically_absent", "attendance", "top_quarter",
    promotion=when(col("core_mastered") & col("reads") & (col("credits_earned") >= when(col("grade") >= 9).then(300).otherwise(100)))
    .then(lit("promoted")).when(col("special_education") & (col("retentions") >= 1)).then(lit("promoted_for_good_cause"))
    .when(col("english_learner") & (col("years_learning") < 2)).then(lit("promoted_as_learner"))
    .when(col("grew")).then(lit("promoted_by_growth")).when(col("retentions") >= 2).then(lit("promoted_by_age"))
    .otherwise(lit("retained")),
    base=(col("fte") * col("base_amount") + 500_000) // 1_000_000,
    mastery=col("courses_mastered") * 11235,
    growth=when(col("top_quarter")).then(25000).otherwise(0),
)
result.sink_parquet(out, compression="snappy")
