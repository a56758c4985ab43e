//! `rubric run`: every record of a data set.

use std::collections::BTreeSet;
use std::fs;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rubric_engine::columns::{Columns, Limit};
use rubric_engine::diagnostic::Severity;
use rubric_engine::plan::{Privacy, ResultId};
use rubric_engine::value::RecordId;
use serde_json::Value;

use super::Outcome;
use crate::cli::{Engine, FailOn, RunArgs, TableFormat};
use crate::failure::Failure;
use crate::render;
use crate::run::{
    How, InputDigests, Interrupt, Phases, Sheet, Staging, Tally, WrittenFile, counted_errors, data_errors,
    digest, evaluate, interrupted, refuse_to_replace, report, sheets, table,
};
use crate::session::{self, Reading, Session};
use crate::terminal::Terminal;

const REPORT: &str = "run.json";
const DATA_ERRORS: &str = "data-errors.csv";

pub(crate) fn run(args: &RunArgs, terminal: Terminal) -> Result<Outcome, Failure> {
    let threads =
        args.threads.map_or_else(|| thread::available_parallelism().map_or(1, Into::into), usize::from);
    let limit = args.memory.map(|bytes| Limit { ranges: ranges(), ..Limit::new(bytes, existing(&args.out)) });
    let reading = match args.engine {
        Engine::Columns => Reading::Columns { threads, facts: args.facts, limit: limit.as_ref() },
        Engine::Evaluator => Reading::Rows,
    };
    let Some(session) = session::prepare(&args.data, &args.policies, reading, terminal)? else {
        return Ok(Outcome::Findings);
    };
    // What a state takes is given back as a whole when the program ends, not piece by piece before.
    let session = ManuallyDrop::new(session);
    let start = Instant::now();
    let sheets = sheets(&session, args.facts);
    if sheets.is_empty() {
        return Err(Failure::new(
            "these policies have no decision, requirement or amount, so there is nothing to run",
        ));
    }
    let before = earlier_files(&args.out);
    refuse_to_replace(&session, &args.out, &names_of(&before), &possible_names(&sheets, args.format))?;
    let out = args.out.display().to_string();
    let unwritable = |error: std::io::Error| Failure::io("write to", &args.out, &error);
    let interrupt = Interrupt::listen();
    let mut staging = Staging::open(&args.out).map_err(unwritable)?;

    let facts = session.facts();
    let results: Vec<ResultId> = session.results().collect();
    let derived = if args.facts { session::facts_of(&facts.plan.symbols, &results) } else { Vec::new() };
    let columns = Columns::new(facts.plan, session.records.source(), facts.as_of, facts.options)
        .on_threads(threads)
        .for_all(&results, &derived);
    let columns = ManuallyDrop::new(columns);
    let by_column = (args.engine == Engine::Columns).then_some(&*columns);
    let (evaluator, batches) = (facts.evaluator(Privacy::Mask), columns.batches());
    let rows_of = |sheet: &Sheet| match by_column {
        Some(_) => batches.rows_of(sheet.record),
        None => evaluator.rows_of(sheet.record),
    };
    let rows = |sheet: &Sheet| u64::from(rows_of(sheet).unwrap_or(0));
    let progress = terminal.progress("evaluating", sheets.iter().map(rows).sum());
    let mut phases = Phases::default();
    phases.took.push(("check", session.timings.check));
    phases.took.push(("read", session.timings.read));
    let mut writing = Duration::ZERO;
    let mut files = Vec::new();
    let inputs = InputDigests::start(&session, threads);
    let how = How { columns: by_column, format: args.format, threads, interrupt, limit: limit.as_ref() };
    let mut tallies: Vec<(Sheet, Vec<Tally>)> = Vec::new();
    for sheet in sheets {
        if rows_of(&sheet).is_none() {
            // Not even an empty file: nothing was supplied of which it could be the result.
            tallies.push((sheet, Vec::new()));
            continue;
        }
        let name = file_name(&sheet, args.format);
        terminal.detail(&format!("writing {out}/{name}"));
        let output = staging.begin(&name).map_err(unwritable)?;
        let evaluated = evaluate(facts, &sheet, &how, &progress, output)?;
        phases.rows += u64::from(evaluated.rows);
        for (why, lanes) in &evaluated.replayed {
            *phases.replayed.entry(why).or_default() += lanes;
        }
        let start = Instant::now();
        let blake3 = staging.end(&name, evaluated.written).map_err(unwritable)?;
        files.push(WrittenFile { blake3, file: name });
        writing += start.elapsed();
        tallies.push((sheet, evaluated.tallies));
    }
    let blake3 = staging.write(DATA_ERRORS, &data_errors(&session)?).map_err(unwritable)?;
    if let Some(error) = session.records.failure() {
        return Err(session::unreadable(&error));
    }
    files.push(WrittenFile { blake3, file: DATA_ERRORS.to_owned() });
    drop(progress);
    for (why, lanes) in columns.replayed() {
        *phases.replayed.entry(why).or_default() += lanes;
    }
    let name = |record: &RecordId| session.plan.symbols.record(*record).map(|record| record.name.clone());
    phases.divided = session.records.divided().iter().filter_map(name).collect();
    let passed = session.passed_over.iter();
    phases.passed_over =
        passed.filter_map(|(record, passed)| Some((name(record)?, passed.groups, passed.of))).collect();
    phases.took.push(("evaluate", start.elapsed().saturating_sub(writing)));
    phases.took.push(("write", writing));
    let start_of_report = Instant::now();

    let names: Vec<String> = files.iter().map(|file| file.file.clone()).collect();
    let report = report(&session, &args.data.data, &tallies, files, inputs, start.elapsed())
        .map_err(|error| Failure::io("read again", &session.source.path, &error))?;
    staging.write(REPORT, render::to_json(&report)?.as_bytes()).map_err(unwritable)?;
    if interrupt.is_set() {
        return Err(interrupted());
    }
    let replaced = staging.publish().map_err(unwritable)?;
    // What was there before goes while this run lets go of its own.
    thread::spawn(move || drop(replaced));
    remove_earlier(&args.out, &before, &names);

    phases.took.push(("report", start_of_report.elapsed()));
    if args.timings {
        terminal.say(phases.table().trim_end());
    }
    if !terminal.quiet {
        terminal.print(&table(&session, &tallies, &out, terminal))?;
    }
    Ok(Outcome::found(args.fail_on.iter().any(|what| holds(*what, &session, &tallies))))
}

/// The folder itself, or else the nearest above it that is there.
fn existing(out: &Path) -> PathBuf {
    let is_there = |folder: &&Path| folder.is_dir();
    let above = std::path::absolute(out).ok();
    let found = above.as_deref().and_then(|out| out.ancestors().find(is_there));
    found.map_or_else(std::env::temp_dir, Path::to_path_buf)
}

/// Into how many ranges records are divided whether or not they have room in memory: a setting for tests.
fn ranges() -> Option<u32> {
    std::env::var("RUBRIC_RANGES").ok()?.parse().ok()
}

fn file_name(sheet: &Sheet, format: TableFormat) -> String {
    let ending = match format {
        TableFormat::Csv => "csv",
        TableFormat::Jsonl => "jsonl",
        TableFormat::Parquet => "parquet",
    };
    format!("{}.{ending}", sheet.name)
}

/// The files that the run may write.
fn possible_names(sheets: &[Sheet], format: TableFormat) -> Vec<String> {
    let mut names: Vec<String> = sheets.iter().map(|sheet| file_name(sheet, format)).collect();
    names.extend([DATA_ERRORS.to_owned(), REPORT.to_owned()]);
    names
}

/// The names of the files that an earlier run wrote, its report among them.
fn names_of(before: &[(String, String)]) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = before.iter().map(|(name, _)| name.clone()).collect();
    if !names.is_empty() {
        names.insert(REPORT.to_owned());
    }
    names
}

fn holds(what: FailOn, session: &Session, tallies: &[(Sheet, Vec<Tally>)]) -> bool {
    let any = |word: &str| tallies.iter().flat_map(|(_, tallies)| tallies).any(|tally| tally.of(word) > 0);
    let is_error = |tally: &&Tally| match tally.id {
        ResultId::Requirement(id) => {
            session.plan.requirements.get(&id.0).is_some_and(|body| body.severity == Severity::Error)
        }
        _ => false,
    };
    match what {
        FailOn::Violated => tallies
            .iter()
            .flat_map(|(_, tallies)| tallies)
            .filter(is_error)
            .any(|tally| tally.of("violated") > 0),
        FailOn::Conflict => any("conflict"),
        FailOn::Undetermined => any("undetermined"),
        FailOn::Data => counted_errors(&session.errors) > 0,
    }
}

/// The files of the run whose results lie in the folder now, with their digests.
fn earlier_files(out: &Path) -> Vec<(String, String)> {
    let Ok(text) = fs::read_to_string(out.join(REPORT)) else { return Vec::new() };
    let Ok(report) = serde_json::from_str::<Value>(&text) else { return Vec::new() };
    let text_of = |file: &Value, key: &str| file.get(key).and_then(Value::as_str).map(str::to_owned);
    let files = report.get("files").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    files.iter().filter_map(|file| Some((text_of(file, "file")?, text_of(file, "blake3")?))).collect()
}

/// Removes what an earlier run wrote and this one did not, so that old results are not taken for new ones. A file that
/// is not as that run wrote it belongs to somebody and stays.
fn remove_earlier(out: &Path, before: &[(String, String)], names: &[String]) {
    for (name, known) in before {
        let plain = Path::new(name).file_name().is_some_and(|plain| plain == name.as_str());
        if plain && !names.contains(name) {
            let path = out.join(name);
            if fs::read(&path).is_ok_and(|bytes| digest(&bytes) == *known) {
                // One that cannot be removed is listed in no report, so that nothing is lost by leaving it.
                let _ = fs::remove_file(path);
            }
        }
    }
}
