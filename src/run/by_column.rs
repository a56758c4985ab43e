//! The lines of some rows, from columns of results: what many rows share is written once and copied.

use std::borrow::Cow;
use std::ops::Range;

use rubric_engine::columns::{Amounts, Batch, Batches, Facts as Column, Outcomes};
use rubric_engine::evaluate::{
    DecisionResult, RequirementResult, decision_words, requirement_words, show_need_with,
};
use rubric_engine::plan::{
    DecisionId, Instance, Plan, Privacy, ResultId, ResultStatus, written, written_number,
};
use rubric_engine::value::{Base, Need, Number, RecordId, State, Value};

use super::columns::{Content, Sheet, key_values};
use super::evaluate::{KNOWN, Part, Tally, tallies};
use super::numbers::NUMBER;
use super::pieces::{Lines, Piece, Pieces, csv_cell, csv_lines};
use super::result_file::ResultRows;
use super::typed;
use crate::cli::TableFormat;
use crate::failure::Failure;
use crate::session::Facts;

/// Writes the cells of a line in a format.
struct Writing<'a> {
    format: TableFormat,
    titles: &'a [String],
}

impl Writing<'_> {
    /// One cell, the first of its piece or not.
    fn one(&self, out: &mut Vec<u8>, first: bool, column: usize, text: &str) {
        self.begin(out, first, column);
        match self.format {
            TableFormat::Jsonl => json_text(out, text),
            _ => csv_cell(out, text),
        }
    }

    fn many(&self, out: &mut Vec<u8>, first: bool, column: usize, texts: &[String]) {
        self.begin(out, first, column);
        match self.format {
            TableFormat::Jsonl => {
                out.push(b'[');
                for (position, text) in texts.iter().enumerate() {
                    if position > 0 {
                        out.push(b',');
                    }
                    json_text(out, text);
                }
                out.push(b']');
            }
            _ => csv_cell(out, &texts.join(";")),
        }
    }

    fn begin(&self, out: &mut Vec<u8>, first: bool, column: usize) {
        if !first {
            out.push(b',');
        }
        if self.format == TableFormat::Jsonl {
            json_text(out, self.titles.get(column).map_or("", String::as_str));
            out.push(b':');
        }
    }
}

fn json_text(out: &mut Vec<u8>, text: &str) {
    // Writing to memory does not fail.
    let _ = serde_json::to_writer(out, text);
}

/// What was worked out for a column of a sheet.
pub(super) enum Found<'w> {
    Decision(DecisionId, Outcomes<DecisionResult>),
    Requirement(Instance, Outcomes<RequirementResult>),
    Amount(Amounts<'w>),
    Fact(Column<'w>, Base),
}

impl<'w> Found<'w> {
    pub(super) fn of(plan: &Plan, batch: &'w Batch<'_>, content: Content) -> Self {
        match content {
            Content::Result(ResultId::Decision(id), _) => Self::Decision(id, batch.decision(id)),
            Content::Result(ResultId::Requirement(requirement), value) => {
                let instance = Instance { requirement, value };
                Self::Requirement(instance, batch.requirement(instance))
            }
            Content::Result(ResultId::Amount(id), _) => Self::Amount(batch.amount(id)),
            Content::Fact(id) => {
                let base = plan.symbols.define(id).map_or(Base::Damaged, |define| define.ty.base);
                Self::Fact(batch.define(id), base)
            }
        }
    }
}

/// Bytes of a line for which there is room from the start.
const LINE: usize = 256;

/// The lines of a range of rows; `memory`: that of earlier ones.
pub(super) fn part(
    facts: Facts<'_>,
    sheet: &Sheet,
    batches: &Batches<'_>,
    format: TableFormat,
    rows: Range<u32>,
    memory: Vec<u8>,
) -> Result<Part, Failure> {
    if format == TableFormat::Parquet {
        return typed::part(facts, sheet, batches, rows);
    }
    let titles = ResultRows::names(facts.plan, sheet);
    let writing = Writing { format, titles: &titles };
    let mut counted = tallies(facts.plan, sheet);
    let batch = batches.batch(sheet.record, rows.clone());
    let asking = Asking { facts, sheet, batches, rows: rows.clone() };
    // Everything is worked out before anything is written: pieces of numbers are read where they stand.
    let found: Vec<Found<'_>> =
        sheet.columns.iter().map(|column| Found::of(facts.plan, &batch, column.content)).collect();
    let mut pieces = vec![asking.keys(&writing)];
    let mut column = sheet.keys.len();
    let mut tally = counted.iter_mut();
    for found in &found {
        match found {
            Found::Decision(id, outcomes) => {
                let words = |result: &_| decision_words(facts.plan, *id, Clone::clone(result));
                pieces.push(asking.results(&writing, column, outcomes, words, tally.next()));
                column += 3;
            }
            Found::Requirement(instance, outcomes) => {
                let words = |result: &_| requirement_words(facts.plan, *instance, Clone::clone(result));
                pieces.push(asking.results(&writing, column, outcomes, words, tally.next()));
                column += 3;
            }
            Found::Amount(amounts) => {
                asking.amounts(&writing, column, amounts, tally.next(), &mut pieces);
                column += 2 + amounts.lines.len();
            }
            Found::Fact(fact, base) => {
                pieces.push(asking.facts(&writing, column, fact, *base));
                column += 1;
            }
        }
    }
    if sheet.keys.is_empty() {
        pieces.remove(0);
    }
    let mut lines = Lines::within(memory, rows.len() * LINE);
    if format == TableFormat::Jsonl {
        for row in 0..rows.len() {
            lines.byte(b'{');
            for (position, piece) in pieces.iter().enumerate() {
                if position > 0 {
                    lines.byte(b',');
                }
                piece.write(row, &mut lines);
            }
            lines.byte(b'}');
            lines.byte(b'\n');
        }
    } else {
        csv_lines(&pieces, rows.len(), &mut lines);
    }
    Ok(Part { rows: ResultRows::Lines(lines), tallies: counted })
}

/// How a result comes out, the labels that decided, and what is missing.
pub(super) type Words = (String, Vec<String>, Vec<String>);

/// Whose rows are written.
pub(super) struct Asking<'a> {
    pub(super) facts: Facts<'a>,
    pub(super) sheet: &'a Sheet,
    pub(super) batches: &'a Batches<'a>,
    pub(super) rows: Range<u32>,
}

impl<'a> Asking<'a> {
    /// The keys of all rows, where each is one text that is at hand.
    pub(super) fn text_keys(&self) -> Option<Vec<&'a str>> {
        let of_row = |row| self.batches.text_key(self.sheet.record, row);
        if self.sheet.keys.len() == 1 { self.rows.clone().map(of_row).collect() } else { None }
    }

    fn keys(&self, writing: &Writing<'_>) -> Pieces<'a> {
        if writing.format == TableFormat::Csv
            && let Some(keys) = self.text_keys()
        {
            return Pieces::Keys(keys);
        }
        let symbols = &self.facts.plan.symbols;
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(self.rows.len()));
        let is_one = self.sheet.keys.len() == 1;
        for row in self.rows.clone() {
            if is_one && let Some(key) = self.batches.text_key(self.sheet.record, row) {
                writing.one(&mut bytes, true, 0, key);
                ends.push(bytes.len());
                continue;
            }
            let name = self.batches.row(self.sheet.record, row);
            let parts = key_values(symbols, self.facts.data, &name, self.sheet.record);
            for column in 0..self.sheet.keys.len() {
                let part = parts.get(column).map_or("", |(_, text)| text.as_str());
                writing.one(&mut bytes, column == 0, column, part);
            }
            ends.push(bytes.len());
        }
        Pieces::Own { bytes, ends }
    }

    /// How each distinct result comes out, the labels that decided, and what is missing; nothing where no row has it.
    pub(super) fn words<R>(
        &self,
        outcomes: &Outcomes<R>,
        words: impl Fn(&R) -> (String, Vec<String>, std::sync::Arc<[Need]>),
        mut tally: Option<&mut Tally>,
    ) -> Vec<Words> {
        let mut times = vec![0_u64; outcomes.distinct.len()];
        // A result that needs something is of one row alone, from which the facts are seen.
        let mut rows = vec![self.rows.start; outcomes.distinct.len()];
        for (row, at) in self.rows.clone().zip(&outcomes.of) {
            if let (Some(times), Some(of)) = (times.get_mut(*at as usize), rows.get_mut(*at as usize)) {
                *times += 1;
                *of = row;
            }
        }
        let told = |((result, times), row): ((&R, u64), u32)| {
            if times == 0 {
                return Words::default();
            }
            let (word, by, needs) = words(result);
            if let Some(tally) = tally.as_deref_mut() {
                tally.count(&word, times);
            }
            (word, by, self.needs(&needs, row))
        };
        outcomes.distinct.iter().zip(times).zip(rows).map(told).collect()
    }

    fn results<'p, R>(
        &self,
        writing: &Writing<'_>,
        column: usize,
        outcomes: &'p Outcomes<R>,
        words: impl Fn(&R) -> (String, Vec<String>, std::sync::Arc<[Need]>),
        tally: Option<&mut Tally>,
    ) -> Pieces<'p> {
        let told = self.words(outcomes, words, tally);
        let piece = |(word, by, needs): &Words| {
            let mut piece = Vec::new();
            writing.one(&mut piece, true, column, word);
            writing.many(&mut piece, false, column + 1, by);
            writing.many(&mut piece, false, column + 2, needs);
            Piece::from(piece)
        };
        let distinct = told.iter().map(piece).collect();
        Pieces::Shared { distinct, of: Cow::Borrowed(&outcomes.of) }
    }

    fn needs(&self, needs: &[Need], row: u32) -> Vec<String> {
        let about: (RecordId, u32) = (self.sheet.record, row);
        let need =
            |need: &Need| show_need_with(self.facts.plan, self.facts.data, need, about, Privacy::Reveal);
        let mut needs: Vec<String> = needs.iter().map(need).collect();
        needs.dedup();
        needs
    }

    /// What an amount needs, each time that it needs something and first nothing; and for each row which of it.
    pub(super) fn needs_of(&self, amounts: &Amounts<'_>) -> (Vec<Vec<String>>, Vec<u32>) {
        let (mut distinct, mut of) = (vec![Vec::new()], vec![0; self.rows.len()]);
        if !amounts.total.is_open_somewhere() {
            return (distinct, of);
        }
        for ((at, row), place) in self.rows.clone().enumerate().zip(&mut of) {
            let needs = amounts.needs(at);
            if !needs.is_empty() {
                *place = u32::try_from(distinct.len()).unwrap_or(0);
                distinct.push(self.needs(&needs, row));
            }
        }
        (distinct, of)
    }

    fn amounts<'p>(
        &self,
        writing: &Writing<'_>,
        column: usize,
        amounts: &'p Amounts<'_>,
        tally: Option<&mut Tally>,
        pieces: &mut Vec<Pieces<'p>>,
    ) {
        pieces.push(self.numbers(writing, column, &amounts.total, &worth_text));
        let (needs, of) = self.needs_of(amounts);
        let piece = |needs: &Vec<String>| {
            let mut piece = Vec::new();
            writing.many(&mut piece, true, column + 1, needs);
            Piece::from(piece)
        };
        pieces.push(Pieces::Shared { distinct: needs.iter().map(piece).collect(), of: Cow::Owned(of) });
        for (line, (_, facts)) in amounts.lines.iter().enumerate() {
            pieces.push(self.numbers(writing, column + 2 + line, facts, &worth_text));
        }
        if let Some(tally) = tally {
            total(tally, &amounts.total);
        }
    }

    /// A column of numbers; `text` says what stands for any other state.
    fn numbers<'p>(
        &self,
        writing: &Writing<'_>,
        column: usize,
        facts: &'p Column<'_>,
        text: &dyn Fn(&State) -> String,
    ) -> Pieces<'p> {
        let one = |state: &State| {
            let mut piece = Vec::new();
            writing.one(&mut piece, true, column, &text(state));
            Piece::from(piece)
        };
        if let Some(numbers) = facts.numbers() {
            let mut before = Vec::new();
            writing.begin(&mut before, true, column);
            let is_quoted = writing.format == TableFormat::Jsonl;
            before.extend_from_slice(if is_quoted { b"\"" } else { b"" });
            return Pieces::Numbers {
                before,
                after: if is_quoted { b"\"" } else { b"" },
                values: numbers.values,
                scale: numbers.scale,
                states: numbers.states.iter().map(one).collect(),
                of: numbers.of,
            };
        }
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(self.rows.len()));
        for at in 0..self.rows.len() {
            writing.one(&mut bytes, true, column, &text(&facts.state(at)));
            ends.push(bytes.len());
        }
        Pieces::Own { bytes, ends }
    }

    fn facts<'p>(
        &self,
        writing: &Writing<'_>,
        column: usize,
        facts: &'p Column<'_>,
        base: Base,
    ) -> Pieces<'p> {
        if let Some((states, of)) = facts.distinct() {
            let piece = |state: &State| {
                let mut piece = Vec::new();
                writing.one(&mut piece, true, column, &fact_text(self.facts.plan, state, base));
                Piece::from(piece)
            };
            return Pieces::Shared { distinct: states.iter().map(piece).collect(), of: Cow::Owned(of) };
        }
        self.numbers(writing, column, facts, &|state| fact_text(self.facts.plan, state, base))
    }
}

pub(super) fn fact_text(plan: &Plan, state: &State, base: Base) -> String {
    match state {
        State::Known(value) => written(&plan.symbols, value, base),
        State::Missing => String::new(),
        State::Unknown(_) => "unknown".to_owned(),
        State::Error(_) => "error".to_owned(),
    }
}

fn worth_text(state: &State) -> String {
    match worth_status(state) {
        Ok(number) => written_number(number),
        Err(status) => status.word().to_owned(),
    }
}

pub(super) fn worth_status(state: &State) -> Result<&Number, ResultStatus> {
    match state {
        State::Known(Value::Number(number)) => Ok(number),
        State::Known(Value::NotApplicable) => Err(ResultStatus::NotApplicable),
        State::Missing | State::Unknown(_) => Err(ResultStatus::Undetermined),
        State::Known(_) | State::Error(_) => Err(ResultStatus::Error),
    }
}

/// Counts how an amount came out, and adds up what is known.
pub(super) fn total(tally: &mut Tally, facts: &Column<'_>) {
    let mut known = 0;
    let mut open =
        [(ResultStatus::NotApplicable, 0), (ResultStatus::Undetermined, 0), (ResultStatus::Error, 0)];
    let mut sums: Vec<(u8, i128)> = Vec::new();
    let numbers = facts.numbers();
    if let Some(numbers) = &numbers {
        let mut sum = 0_i128;
        for (value, state) in numbers.values.iter().zip(&numbers.of) {
            let is_known = *state == NUMBER;
            known += u64::from(is_known);
            sum += i128::from(value & -i64::from(is_known));
        }
        sums.push((numbers.scale, sum));
    }
    let is_open = |at: &usize| numbers.as_ref().is_none_or(|numbers| numbers.of.get(*at) != Some(&NUMBER));
    for at in (0..facts.len()).filter(is_open) {
        if let Some((value, scale)) = facts.scaled(at) {
            known += 1;
            match sums.iter_mut().find(|(own, _)| *own == scale) {
                Some((_, sum)) => *sum += i128::from(value),
                None => sums.push((scale, i128::from(value))),
            }
            continue;
        }
        let state = facts.state(at);
        match worth_status(&state) {
            Ok(number) => {
                known += 1;
                tally.known = tally.known.take().and_then(|sum| sum.add(number).ok());
            }
            Err(status) => {
                open.iter_mut().filter(|(own, _)| *own == status).for_each(|(_, count)| *count += 1)
            }
        }
    }
    for (scale, sum) in sums {
        tally.known = tally.known.take().and_then(|known| known.add(&Number::of_scaled(sum, scale)).ok());
    }
    if known > 0 {
        tally.count(KNOWN, known);
    }
    for (status, count) in open.into_iter().filter(|(_, count)| *count > 0) {
        tally.count(status.word(), count);
    }
}
