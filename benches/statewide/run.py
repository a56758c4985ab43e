#!/usr/bin/env python3
"""Runs the policy in every engine, compares what they give, and prints a table.

usage: run.py [--students N] [--shuffled] [--runs N] [--series] [--threads N] [--forms csv,parquet] [--rubric BINARY] [--folder FOLDER]

The engines run in turn; with `--series` all runs of one come before those of the next, so that none finds the
machine as another left it. The first run of each warms the files and is not counted. Results of the run before are removed before
the clock starts: how long a file system takes to let go of them says nothing about an engine.

Needs numpy, pyarrow, duckdb and polars (`pip install numpy pyarrow duckdb polars`), and `cargo build --release`.
"""

import argparse
import concurrent.futures
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import compare

HERE = pathlib.Path(__file__).resolve().parent


def timed(command):
    """Wall seconds and peak memory in MB of a process."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{said.decode()}")
    return time.perf_counter() - begun, used.ru_maxrss / 1024


def removed(results):
    """Removes a file or folder, where it is there."""
    if results.is_dir():
        shutil.rmtree(results)
    else:
        results.unlink(missing_ok=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--students", type=int, default=1_000_000)
    arguments.add_argument("--shuffled", action="store_true")
    arguments.add_argument("--runs", type=int, default=7)
    arguments.add_argument("--series", action="store_true")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--forms", default="parquet,csv")
    arguments.add_argument("--rubric", type=pathlib.Path, default=HERE.parents[1] / "target/release/rubric")
    arguments.add_argument("--folder", type=pathlib.Path, default=HERE.parents[1] / "target/statewide")
    given = arguments.parse_args()
    data = given.folder / f"{given.students}{'-shuffled' if given.shuffled else ''}"
    if not (data / "assessments.csv").exists():
        shuffled = ["--shuffled"] if given.shuffled else []
        generator = [sys.executable, HERE / "generate.py", data, "--students", str(given.students), *shuffled]
        subprocess.run(generator, check=True)
    threads = str(given.threads)
    failed = False
    for form in given.forms.split(","):
        # A folder of one form: the reader would refuse two files for one record.
        source = data / form
        source.mkdir(exist_ok=True)
        for file in data.glob(f"*.{form}"):
            if not (source / file.name).exists():
                os.link(file, source / file.name)
        out = given.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        # The data set's columns stand in the manifest, its folder where the generator put it.
        project = given.folder / "project"
        project.mkdir(exist_ok=True)
        (project / "statewide.rubric").write_text((HERE / "statewide.rubric").read_text())
        manifest = (HERE / "rubric.toml").read_text()
        manifest = manifest.replace('"data"', f'"{source.resolve()}"').replace('"csv"', f'"{form}"')
        (project / "rubric.toml").write_text(manifest)
        results = {"rubric": out / "rubric", "duckdb": out / "duckdb.parquet", "polars": out / "polars.parquet"}
        engines = {
            "rubric": [given.rubric, "run", "--project", project, "--data", "state", "--out", results["rubric"], "--facts",
                       "--threads", threads],
            "duckdb": [sys.executable, HERE / "peer_duckdb.py", form, source, results["duckdb"], threads],
            "polars": [sys.executable, HERE / "peer_polars.py", form, source, results["polars"], threads],
        }
        walls, peaks = {name: [] for name in engines}, {name: [] for name in engines}
        turns = [(run, name) for run in range(given.runs + 1) for name in engines]
        if given.series:
            turns.sort(key=lambda turn: list(engines).index(turn[1]))
        for run, name in turns:
            removed(results[name])
            wall, peak = timed(engines[name])
            if run > 0 or given.runs == 0:
                walls[name].append(wall)
                peaks[name].append(peak)
        how = f"{threads} threads, medians of {given.runs}, {'one engine after the other' if given.series else 'in turn'}"
        print(f"\n{form}, {given.students} students{', shuffled' if given.shuffled else ''}, {how}")
        print(f"{'engine':<8} {'seconds':>8} {'of rubric':>10} {'peak MB':>8}")
        ours = statistics.median(walls["rubric"])
        for name in engines:
            median = statistics.median(walls[name])
            print(f"{name:<8} {median:>8.3f} {median / ours:>9.2f}x {statistics.median(peaks[name]):>8.0f}")
        # In a process of its own: what this one takes is counted to whatever it starts.
        with concurrent.futures.ProcessPoolExecutor(1) as pool:
            compared = pool.submit(compare.differences, results["rubric"] / "Student.csv", results["duckdb"])
            rows, theirs, differing, sums = compared.result()
        print(f"{rows} students, {theirs} in DuckDB, {differing} rows differ; totals {'equal' if sums[0] == sums[1] else sums}")
        failed |= differing > 0 or rows != theirs or sums[0] != sums[1]
    sys.exit(1 if failed else 0)


main()
