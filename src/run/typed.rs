//! The cells of some rows as columns that have types, from columns of results: what many rows share is made once.

use std::ops::Range;

use rubric_engine::columns::{Batches, Facts as Column, Numbers};
use rubric_engine::evaluate::{decision_words, requirement_words};
use rubric_engine::plan::{written, written_number};
use rubric_engine::table::{Entry, Filling, Stored, StoredRows};
use rubric_engine::value::{State, Value};

use super::by_column::{Asking, Found, Words, fact_text, total, worth_status};
use super::columns::{Sheet, key_values};
use super::evaluate::{Part, tallies};
use super::numbers::{NUMBER, decimal, short_decimal};
use super::result_file::{ResultRows, Title, stored, titles, unwritable};
use crate::failure::Failure;
use crate::session::Facts;

/// A value as itself and as a text; without it, the text says in which state it is.
type Cell = (Option<Value>, String);

/// The cells of a range of rows.
pub(super) fn part(
    facts: Facts<'_>,
    sheet: &Sheet,
    batches: &Batches<'_>,
    rows: Range<u32>,
) -> Result<Part, Failure> {
    let plan = facts.plan;
    let titles = titles(plan, sheet);
    let mut counted = tallies(plan, sheet);
    let batch = batches.batch(sheet.record, rows.clone());
    let asking = Asking { facts, sheet, batches, rows: rows.clone() };
    let mut table = Table { rows: StoredRows::new(&stored(&titles)), titles: titles.iter(), column: 0 };
    keys(&asking, &mut table)?;
    let mut tally = counted.iter_mut();
    for content in sheet.columns.iter().map(|column| column.content) {
        match Found::of(plan, &batch, content) {
            Found::Decision(id, outcomes) => {
                let words = |result: &_| decision_words(plan, id, Clone::clone(result));
                table.words(&asking.words(&outcomes, words, tally.next()), &outcomes.of)?;
            }
            Found::Requirement(instance, outcomes) => {
                let words = |result: &_| requirement_words(plan, instance, Clone::clone(result));
                table.words(&asking.words(&outcomes, words, tally.next()), &outcomes.of)?;
            }
            Found::Amount(amounts) => {
                table.facts(&amounts.total, &worth_cell)?;
                let (needs, of) = asking.needs_of(&amounts);
                table.texts(&needs.iter().map(|needs| needs.join(";")).collect::<Vec<_>>(), &of)?;
                for (_, line) in &amounts.lines {
                    table.facts(line, &worth_cell)?;
                }
                if let Some(tally) = tally.next() {
                    total(tally, &amounts.total);
                }
            }
            Found::Fact(fact, base) => table.facts(&fact, &|state| match state {
                State::Known(value) => (Some(value.clone()), written(&plan.symbols, value, base)),
                _ => (None, fact_text(plan, state, base)),
            })?,
        }
    }
    let rows = table.rows;
    Ok(Part { rows: ResultRows::Parquet(titles, rows), tallies: counted })
}

fn worth_cell(state: &State) -> Cell {
    match worth_status(state) {
        Ok(number) => (Some(Value::Number(number.clone())), written_number(number)),
        Err(status) => (None, status.word().to_owned()),
    }
}

/// Fills the columns of the key.
fn keys(asking: &Asking<'_>, table: &mut Table<'_>) -> Result<(), Failure> {
    let Asking { facts, sheet, batches, rows } = asking;
    let each = places(rows.len());
    if let Some(texts) = asking.text_keys() {
        return table.texts(&texts, &each);
    }
    let of_row = |row| {
        let name = batches.row(sheet.record, row);
        key_values(&facts.plan.symbols, facts.data, &name, sheet.record)
    };
    let all: Vec<Vec<Cell>> = rows.clone().map(of_row).collect();
    for part in 0..sheet.keys.len() {
        let cells: Vec<Cell> = all.iter().map(|key| key.get(part).cloned().unwrap_or_default()).collect();
        table.cells(&cells, &each)?;
    }
    Ok(())
}

/// Columns that are filled one after the other.
struct Table<'t> {
    rows: StoredRows,
    /// Those of the columns that are not filled yet.
    titles: std::slice::Iter<'t, Title>,
    /// The first of them, where states have columns too.
    column: usize,
}

impl<'t> Table<'t> {
    fn title(&mut self) -> Result<&'t Title, Failure> {
        self.titles.next().ok_or_else(|| Failure::new("more results than columns"))
    }

    fn fill(&mut self, filling: Filling<'_>) -> Result<(), Failure> {
        let column = self.column;
        self.column += 1;
        self.rows.fill(column, filling).map_err(|error| unwritable(&error))
    }

    /// A column of texts that rows share.
    fn texts<T: AsRef<str>>(&mut self, distinct: &[T], of: &[u32]) -> Result<(), Failure> {
        let title = self.title()?;
        let entries: Vec<Entry<'_>> = distinct.iter().map(|text| title.entry(None, text.as_ref())).collect();
        self.fill(Filling::Shared(&entries, of))
    }

    /// The columns of a result: how it comes out, the labels that decided, and what is missing.
    fn words(&mut self, distinct: &[Words], of: &[u32]) -> Result<(), Failure> {
        self.texts(&distinct.iter().map(|(word, ..)| word.as_str()).collect::<Vec<&str>>(), of)?;
        self.texts(&distinct.iter().map(|(_, by, _)| by.join(";")).collect::<Vec<String>>(), of)?;
        self.texts(&distinct.iter().map(|(.., needs)| needs.join(";")).collect::<Vec<String>>(), of)
    }

    /// A column of cells that rows share, and that of their states where there is one.
    fn cells(&mut self, distinct: &[Cell], of: &[u32]) -> Result<(), Failure> {
        let title = self.title()?;
        let entries: Vec<Entry<'_>> =
            distinct.iter().map(|(value, text)| title.entry(value.as_ref(), text)).collect();
        self.fill(Filling::Shared(&entries, of))?;
        if title.has_status { self.states(distinct, of) } else { Ok(()) }
    }

    fn states(&mut self, distinct: &[Cell], of: &[u32]) -> Result<(), Failure> {
        let states: Vec<Entry<'_>> =
            distinct.iter().map(|(value, text)| Title::status(value.as_ref(), text)).collect();
        self.fill(Filling::Shared(&states, of))
    }

    /// A column of facts, and that of their states.
    fn facts(&mut self, facts: &Column<'_>, cell: &dyn Fn(&State) -> Cell) -> Result<(), Failure> {
        if let Some((states, of)) = facts.distinct() {
            return self.cells(&states.iter().map(cell).collect::<Vec<Cell>>(), &of);
        }
        if let Some(numbers) = facts.numbers() {
            return self.numbers(&numbers, cell);
        }
        let cells: Vec<Cell> = (0..facts.len()).map(|at| cell(&facts.state(at))).collect();
        self.cells(&cells, &places(cells.len()))
    }

    fn numbers(&mut self, numbers: &Numbers<'_>, cell: &dyn Fn(&State) -> Cell) -> Result<(), Failure> {
        let title = self.title()?;
        let mut cells: Vec<Cell> = numbers.states.iter().map(cell).collect();
        if title.stored == Stored::Text {
            let (text, ends) = texts_of(numbers)?;
            let mut start = 0;
            let entry = ends.iter().zip(&numbers.of).map(|(end, state)| {
                let own = text.get(std::mem::replace(&mut start, *end)..*end).unwrap_or_default();
                match cells.get(usize::from(*state)) {
                    None => Entry::Text(own),
                    Some((value, text)) => title.entry(value.as_ref(), text),
                }
            });
            let entries: Vec<Entry<'_>> = entry.collect();
            self.fill(Filling::Shared(&entries, &places(entries.len())))?;
        } else {
            let there: Vec<bool> = numbers.of.iter().map(|state| *state == NUMBER).collect();
            self.fill(Filling::Numbers { values: numbers.values, scale: numbers.scale, there: &there })?;
        }
        if !title.has_status {
            return Ok(());
        }
        // Behind the states, that of a number.
        let known = cells.len();
        cells.push((Some(Value::None), String::new()));
        let of = numbers.of.iter().map(|state| if *state == NUMBER { known } else { usize::from(*state) });
        let of: Vec<u32> = of.map(|at| u32::try_from(at).unwrap_or(u32::MAX)).collect();
        self.states(&cells, &of)
    }
}

/// The places of so many rows.
fn places(rows: usize) -> Vec<u32> {
    (0..u32::try_from(rows).unwrap_or(u32::MAX)).collect()
}

/// The numbers as texts, one after the other, and where each ends.
fn texts_of(numbers: &Numbers<'_>) -> Result<(String, Vec<usize>), Failure> {
    let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(numbers.of.len()));
    for (value, state) in numbers.values.iter().zip(&numbers.of) {
        if *state == NUMBER {
            match short_decimal(*value, numbers.scale) {
                Some((text, length)) => bytes.extend_from_slice(text.get(..length).unwrap_or_default()),
                None => decimal(&mut bytes, *value, numbers.scale),
            }
        }
        ends.push(bytes.len());
    }
    let text = String::from_utf8(bytes).map_err(|error| Failure::new(error.to_string()))?;
    Ok((text, ends))
}
