//! `rubric data check`: what is wrong with records, whatever policies may ask of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rubric_engine::data::{DataError, Dataset, Severity, implausible_dates, place, read, say_once};
use rubric_engine::plan::{RecordKind, Symbols};
use rubric_engine::value::RecordId;
use serde::Serialize;

use super::Outcome;
use crate::cli::{DataCheckArgs, ReportFormat};
use crate::failure::Failure;
use crate::project::{self, shipped};
use crate::render;
use crate::session;
use crate::terminal::{Style, Terminal, counted, harmless};

/// The name and version of the shape of the report.
const DATA_CHECK_SCHEMA: &str = "rubric.data-check/1";
/// Of the messages on one column, this many are listed.
const LISTED: usize = 20;
/// On a terminal, this many.
const SHOWN: usize = 5;

/// More records than these are counted, not named.
const NAMED: usize = 12;

/// What `rubric data check --format json` prints.
#[derive(Debug, Serialize)]
struct DataReport {
    schema: &'static str,
    rubric: &'static str,
    data: String,
    as_of: Option<String>,
    errors: u64,
    warnings: u64,
    information: u64,
    records: Vec<Supplied>,
    not_supplied: Vec<String>,
    findings: Vec<Group>,
}

#[derive(Debug, Serialize)]
struct Supplied {
    record: String,
    rows: u32,
    files: Vec<String>,
}

/// What has one code in one column of one record.
#[derive(Debug, Serialize)]
struct Group {
    severity: &'static str,
    code: &'static str,
    record: Option<String>,
    column: Option<String>,
    count: u64,
    messages: Vec<Message>,
    /// How many different messages are not listed.
    messages_left_out: usize,
}

#[derive(Debug, Serialize)]
struct Message {
    message: String,
    count: u64,
    /// Where it is first.
    file: Option<String>,
    line: Option<u64>,
}

pub(crate) fn check(args: &DataCheckArgs, terminal: Terminal) -> Result<Outcome, Failure> {
    let paths: Vec<PathBuf> = args.project.iter().cloned().collect();
    let located = project::locate(&paths)?;
    // Without policies of one's own, the shipped vocabulary is what there is to compare with.
    let wanted = if located.asked().is_ok() { Vec::new() } else { vocabulary() };
    let project = located.load(&wanted)?;
    let (source, of_data) = session::locate_data(&project, &args.data)?;
    let as_of = match &args.as_of {
        Some(written) => Some(session::day(Some(written), None)?),
        None => of_data,
    };
    let plan = project.database.plan();
    let symbols = &plan.symbols;
    terminal.detail(&format!("reading {}", source.shown));
    let mut data = read(symbols, &source).map_err(|error| session::unreadable(&error))?;
    let implausible = implausible_dates(symbols, &data, as_of);
    data.errors.extend(implausible);
    say_once(&mut data.errors, &data.files, source.set.format);
    let report = DataReport {
        schema: DATA_CHECK_SCHEMA,
        rubric: env!("CARGO_PKG_VERSION"),
        data: args.data.clone(),
        as_of: as_of.map(|day| day.to_string()),
        errors: count(&data, Severity::Error),
        warnings: count(&data, Severity::Warning),
        information: count(&data, Severity::Information),
        records: supplied(symbols, &data),
        not_supplied: not_supplied(symbols, &data),
        findings: groups(symbols, &data),
    };
    match args.format {
        ReportFormat::Json => terminal.print(&render::to_json(&report)?)?,
        ReportFormat::Full => {
            terminal.print(&full(&report, terminal))?;
            let errors = counted(usize::try_from(report.errors).unwrap_or(usize::MAX), "error");
            let warnings = counted(usize::try_from(report.warnings).unwrap_or(usize::MAX), "warning");
            terminal.say(&format!("{errors}, {warnings}"));
            if as_of.is_none() {
                terminal.say("births are compared with no day: add `--as-of 2024-06-01`");
            }
        }
    }
    Ok(Outcome::found(report.errors > 0))
}

fn vocabulary() -> Vec<String> {
    let names = shipped().into_iter().filter_map(|policy| policy.header.policy);
    names.filter(|name| name.starts_with("k12.")).collect()
}

fn count(data: &Dataset, severity: Severity) -> u64 {
    data.errors.iter().filter(|error| error.severity == severity).count() as u64
}

fn supplied(symbols: &Symbols, data: &Dataset) -> Vec<Supplied> {
    let mut found = Vec::new();
    for (position, record) in (0_u32..).zip(&symbols.records) {
        let Some(table) = data.table(RecordId(position)) else { continue };
        let mut files: BTreeSet<u32> = (0..table.len()).map(|row| table.origin(row).file).collect();
        if table.is_empty() {
            // A file without rows is known by what was said of it alone.
            let of_record = data.errors.iter().filter(|error| error.record == Some(RecordId(position)));
            files.extend(of_record.filter_map(|error| error.file));
        }
        let files = files.into_iter().filter_map(|file| data.files.get(file as usize).cloned()).collect();
        found.push(Supplied { record: record.name.clone(), rows: table.len(), files });
    }
    found
}

fn not_supplied(symbols: &Symbols, data: &Dataset) -> Vec<String> {
    let records = (0_u32..).zip(&symbols.records);
    records
        .filter(|(position, record)| {
            record.kind == RecordKind::Record && data.table(RecordId(*position)).is_none()
        })
        .map(|(_, record)| record.name.clone())
        .collect()
}

/// Says the same of every duplicate, so that they are one group.
fn general(error: &DataError) -> String {
    if error.code == "duplicate-key" {
        return "another row has the same key; keep one of them".to_owned();
    }
    error.message.clone()
}

const fn rank(severity: Severity) -> (u8, &'static str) {
    match severity {
        Severity::Error => (0, "error"),
        Severity::Warning => (1, "warning"),
        Severity::Information => (2, "information"),
    }
}

fn groups(symbols: &Symbols, data: &Dataset) -> Vec<Group> {
    type Key<'a> = (u8, Option<RecordId>, &'static str, Option<&'a str>);
    let mut found: BTreeMap<Key<'_>, BTreeMap<String, (u64, &DataError)>> = BTreeMap::new();
    for error in &data.errors {
        let field = || {
            let record = symbols.record(error.record?)?;
            Some(record.fields.get(error.field? as usize)?.name.as_str())
        };
        let column = error.column.as_deref().or_else(field);
        let key = (rank(error.severity).0, error.record, error.code, column);
        found.entry(key).or_default().entry(general(error)).or_insert((0, error)).0 += 1;
    }
    let group = |((_, record, code, column), messages): (Key<'_>, BTreeMap<String, (u64, &DataError)>)| {
        let severity = messages.values().next().map_or("", |(_, error)| rank(error.severity).1);
        let count = messages.values().map(|(count, _)| count).sum();
        let all = messages.len();
        let mut messages: Vec<(String, (u64, &DataError))> = messages.into_iter().collect();
        messages.sort_by(|(_, (a, first)), (_, (b, second))| {
            b.cmp(a).then_with(|| (first.file, first.line).cmp(&(second.file, second.line)))
        });
        let messages = messages.into_iter().take(LISTED).map(|(message, (count, first))| Message {
            message,
            count,
            file: first.file.and_then(|file| data.files.get(file as usize).cloned()),
            line: first.line,
        });
        Group {
            severity,
            code,
            record: record.and_then(|record| symbols.record(record)).map(|record| record.name.clone()),
            column: column.map(str::to_owned),
            count,
            messages: messages.collect(),
            messages_left_out: all.saturating_sub(LISTED),
        }
    };
    found.into_iter().map(group).collect()
}

fn full(report: &DataReport, terminal: Terminal) -> String {
    let mut text = String::new();
    let name = report.records.iter().map(|found| found.record.chars().count()).max().unwrap_or(0).max(6);
    let rows = report.records.iter().map(|found| found.rows.to_string().len()).max().unwrap_or(0).max(4);
    let title = format!("{:name$}  {:>rows$}  {}", "record", "rows", "file");
    text.push_str(&format!("{}\n", terminal.paint(Style::Faint, &title)));
    for found in &report.records {
        let files = match found.files.as_slice() {
            [] => String::new(),
            [file] => file.clone(),
            [file, rest @ ..] => format!("{file} and {} more", rest.len()),
        };
        let line = format!("{:name$}  {:>rows$}  {}", found.record, found.rows, harmless(&files));
        text.push_str(&format!("{}\n", line.trim_end()));
    }
    if !report.not_supplied.is_empty() {
        let words = if report.not_supplied.len() > NAMED {
            format!("{} records are not supplied; `--format json` names them", report.not_supplied.len())
        } else {
            format!("not supplied: {}", report.not_supplied.join(", "))
        };
        text.push_str(&format!("\n{}\n", terminal.paint(Style::Faint, &words)));
    }
    let mut above = "";
    for group in &report.findings {
        if group.severity != above {
            let (heading, style) = match group.severity {
                "error" => ("errors", Style::Bad),
                "warning" => ("warnings", Style::Doubtful),
                _ => ("also", Style::Faint),
            };
            text.push_str(&format!("\n{}\n", terminal.paint(style, heading)));
            above = group.severity;
        }
        let column =
            group.column.as_ref().map(|column| format!(" `{}`", harmless(column))).unwrap_or_default();
        let record = group.record.as_deref().unwrap_or("the data set");
        text.push_str(&format!("  {record}{column}: {} {}\n", group.count, group.code));
        for message in group.messages.iter().take(SHOWN) {
            let place = match (&message.file, message.line) {
                (Some(file), Some(line)) => format!(" ({})", harmless(&place(file, line))),
                (Some(file), None) => format!(" ({})", harmless(file)),
                _ => String::new(),
            };
            let times = if message.count == 1 { String::new() } else { format!("{} × ", message.count) };
            text.push_str(&format!("    {times}{}{place}\n", harmless(&message.message)));
        }
        let rest = group.messages.len().saturating_sub(SHOWN) + group.messages_left_out;
        if rest > 0 {
            text.push_str(&format!("    and {}\n", counted(rest, "other message")));
        }
    }
    text
}
