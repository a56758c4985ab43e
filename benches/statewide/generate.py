#!/usr/bin/env python3
"""Writes an invented state: students, enrollments, assessments, courses and grade levels, as CSV and Parquet.

usage: generate.py FOLDER [--students N] [--shuffled]

Rows of enrollments and assessments come district by district, as concatenated submissions do; --shuffled mixes them over
the whole state. The same arguments give the same files.
"""

import argparse
import datetime
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

DISTRICTS = 280
SUBJECTS = ["math", "ela", "science", "history", "arts", "fitness", "trades", "languages"]
TESTED = ["math", "ela", "science"]
EPOCH = datetime.date(1970, 1, 1)


def decimals(units, precision, scale):
    """Whole units of 10^-scale as decimals."""
    units = np.asarray(units, dtype=np.int64)
    words = np.stack([units, np.where(units < 0, -1, 0)], axis=1).copy()
    return pa.Array.from_buffers(pa.decimal128(precision, scale), len(units), [None, pa.py_buffer(words.tobytes())])


def labels(prefix, numbers, width):
    """P000123, as an array of strings."""
    numbers = np.asarray(numbers, dtype=np.int64)
    text = np.full((len(numbers), width + 1), ord("0"), dtype=np.uint8)
    text[:, 0] = ord(prefix)
    rest = numbers.copy()
    for place in range(width, 0, -1):
        text[:, place] += (rest % 10).astype(np.uint8)
        rest //= 10
    ends = np.arange(len(numbers) + 1, dtype=np.int32) * (width + 1)
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(ends), pa.py_buffer(text.tobytes()))


def dates(days):
    return pa.array(np.asarray(days, dtype=np.int32), pa.int32()).cast(pa.date32())


def write(folder, name, columns):
    table = pa.table(columns)
    pa.parquet.write_table(table, folder / f"{name}.parquet", compression="snappy", row_group_size=500_000)
    pa.csv.write_csv(table, folder / f"{name}.csv", pa.csv.WriteOptions(quoting_style="none"))
    print(f"{name}: {table.num_rows} rows", flush=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--students", type=int, default=1_000_000)
    arguments.add_argument("--shuffled", action="store_true")
    given = arguments.parse_args()
    folder, count = given.folder, given.students
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(8191)

    course = np.arange(360)
    subject = course % len(SUBJECTS)
    write(folder, "courses", {
        "course_code": pa.array([f"{SUBJECTS[s][:3].upper()}{c:03d}" for c, s in zip(course, subject)]),
        "subject": pa.array([SUBJECTS[s] for s in subject]),
        "core": pa.array((subject < 2) & (course % 3 == 0)),
        "fraction": decimals(np.choose(course % 4, [1667, 1429, 1250, 833]), 6, 4),
    })
    level = np.arange(13)
    write(folder, "grade_levels", {
        "grade": pa.array(level, pa.int32()),
        "reading_cut": pa.array(395 + level * 16, pa.int32()),
        "base_amount": decimals(np.where(level < 4, 708_125, np.where(level < 9, 641_290, 699_940)), 10, 2),
    })

    weight = random.pareto(1.1, DISTRICTS) + 0.2
    district = np.sort(random.choice(DISTRICTS, size=count, p=weight / weight.sum()))
    number = random.permutation(count)
    grade = random.integers(0, 13, count)
    born = (2019 - grade - 1970) * 365 + random.integers(0, 730, count)
    learner = random.random(count) < 0.12
    enrolled = np.where(random.random(count) < 0.88, 178, random.integers(1, 178, count))
    absent = np.minimum(random.poisson(8, count), enrolled)
    write(folder, "students", {
        "student_id": labels("P", number, 7),
        "district": pa.array(district, pa.int32()),
        "grade": pa.array(grade, pa.int32()),
        "birth_date": dates(born),
        "low_income": pa.array(random.random(count) < 0.46, mask=random.random(count) < 0.01),
        "special_education": pa.array(random.random(count) < 0.15),
        "english_learner": pa.array(learner),
        "years_learning": pa.array(random.integers(0, 7, count).astype(np.int32), mask=~learner),
        "retentions": pa.array(np.minimum(random.poisson(0.08, count), 3).astype(np.int32)),
        "days_enrolled": pa.array(enrolled.astype(np.int32)),
        "days_absent": pa.array(absent.astype(np.int32), mask=random.random(count) < 0.004),
    })

    def order(of):
        key = random.random(len(of))
        return np.argsort(key) if given.shuffled else np.argsort(district[of] + key)

    ability = random.normal(0, 8, count)
    of = random.integers(0, count, 7 * count)
    of = of[order(of)]
    taken = random.integers(0, len(course), len(of))
    mastery = np.clip(random.normal(85, 11, len(of)) + ability[of], 0, 100).astype(np.int32)
    codes = pa.array([f"{SUBJECTS[s][:3].upper()}{c:03d}" for c, s in zip(course, subject)])
    write(folder, "enrollments", {
        "student_id": labels("P", number[of], 7),
        "course_code": codes.take(pa.array(taken)),
        "credit": decimals(np.array([25, 50, 100])[random.integers(0, 3, len(of))], 4, 2),
        "online": pa.array(random.random(len(of)) < 0.09),
        "completed": pa.array(random.random(len(of)) < 0.94),
        "mastery": pa.array(mastery, mask=random.random(len(of)) < 0.02),
    })

    parts = []
    for tested, kind, share in [(0, 0, .6), (0, 1, .7), (1, 0, .6), (1, 1, .7), (2, 0, .18), (2, 1, .17)]:
        those = np.nonzero(random.random(count) < share)[0]
        parts.append((those, np.full(len(those), tested), np.full(len(those), kind)))
    of, tested, kind = (np.concatenate([part[place] for part in parts]) for place in range(3))
    again = random.integers(0, len(of), max(3 * count - len(of), 0))
    of, tested, kind = (np.concatenate([column, column[again]]) for column in (of, tested, kind))
    chosen = random.permutation(len(of))[: 3 * count]
    chosen = chosen[order(of[chosen])]
    of, tested, kind = of[chosen], tested[chosen], kind[chosen]
    autumn = (datetime.date(2025, 8, 25) - EPOCH).days
    write(folder, "assessments", {
        "student_id": labels("P", number[of], 7),
        "subject": pa.array(TESTED).take(pa.array(tested)),
        "kind": pa.array(["pre", "post"]).take(pa.array(kind)),
        "score": pa.array((438 + grade[of] * 16 + kind * 15 + random.normal(0, 24, len(of)) + ability[of]).astype(np.int32)),
        "test_date": dates(autumn + kind * 245 + random.integers(-35, 40, len(of))),
    })


if __name__ == "__main__":
    main()
