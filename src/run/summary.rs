//! What a run says of itself: the table on the terminal and `run.json`, described by `docs/schemas/run.schema.json`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rubric_engine::data::{DataError, Severity};
use rubric_engine::plan::{ResultId, show, written_number};
use rubric_engine::value::Value;
use serde::Serialize;

use super::columns::Sheet;
use super::evaluate::{Tally, Total};
use crate::session::Session;
use crate::terminal::{Style, Terminal, counted, harmless};

/// The name and version of the shape of `run.json`.
const RUN_SCHEMA: &str = "rubric.run/1";

/// `run.json`. All of it but `timings` follows from the input.
#[derive(Debug, Serialize)]
pub(crate) struct RunReport {
    schema: &'static str,
    rubric: &'static str,
    as_of: String,
    data: String,
    set: BTreeMap<String, String>,
    policies: Vec<HashedFile>,
    inputs: Vec<HashedFile>,
    records: Vec<RecordCount>,
    results: Vec<ResultCount>,
    data_errors: ErrorCount,
    files: Vec<WrittenFile>,
    timings: TimingReport,
}

#[derive(Debug, Serialize)]
struct HashedFile {
    file: String,
    blake3: String,
}

#[derive(Debug, Serialize)]
struct RecordCount {
    record: String,
    rows: u32,
}

#[derive(Debug, Serialize)]
struct ResultCount {
    policy: String,
    name: String,
    kind: &'static str,
    record: String,
    column: String,
    /// Of a requirement: its stable id, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Of a requirement.
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'static str>,
    counts: BTreeMap<String, u64>,
    /// Of an amount: its sum over all records.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<TotalReport>,
}

#[derive(Debug, Serialize)]
struct TotalReport {
    status: &'static str,
    /// Only where it is exact.
    value: Option<String>,
    /// The sum of what is known; `null` where it grows past all bounds.
    known_part: Option<String>,
}

impl TotalReport {
    fn new(total: &Total) -> Self {
        let known_part = total.known.as_ref().map(written_number);
        let value = known_part.clone().filter(|_| total.status == "exact");
        Self { status: total.status, value, known_part }
    }
}

#[derive(Debug, Serialize)]
struct ErrorCount {
    total: usize,
    by_code: BTreeMap<&'static str, usize>,
}

/// A file that the run wrote.
#[derive(Debug, Serialize)]
pub(crate) struct WrittenFile {
    pub(crate) file: String,
    pub(crate) blake3: String,
}

#[derive(Debug, Serialize)]
struct TimingReport {
    check_ms: u128,
    read_ms: u128,
    evaluate_ms: u128,
}

/// BLAKE3 in hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest_of_file(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            return Ok(hash.finalize().to_hex().to_string());
        }
        hash.update(buffer.get(..length).unwrap_or_default());
    }
}

/// The digests of the files of records. Those that were not taken while they were read are read again for it; meanwhile
/// something else can be done.
pub(crate) struct InputDigests {
    /// Each file, with its digest where that is known.
    files: Vec<(String, Option<String>)>,
    others: Vec<PathBuf>,
    /// Absent where there is no thread for it: then they are made when they are asked for.
    thread: Option<JoinHandle<io::Result<Vec<String>>>>,
}

impl InputDigests {
    /// Of so many threads, this takes one beside the first.
    pub(crate) fn start(session: &Session, threads: usize) -> Self {
        let files = (0_u32..).zip(session.records.records().files());
        let known = |position: u32| session.digests.get(&position).map(|digest| hexadecimal(digest));
        let files: Vec<(String, Option<String>)> =
            files.map(|(position, shown)| (shown.clone(), known(position))).collect();
        let others = files.iter().filter(|(_, digest)| digest.is_none());
        let others: Vec<PathBuf> = others.map(|(shown, _)| session.source.on_disk(shown)).collect();
        let own = others.clone();
        let beside = || thread::Builder::new().spawn(move || digests(&own)).ok();
        let thread = if threads > 1 { beside() } else { None };
        Self { files, others, thread }
    }

    fn finish(self) -> io::Result<Vec<HashedFile>> {
        let done = self.thread.and_then(|thread| thread.join().ok());
        let mut others = done.unwrap_or_else(|| digests(&self.others))?.into_iter();
        let of_file = |(file, digest): (String, Option<String>)| {
            Some(HashedFile { file, blake3: digest.or_else(|| others.next())? })
        };
        Ok(self.files.into_iter().filter_map(of_file).collect())
    }
}

fn digests(files: &[PathBuf]) -> io::Result<Vec<String>> {
    files.iter().map(|path| digest_of_file(path)).collect()
}

/// The report of a run. A file of records that can no longer be read is an error: the report would not be true.
pub(crate) fn report(
    session: &Session,
    name: &str,
    tallies: &[(Sheet, Vec<Tally>)],
    files: Vec<WrittenFile>,
    inputs: InputDigests,
    evaluating: Duration,
) -> io::Result<RunReport> {
    let symbols = &session.plan.symbols;
    let database = &session.project.database;
    let policies = database.files().into_iter().map(|file| HashedFile {
        file: database.path(file).to_owned(),
        blake3: digest(database.text(file).as_bytes()),
    });
    let inputs = inputs.finish()?;
    let records = (0_u32..).zip(&symbols.records).filter_map(|(position, record)| {
        let rows = session.records.records().rows(rubric_engine::value::RecordId(position))?;
        Some(RecordCount { record: record.name.clone(), rows })
    });
    let results = tallies.iter().flat_map(|(sheet, tallies)| {
        tallies.iter().map(|tally| {
            let name = symbols.name(tally.id).map(ToOwned::to_owned);
            let kind = match tally.id {
                ResultId::Decision(_) => "decision",
                ResultId::Requirement(_) => "requirement",
                ResultId::Amount(_) => "amount",
            };
            let requirement = match tally.id {
                ResultId::Requirement(id) => session.plan.requirements.get(&id.0),
                _ => None,
            };
            let policy = session.policy_of(tally.id).and_then(|policy| symbols.policy(policy));
            ResultCount {
                policy: policy.map(|policy| policy.name.clone()).unwrap_or_default(),
                name: name.unwrap_or_default(),
                kind,
                record: sheet.name.clone(),
                column: tally.title.clone(),
                id: requirement.and_then(|body| body.id.as_deref()).map(str::to_owned),
                severity: requirement.map(|body| body.severity.word()),
                counts: tally.counts.iter().filter(|(_, count)| *count > 0).cloned().collect(),
                total: tally.total().as_ref().map(TotalReport::new),
            }
        })
    });
    Ok(RunReport {
        schema: RUN_SCHEMA,
        rubric: env!("CARGO_PKG_VERSION"),
        as_of: session.as_of.to_string(),
        data: name.to_owned(),
        set: session.set.clone(),
        policies: policies.collect(),
        inputs,
        records: records.collect(),
        results: results.collect(),
        data_errors: errors(session),
        files,
        timings: TimingReport {
            check_ms: session.timings.check.as_millis(),
            read_ms: session.timings.read.as_millis(),
            evaluate_ms: evaluating.as_millis(),
        },
    })
}

fn errors(session: &Session) -> ErrorCount {
    let mut by_code = BTreeMap::new();
    let counted = session.errors.iter().filter(|error| error.severity != Severity::Information);
    for error in counted {
        *by_code.entry(error.code).or_default() += 1;
    }
    ErrorCount { total: by_code.values().sum(), by_code }
}

/// The table of counts by result, and a line on the data.
pub(crate) fn table(
    session: &Session,
    tallies: &[(Sheet, Vec<Tally>)],
    out: &str,
    terminal: Terminal,
) -> String {
    let mut lines: Vec<[String; 3]> = vec![["record".to_owned(), "result".to_owned(), "outcome".to_owned()]];
    let mut counts = vec!["count".to_owned()];
    for (sheet, tallies) in tallies {
        if tallies.is_empty() {
            lines.push([sheet.name.clone(), String::new(), "no data supplied".to_owned()]);
            counts.push(String::new());
        }
        for tally in tallies {
            let shown: Vec<&(String, u64)> = tally.counts.iter().filter(|(_, count)| *count > 0).collect();
            let nothing = ("no rows".to_owned(), 0);
            let shown = if shown.is_empty() { vec![&nothing] } else { shown };
            for (word, count) in shown {
                lines.push([sheet.name.clone(), tally.title.clone(), word.clone()]);
                counts.push(count.to_string());
            }
            for (word, sum) in total_words(session, tally) {
                lines.push([sheet.name.clone(), tally.title.clone(), word]);
                counts.push(sum);
            }
        }
    }
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    let count_width = counts.iter().map(String::len).max().unwrap_or(0);
    let mut text = String::new();
    let mut above: Option<&[String; 3]> = None;
    for (line, count) in lines.iter().zip(&counts) {
        let [record, result, outcome] = line;
        let is_title = above.is_none();
        let same_record = above.is_some_and(|[above, ..]| above == record);
        let same_result = same_record && above.is_some_and(|[_, above, _]| above == result);
        let cells = [if same_record { "" } else { record }, if same_result { "" } else { result }, outcome];
        let mut shown = String::new();
        for (position, (cell, width)) in cells.iter().zip(widths).enumerate() {
            let style = if is_title { Some(Style::Faint) } else { style(outcome).filter(|_| position == 2) };
            match style {
                Some(style) => shown.push_str(&terminal.paint(style, cell)),
                None => shown.push_str(cell),
            }
            shown.push_str(&" ".repeat(width.saturating_sub(cell.chars().count()) + 2));
        }
        let count = format!("{count:>count_width$}");
        shown.push_str(&if is_title { terminal.paint(Style::Faint, &count) } else { count.into() });
        text.push_str(shown.trim_end());
        text.push('\n');
        above = Some(line);
    }
    let ErrorCount { total, by_code } = errors(session);
    text.push('\n');
    if total == 0 {
        text.push_str("no data errors\n");
    } else {
        let kinds: Vec<String> = by_code.iter().map(|(code, count)| format!("{count} {code}")).collect();
        let total = counted(total, "data error");
        let total = terminal.paint(Style::Doubtful, &total);
        text.push_str(&format!("{total} ({}), listed in {out}/data-errors.csv\n", kinds.join(", ")));
        text.push_str(&errors_of_files(session));
    }
    text
}

/// Of the errors that concern a whole file or column, and so every row, this many are said at once.
const SHOWN_FILE_ERRORS: usize = 5;

fn errors_of_files(session: &Session) -> String {
    let of_files =
        session.errors.iter().filter(|error| error.row.is_none() && error.severity != Severity::Information);
    let line = |error: &DataError| {
        let file = error
            .file
            .and_then(|file| session.records.records().files().get(file as usize))
            .map_or("", String::as_str);
        format!("  {}: {}\n", harmless(file), harmless(&error.message))
    };
    of_files.take(SHOWN_FILE_ERRORS).map(line).collect()
}

/// The total of an amount for the table: its value only where it is exact, else its status and what is known of it.
fn total_words(session: &Session, tally: &Tally) -> Vec<(String, String)> {
    let (Some(total), ResultId::Amount(id)) = (tally.total(), tally.id) else { return Vec::new() };
    let symbols = &session.plan.symbols;
    let Some(symbol) = symbols.amount(id) else { return Vec::new() };
    let known = match &total.known {
        Some(known) => show(symbols, &Value::Number(known.clone()), symbol.ty),
        None => "too large".to_owned(),
    };
    if total.status == "exact" {
        return vec![("total".to_owned(), known)];
    }
    vec![("total".to_owned(), total.status.to_owned()), ("known part".to_owned(), known)]
}

fn style(outcome: &str) -> Option<Style> {
    match outcome {
        "violated" | "conflict" | "error" => Some(Style::Bad),
        "undetermined" | "pending" => Some(Style::Doubtful),
        "not_applicable" | "no rows" | "no data supplied" => Some(Style::Faint),
        "met" | "excepted" | "waived" => Some(Style::Good),
        _ => None,
    }
}
