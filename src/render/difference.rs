//! What `rubric diff` found, for people and as JSON, described by `docs/schemas/diff.schema.json`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::terminal::{Style, Terminal, counted, harmless};

/// The name and version of the shape.
pub(crate) const DIFF_SCHEMA: &str = "rubric.diff/1";

/// How many records of one result are named for people; programs get all of them.
const SHOWN: usize = 20;

/// What two versions of policies make of the same records.
#[derive(Debug, Serialize)]
pub(crate) struct VersionDifference {
    schema: &'static str,
    rubric: &'static str,
    as_of: String,
    data_errors: OldNew,
    only_old: Vec<String>,
    only_new: Vec<String>,
    pub(crate) results: Vec<ResultDifference>,
}

#[derive(Debug, Serialize)]
struct OldNew {
    old: usize,
    new: usize,
}

/// What became of one decision, requirement or amount.
#[derive(Debug, Serialize)]
pub(crate) struct ResultDifference {
    policy: String,
    result: String,
    kind: &'static str,
    record: String,
    pub(crate) records: usize,
    pub(crate) only_old: usize,
    pub(crate) only_new: usize,
    changes: Vec<Change>,
    groups: BTreeMap<String, BTreeMap<String, usize>>,
    pub(crate) flips: Vec<Flip>,
}

/// So many records went from one result to another.
#[derive(Debug, Serialize)]
struct Change {
    from: String,
    to: String,
    records: usize,
}

/// A record that comes out otherwise.
#[derive(Debug, Serialize)]
pub(crate) struct Flip {
    pub(crate) key: String,
    pub(crate) old: Side,
    pub(crate) new: Side,
    pub(crate) groups: BTreeMap<String, String>,
}

/// A result, and what decided it; of an amount the lines that differ.
#[derive(Debug, Serialize)]
pub(crate) struct Side {
    pub(crate) result: String,
    pub(crate) by: Vec<String>,
}

impl VersionDifference {
    pub(crate) fn new(
        as_of: String,
        (old, new): (usize, usize),
        only_old: Vec<String>,
        only_new: Vec<String>,
    ) -> Self {
        Self {
            schema: DIFF_SCHEMA,
            rubric: env!("CARGO_PKG_VERSION"),
            as_of,
            data_errors: OldNew { old, new },
            only_old,
            only_new,
            results: Vec::new(),
        }
    }

    /// Whether the versions differ on these records, in what they decide or about whom.
    pub(crate) fn differs(&self) -> bool {
        !self.only_old.is_empty()
            || !self.only_new.is_empty()
            || self.results.iter().any(|it| !it.flips.is_empty() || it.only_old + it.only_new > 0)
    }
}

impl ResultDifference {
    pub(crate) fn new(policy: &str, result: &str, kind: &'static str, record: &str) -> Self {
        Self {
            policy: policy.to_owned(),
            result: result.to_owned(),
            kind,
            record: record.to_owned(),
            records: 0,
            only_old: 0,
            only_new: 0,
            changes: Vec::new(),
            groups: BTreeMap::new(),
            flips: Vec::new(),
        }
    }

    /// Counts a record; the changes stay in the order of their names.
    pub(crate) fn add(&mut self, flip: Flip) {
        for (field, value) in &flip.groups {
            let counts = self.groups.entry(field.clone()).or_default();
            *counts.entry(value.clone()).or_default() += 1;
        }
        let names = (flip.old.result.as_str(), flip.new.result.as_str());
        match self.changes.binary_search_by(|it| (it.from.as_str(), it.to.as_str()).cmp(&names)) {
            Ok(position) => {
                if let Some(change) = self.changes.get_mut(position) {
                    change.records += 1;
                }
            }
            Err(position) => {
                let (from, to) = (names.0.to_owned(), names.1.to_owned());
                self.changes.insert(position, Change { from, to, records: 1 });
            }
        }
        self.flips.push(flip);
    }
}

/// For people.
pub(crate) fn full_difference(report: &VersionDifference, terminal: Terminal) -> String {
    let mut text = String::new();
    for (names, what) in
        [(&report.only_old, "only in the old version"), (&report.only_new, "only in the new version")]
    {
        for name in names {
            let _ = writeln!(text, "{}: {what}", harmless(name));
        }
    }
    let errors = &report.data_errors;
    if errors.old + errors.new > 0 {
        let _ =
            writeln!(text, "data errors: {} with the old version, {} with the new", errors.old, errors.new);
    }
    for result in &report.results {
        one(&mut text, result, terminal);
    }
    text
}

fn one(text: &mut String, result: &ResultDifference, terminal: Terminal) {
    let title = format!("{}.{} of {}", result.policy, result.result, result.record);
    let title = terminal.paint(Style::Strong, &title).into_owned();
    let records = counted(result.records, "record");
    if result.flips.is_empty() {
        let _ = writeln!(text, "{title}: the same for {records}");
    } else {
        let _ = writeln!(text, "{title}: {} of {records} differ", result.flips.len());
    }
    for (count, which) in [(result.only_old, "old"), (result.only_new, "new")] {
        if count > 0 {
            let _ = writeln!(text, "  {} only the {which} version has", counted(count, "record"));
        }
    }
    for change in &result.changes {
        let _ = writeln!(text, "  {} -> {}: {}", change.from, change.to, change.records);
    }
    for (field, counts) in &result.groups {
        for (value, count) in counts {
            let _ = writeln!(text, "  {field} {}: {count}", harmless(value));
        }
    }
    for flip in result.flips.iter().take(SHOWN) {
        let (old, new) = (side(&flip.old), side(&flip.new));
        let _ = writeln!(text, "    {}: {old} -> {new}", harmless(&flip.key));
    }
    if result.flips.len() > SHOWN {
        let _ =
            writeln!(text, "    and {} more; `--format json` has all of them", result.flips.len() - SHOWN);
    }
}

fn side(side: &Side) -> String {
    match side.by.as_slice() {
        [] => side.result.clone(),
        by => format!("{} ({})", side.result, by.join(", ")),
    }
}
