//! Results as Arrow record batches.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Schema};

use super::results::{Batch, Facts, Outcomes};
use crate::evaluate::{decision_words, requirement_words, show_need_with};
use crate::plan::{DefineId, Instance, Privacy, ResultId, ResultStatus, written, written_number};
use crate::value::{Need, RecordId, State, Value};

/// The columns of a batch of results.
struct Columns {
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

impl Columns {
    fn add(&mut self, name: String, texts: StringArray) {
        self.fields.push(Field::new(name, DataType::Utf8, true));
        self.arrays.push(Arc::new(texts));
    }
}

impl Batch<'_> {
    /// Results and derived facts as columns of texts, a row for each row of the batch and in the words of `rubric run`: of a
    /// decision or requirement `name`, `name.by` and `name.needs`, of an amount `name`, `name.needs` and each line. What
    /// there is not is null; several labels or facts are joined by `;`. Results of another record than the batch's are left
    /// out.
    ///
    /// # Errors
    /// Two columns of one name, where Arrow refuses them.
    pub fn record_batch(&self, results: &[ResultId], facts: &[DefineId]) -> Result<RecordBatch, ArrowError> {
        let plan = self.plan();
        let symbols = &plan.symbols;
        let mut columns = Columns { fields: Vec::new(), arrays: Vec::new() };
        for result in results {
            match *result {
                ResultId::Decision(id) => {
                    let Some(symbol) = symbols.decision(id).filter(|symbol| Some(symbol.of) == self.record())
                    else {
                        continue;
                    };
                    let words = |result| decision_words(plan, id, result);
                    self.words(&mut columns, &symbol.name, self.decision(id), words);
                }
                ResultId::Requirement(id) => {
                    if symbols.requirement(id).is_none_or(|symbol| Some(symbol.of) != self.record()) {
                        continue;
                    }
                    for instance in symbols.instances(id) {
                        self.instance(&mut columns, instance);
                    }
                }
                ResultId::Amount(id) => {
                    let Some(symbol) = symbols.amount(id).filter(|symbol| Some(symbol.of) == self.record())
                    else {
                        continue;
                    };
                    let amounts = self.amount(id);
                    columns.add(symbol.name.clone(), worths(&amounts.total));
                    let needs = (0..amounts.total.len()).map(|row| self.needs(&amounts.needs(row), row));
                    columns.add(format!("{}.needs", symbol.name), needs.collect());
                    for (label, facts) in &amounts.lines {
                        columns.add(format!("{}.{label}", symbol.name), worths(facts));
                    }
                }
            }
        }
        for id in facts {
            let Some(symbol) = symbols.define(*id).filter(|symbol| symbol.of == self.record()) else {
                continue;
            };
            let found = self.define(*id);
            let text = |row| match found.state(row) {
                State::Known(value) => Some(written(symbols, &value, symbol.ty.base)),
                State::Missing => None,
                State::Unknown(_) => Some("unknown".to_owned()),
                State::Error(_) => Some("error".to_owned()),
            };
            columns.add(symbol.name.clone(), (0..found.len()).map(text).collect());
        }
        RecordBatch::try_new(Arc::new(Schema::new(columns.fields)), columns.arrays)
    }

    fn instance(&self, columns: &mut Columns, instance: Instance) {
        let plan = self.plan();
        let words = |result| requirement_words(plan, instance, result);
        self.words(columns, &plan.symbols.instance_name(instance), self.requirement(instance), words);
    }

    fn words<R>(
        &self,
        columns: &mut Columns,
        name: &str,
        outcomes: Outcomes<R>,
        words: impl Fn(R) -> (String, Vec<String>, Arc<[Need]>),
    ) {
        let of = outcomes.of;
        let distinct: Vec<_> = outcomes.distinct.into_iter().map(words).collect();
        let each = || of.iter().map(|at| distinct.get(*at as usize));
        columns.add(name.to_owned(), each().map(|words| words.map(|(word, ..)| word.as_str())).collect());
        let by = each().map(|words| words.map(|(_, by, _)| by.join(";")).filter(|by| !by.is_empty()));
        columns.add(format!("{name}.by"), by.collect());
        let needs =
            each().enumerate().map(|(row, words)| words.and_then(|(.., needs)| self.needs(needs, row)));
        columns.add(format!("{name}.needs"), needs.collect());
    }

    fn needs(&self, needs: &[Need], row: usize) -> Option<String> {
        if needs.is_empty() {
            return None;
        }
        let about = (self.record().unwrap_or(RecordId(u32::MAX)), self.row(row)?);
        let shown = |need: &Need| show_need_with(self.plan(), self.records(), need, about, Privacy::Reveal);
        let mut shown: Vec<String> = needs.iter().map(shown).collect();
        shown.dedup();
        Some(shown.join(";"))
    }
}

fn worths(facts: &Facts<'_>) -> StringArray {
    let text = |row| match facts.state(row) {
        State::Known(Value::Number(number)) => written_number(&number),
        State::Known(Value::NotApplicable) => ResultStatus::NotApplicable.word().to_owned(),
        State::Missing | State::Unknown(_) => ResultStatus::Undetermined.word().to_owned(),
        State::Known(_) | State::Error(_) => ResultStatus::Error.word().to_owned(),
    };
    (0..facts.len()).map(|row| Some(text(row))).collect()
}
