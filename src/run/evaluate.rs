//! Evaluates a sheet, in ranges of rows that threads take; what comes out does not depend on how many there are.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use rubric_engine::columns::{Batches, Columns, Limit};
use rubric_engine::evaluate::{Evaluator, Worth, decision_words, requirement_words, show_need_with};
use rubric_engine::plan::{
    AmountId, DecisionId, DefineId, Instance, Plan, Privacy, ResultId, ResultStatus, written, written_number,
};
use rubric_engine::table::RowGroups;
use rubric_engine::value::{Base, Need, Number, RecordId, State, Value};

use super::by_column;
use super::columns::{Content, Sheet, key_values};
use super::interrupt::{Interrupt, interrupted};
use super::result_file::{ResultFile, ResultRows, unwritable};
use crate::cli::TableFormat;
use crate::failure::Failure;
use crate::session::Facts;
use crate::terminal::Progress;

/// How many rows a thread takes at a time.
const RANGE: u32 = 2048;
/// How many such ranges a row group has, in files that have row groups: a thread encodes a group as a whole.
const RANGES: u32 = 32;

/// What the file of a sheet was written to, and what was counted on the way.
pub(crate) struct Evaluated<W> {
    pub(crate) written: W,
    /// One for each result of the sheet, in the order of its columns.
    pub(crate) tallies: Vec<Tally>,
    pub(crate) rows: u32,
    /// For which reasons, and how often, the columns asked the explaining evaluator.
    pub(crate) replayed: BTreeMap<&'static str, u64>,
}

/// How often a result came out how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) id: ResultId,
    pub(crate) title: String,
    /// Every way it can come out, in the order in which they are shown, with how often it did.
    pub(crate) counts: Vec<(String, u64)>,
    /// Of an amount: the sum of what is known; `None` when it grows too large.
    pub(crate) known: Option<Number>,
}

/// How often an amount was known, among the counts.
pub(crate) const KNOWN: &str = "known";

/// What an amount comes to over all records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Total {
    /// `exact`, `undetermined` or `error`.
    pub(crate) status: &'static str,
    /// The sum of what is known.
    pub(crate) known: Option<Number>,
}

impl Tally {
    fn new(plan: &Plan, id: ResultId, title: &str) -> Self {
        let statuses: &[ResultStatus] = match id {
            ResultId::Decision(_) => &[
                ResultStatus::NotApplicable,
                ResultStatus::Undetermined,
                ResultStatus::Conflict,
                ResultStatus::Error,
            ],
            ResultId::Requirement(_) => &[
                ResultStatus::Met,
                ResultStatus::Violated,
                ResultStatus::Excepted,
                ResultStatus::Waived,
                ResultStatus::Pending,
                ResultStatus::NotApplicable,
                ResultStatus::Undetermined,
                ResultStatus::Error,
            ],
            ResultId::Amount(_) => {
                &[ResultStatus::NotApplicable, ResultStatus::Undetermined, ResultStatus::Error]
            }
        };
        let words =
            outcomes(plan, id).into_iter().chain(statuses.iter().map(|status| status.word().to_owned()));
        let counts = words.map(|word| (word, 0)).collect();
        Self { id, title: title.to_owned(), counts, known: Some(Number::ZERO) }
    }

    pub(super) fn count(&mut self, word: &str, times: u64) {
        match self.counts.iter_mut().find(|(known, _)| known == word) {
            Some((_, count)) => *count += times,
            None => self.counts.push((word.to_owned(), times)),
        }
    }

    fn add(&mut self, other: &Self) {
        for ((_, count), (_, more)) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.known = self.known.take().zip(other.known.as_ref()).and_then(|(sum, more)| sum.add(more).ok());
    }

    /// Of an amount: its sum over the records to which it applies, exact only if each of them is known. A part is never
    /// the whole.
    pub(crate) fn total(&self) -> Option<Total> {
        let ResultId::Amount(_) = self.id else { return None };
        let status = match self.known {
            _ if self.of(ResultStatus::Error.word()) > 0 => ResultStatus::Error.word(),
            _ if self.of(ResultStatus::Undetermined.word()) > 0 => ResultStatus::Undetermined.word(),
            Some(_) => "exact",
            None => ResultStatus::Error.word(),
        };
        Some(Total { status, known: self.known.clone() })
    }

    /// How often it came out so.
    pub(crate) fn of(&self, word: &str) -> u64 {
        self.counts.iter().find(|(known, _)| known == word).map_or(0, |(_, count)| *count)
    }
}

pub(super) fn outcomes(plan: &Plan, id: ResultId) -> Vec<String> {
    let id = match id {
        ResultId::Decision(id) => id,
        ResultId::Requirement(_) => return Vec::new(),
        ResultId::Amount(_) => return vec![KNOWN.to_owned()],
    };
    let category = plan.symbols.decision(id).and_then(|decision| plan.symbols.category(decision.outcomes));
    category
        .map(|category| category.values.iter().map(|value| value.name.clone()).collect())
        .unwrap_or_default()
}

/// So many parts may wait for whoever adds them.
const WAITING: usize = 16;

/// Definitions may read each other deeply, and each level takes some stack.
const STACK: usize = 64 << 20;

/// What a cell holds.
pub(super) enum Output {
    One(String),
    Many(Vec<String>),
    /// A value, as a text and as itself; without it, the text says in which state it is.
    Value(Option<Value>, String),
}

/// Parts in the order of their ranges, whichever thread has them: whoever brings the next one adds all that follow.
struct InOrder<W: Write + Send> {
    /// Parts that wait for one before them, and whether somebody is adding.
    waiting: Mutex<(BTreeMap<u32, Part>, bool)>,
    /// Told whenever one of them was taken, or nobody adds any longer.
    taken: Condvar,
    added: Mutex<Added<W>>,
    /// Memory that parts were in.
    memory: Mutex<Vec<Vec<u8>>>,
}

/// What the parts so far come to.
struct Added<W: Write + Send> {
    file: ResultFile<W>,
    next: u32,
    tallies: Vec<Tally>,
    failed: Option<Failure>,
}

impl<W: Write + Send> InOrder<W> {
    fn memory(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, range: u32, part: Part) {
        let lock = || self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut waiting = lock();
        waiting.0.insert(range, part);
        if waiting.1 {
            // Where the disk is slower than what is worked out, more of that would only take memory.
            while waiting.1 && waiting.0.len() > WAITING {
                waiting = self.taken.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
            return;
        }
        waiting.1 = true;
        drop(waiting);
        let mut added = self.added.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let mut waiting = lock();
            let part = waiting.0.remove(&added.next);
            waiting.1 = part.is_some();
            drop(waiting);
            self.taken.notify_all();
            let Some(part) = part else { return };
            added.next += 1;
            if added.failed.is_none() {
                match added.file.add(part.rows) {
                    Ok(memory) => self.memory().push(memory),
                    Err(failure) => added.failed = Some(failure),
                }
            }
            added.tallies.iter_mut().zip(&part.tallies).for_each(|(total, part)| total.add(part));
        }
    }
}

/// How a sheet is evaluated.
pub(crate) struct How<'a> {
    /// By column; absent: by row.
    pub(crate) columns: Option<&'a Columns<'a>>,
    pub(crate) format: TableFormat,
    pub(crate) threads: usize,
    pub(crate) interrupt: Interrupt,
    /// The most memory that it may take.
    pub(crate) limit: Option<&'a Limit>,
}

/// Evaluates every row of a sheet, and writes its file.
pub(crate) fn evaluate<W: Write + Send>(
    facts: Facts<'_>,
    sheet: &Sheet,
    how: &How<'_>,
    progress: &Progress,
    output: W,
) -> Result<Evaluated<W>, Failure> {
    let How { columns, format, threads, interrupt, limit } = *how;
    let evaluator = || facts.evaluator(Privacy::Mask);
    let rows = match columns {
        Some(columns) => columns.batches().rows_of(sheet.record),
        None => evaluator().rows_of(sheet.record),
    };
    let rows = rows.unwrap_or(0);
    let file = ResultFile::new(facts.plan, sheet, format, output)?;
    let groups = file.groups();
    let per = if groups.is_some() { RANGE * RANGES } else { RANGE };
    let ranges = rows.div_ceil(per);
    let next = AtomicU32::new(0);
    let in_order = InOrder {
        waiting: Mutex::default(),
        taken: Condvar::new(),
        added: Mutex::new(Added { file, next: 0, tallies: tallies(facts.plan, sheet), failed: None }),
        memory: Mutex::default(),
    };
    let failed: Mutex<Vec<(u32, Failure)>> = Mutex::default();
    let replayed: Mutex<BTreeMap<&'static str, u64>> = Mutex::default();
    let work = || {
        let evaluator = evaluator();
        let batches = columns.map(Columns::batches);
        let count = || {
            let mut all = replayed.lock().unwrap_or_else(PoisonError::into_inner);
            for (why, lanes) in batches.as_ref().map(Batches::replayed).unwrap_or_default() {
                *all.entry(why).or_default() += lanes;
            }
        };
        loop {
            let range = next.fetch_add(1, Ordering::Relaxed);
            if range >= ranges || interrupt.is_set() {
                return count();
            }
            let whole = range * per..range.saturating_add(1).saturating_mul(per).min(rows);
            let part = |own: Range<u32>| {
                let part = match &batches {
                    Some(batches) => {
                        let memory = in_order.memory().pop().unwrap_or_default();
                        by_column::part(facts, sheet, batches, format, own.clone(), memory)
                    }
                    None => part(facts, sheet, &evaluator, format, own.clone()),
                };
                progress.advance(u64::from(own.end - own.start));
                part.and_then(|part| within(limit).map(|()| part))
            };
            let part = match &groups {
                None => part(whole),
                Some(groups) => {
                    let parts = whole.clone().step_by(RANGE as usize);
                    let parts = parts.map(|from| from..from.saturating_add(RANGE).min(whole.end));
                    let parts = parts.take_while(|_| !interrupt.is_set()).map(part);
                    grouped(groups, range, parts, tallies(facts.plan, sheet))
                }
            };
            match part {
                Ok(part) => in_order.put(range, part),
                Err(failure) => {
                    failed.lock().unwrap_or_else(PoisonError::into_inner).push((range, failure));
                    next.store(ranges, Ordering::Relaxed);
                }
            }
        }
    };
    let threads = threads.min(ranges as usize).max(1);
    if threads == 1 {
        work();
    } else {
        thread::scope(|scope| {
            for _ in 1..threads {
                // With fewer threads than asked for, those that there are take all ranges; this one is always there.
                let _ = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
            }
            work();
        });
    }
    if interrupt.is_set() {
        return Err(interrupted());
    }
    let mut failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.sort_by_key(|(range, _)| *range);
    let added = in_order.added.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(failure) = failed.into_iter().map(|(_, failure)| failure).next().or(added.failed) {
        return Err(failure);
    }
    let replayed = replayed.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Evaluated { written: added.file.finish()?, tallies: added.tallies, rows, replayed })
}

/// Whether the process has no more memory than it may.
fn within(limit: Option<&Limit>) -> Result<(), Failure> {
    let Some(limit) = limit.filter(|limit| limit.is_exceeded()) else { return Ok(()) };
    let needed = limit.bytes + limit.bytes / 4;
    Err(Failure::new(format!("the run does not fit in {} MB of memory", limit.bytes / 1_000_000))
        .help(format!("allow it more, such as `--memory {}MB`", needed.div_ceil(1_000_000))))
}

pub(super) fn tallies(plan: &Plan, sheet: &Sheet) -> Vec<Tally> {
    let results = sheet.columns.iter().filter_map(|column| match column.content {
        Content::Result(id, _) => Some(Tally::new(plan, id, &column.title)),
        Content::Fact(_) => None,
    });
    results.collect()
}

/// The rows of a range.
pub(super) struct Part {
    pub(super) rows: ResultRows,
    pub(super) tallies: Vec<Tally>,
}

/// Parts as one row group.
fn grouped(
    groups: &RowGroups,
    number: u32,
    parts: impl Iterator<Item = Result<Part, Failure>>,
    mut tallies: Vec<Tally>,
) -> Result<Part, Failure> {
    let mut group = groups.begin(number as usize).map_err(|error| unwritable(&error))?;
    for part in parts {
        let part = part?;
        tallies.iter_mut().zip(&part.tallies).for_each(|(total, part)| total.add(part));
        part.rows.add_to(&mut group)?;
    }
    let group = group.finish().map_err(|error| unwritable(&error))?;
    Ok(Part { rows: ResultRows::Group(group), tallies })
}

fn part(
    facts: Facts<'_>,
    sheet: &Sheet,
    evaluator: &Evaluator<'_>,
    format: TableFormat,
    rows: Range<u32>,
) -> Result<Part, Failure> {
    let mut results = ResultRows::new(facts.plan, sheet, format);
    let mut counted = tallies(facts.plan, sheet);
    for row in rows {
        let key =
            key_values(&facts.plan.symbols, facts.data, &evaluator.row(sheet.record, row), sheet.record);
        let mut cells: Vec<Output> =
            key.into_iter().map(|(value, text)| Output::Value(value, text)).collect();
        cells.resize_with(sheet.keys.len(), || Output::Value(None, String::new()));
        let mut tallies = counted.iter_mut();
        for column in &sheet.columns {
            match column.content {
                Content::Result(ResultId::Amount(id), _) => {
                    cells.extend(amount(facts, evaluator, id, (sheet.record, row), tallies.next()));
                }
                Content::Result(id, value) => {
                    let (word, by, needs) = result(facts, evaluator, id, value, row);
                    if let Some(tally) = tallies.next() {
                        tally.count(&word, 1);
                    }
                    let about = (sheet.record, row);
                    let need =
                        |need: &Need| show_need_with(facts.plan, facts.data, need, about, Privacy::Reveal);
                    let mut needs: Vec<String> = needs.iter().map(need).collect();
                    needs.dedup();
                    cells.extend([Output::One(word), Output::Many(by), Output::Many(needs)]);
                }
                Content::Fact(id) => cells.push(fact(facts, evaluator, id, row)),
            }
        }
        results.push(cells)?;
    }
    Ok(Part { rows: results, tallies: counted })
}

type Needs = std::sync::Arc<[Need]>;

/// How a result comes out for a row, the labels that decided, and what is missing.
fn result(
    facts: Facts<'_>,
    evaluator: &Evaluator<'_>,
    id: ResultId,
    value: Option<u32>,
    row: u32,
) -> (String, Vec<String>, Needs) {
    match id {
        ResultId::Decision(id) => decision(facts, evaluator, id, row),
        ResultId::Requirement(requirement) => judged(facts, evaluator, Instance { requirement, value }, row),
        // It has other columns: see `amount`.
        ResultId::Amount(_) => (String::new(), Vec::new(), Needs::default()),
    }
}

/// The cells of an amount: what it comes to, what is missing, and its lines.
fn amount(
    facts: Facts<'_>,
    evaluator: &Evaluator<'_>,
    id: AmountId,
    about: (RecordId, u32),
    tally: Option<&mut Tally>,
) -> Vec<Output> {
    let result = evaluator.amount(id, about.1);
    if let Some(tally) = tally {
        match &result.total {
            Worth::Known(number) => {
                tally.count(KNOWN, 1);
                tally.known = tally.known.take().and_then(|known| known.add(number).ok());
            }
            other => tally.count(other.status().map_or("", ResultStatus::word), 1),
        }
    }
    let cell = |worth: &Worth| match worth {
        Worth::Known(number) => Output::Value(Some(Value::Number(number.clone())), written_number(number)),
        other => Output::Value(None, other.status().map_or("", ResultStatus::word).to_owned()),
    };
    let needs = result.total.needs();
    let need = |need: &Need| show_need_with(facts.plan, facts.data, need, about, Privacy::Reveal);
    let mut needs: Vec<String> = needs.iter().map(need).collect();
    needs.dedup();
    let mut cells = vec![cell(&result.total), Output::Many(needs)];
    cells.extend(result.lines.iter().map(|line| cell(&line.worth)));
    cells
}

fn decision(
    facts: Facts<'_>,
    evaluator: &Evaluator<'_>,
    id: DecisionId,
    row: u32,
) -> (String, Vec<String>, Needs) {
    decision_words(facts.plan, id, evaluator.decision(id, row))
}

fn judged(
    facts: Facts<'_>,
    evaluator: &Evaluator<'_>,
    instance: Instance,
    row: u32,
) -> (String, Vec<String>, Needs) {
    requirement_words(facts.plan, instance, evaluator.requirement(instance, row))
}

fn fact(facts: Facts<'_>, evaluator: &Evaluator<'_>, id: DefineId, row: u32) -> Output {
    let symbols = &facts.plan.symbols;
    match evaluator.define(id, Some(row), Vec::new()) {
        State::Known(value) => {
            let base = symbols.define(id).map_or(Base::Damaged, |define| define.ty.base);
            let text = written(symbols, &value, base);
            Output::Value(Some(value), text)
        }
        State::Missing => Output::Value(None, String::new()),
        State::Unknown(_) => Output::Value(None, "unknown".to_owned()),
        State::Error(_) => Output::Value(None, "error".to_owned()),
    }
}
