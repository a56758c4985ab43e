//! The evaluator and the columns asked for everything, row by row.

use rubric_engine::columns::{self, ColumnRecords, Columns};
use rubric_engine::data::{DataSet, DataSource, Dataset};
use rubric_engine::evaluate::{DecisionResult, Evaluator, Options, RequirementResult};
use rubric_engine::plan::{DecisionId, DefineId, Plan, ResultId};
use rubric_engine::record::Compiled;
use rubric_engine::table::Tables;
use std::sync::Arc;

use rubric_engine::value::{Date, RecordId, State};

/// How many results were compared, and how many lanes were asked of the evaluator, by reason.
#[derive(Default)]
pub(crate) struct Compared {
    pub(crate) results: u64,
    /// Decisions that left what a compiled one holds.
    pub(crate) compiled: u64,
    pub(crate) replayed: std::collections::BTreeMap<&'static str, u64>,
}

/// Compares everything that a plan gives for the records; what differs, in words.
pub(crate) fn differences(
    plan: &Arc<Plan>,
    data: &Dataset,
    as_of: Date,
    options: &Options,
    size: u32,
    compared: &mut Compared,
) -> Vec<String> {
    let evaluator = Evaluator::new(plan, data, as_of, options.clone());
    let by_rows = Columns::new(plan, data, as_of, options).on_threads(1 + size as usize % 2);
    let mut found = compared_with(plan, &evaluator, &by_rows, size, compared);
    found.extend(compiled(plan, &evaluator, data, as_of, options, size, compared));
    let source =
        DataSource { path: "memory".into(), shown: "memory".into(), set: DataSet::default(), preset: None };
    let tables = Tables::of_rows(&plan.symbols, &source, data.clone());
    let facts: Vec<DefineId> =
        (0..u32::try_from(plan.symbols.defines.len()).unwrap()).map(DefineId).collect();
    let wanted = columns::wanted(plan, &plan.symbols.results, &facts);
    let records = ColumnRecords::read(&plan.symbols, &tables, &wanted).unwrap();
    let by_columns = || Columns::new(plan, &records, as_of, options);
    let of_all = by_columns().on_threads(1 + size as usize % 2).for_all(&plan.symbols.results, &facts);
    for (how, columns) in [("of columns", by_columns()), ("of all columns", of_all)] {
        let differences = compared_with(plan, &evaluator, &columns, size, compared);
        found.extend(differences.into_iter().map(|difference| format!("{how}: {difference}")));
    }
    found
}

/// Every decision compiled, of one record after the other and of all together.
fn compiled(
    plan: &Plan,
    evaluator: &Evaluator<'_>,
    data: &Dataset,
    as_of: Date,
    options: &Options,
    size: u32,
    compared: &mut Compared,
) -> Vec<String> {
    let mut found = Vec::new();
    for (position, symbol) in plan.symbols.decisions.iter().enumerate() {
        let decision = DecisionId(u32::try_from(position).unwrap());
        let compiled = Compiled::of(plan, decision, as_of, options);
        let rows = evaluator.rows_of(symbol.of).unwrap_or(0);
        let prepared = compiled.prepare(data, 0..rows);
        assert_eq!(prepared.len(), rows as usize);
        let mut decider = compiled.decider(data);
        let expected: Vec<DecisionResult> = (0..rows)
            .map(|row| DecisionResult {
                because: Vec::new(),
                needs: Arc::default(),
                faults: Arc::default(),
                ..evaluator.decision(decision, row)
            })
            .collect();
        let mut check = |how: &str, at: usize, got: &DecisionResult| {
            compared.results += 1;
            if *got != expected[at] {
                found.push(format!(
                    "compiled {how}, {} of {at}:\n  {:?}\n  {got:?}",
                    symbol.name, expected[at]
                ));
            }
        };
        for at in 0..prepared.len() {
            check("alone", at, decider.decide(&prepared, at));
            assert_eq!(
                decider.result(&prepared, at),
                evaluator.decision(decision, u32::try_from(at).unwrap())
            );
        }
        let mut next = 0;
        while next < prepared.len() {
            let end = next + size as usize;
            decider.decide_each(&prepared, next..end, |at, got| check("together", at, got));
            next = end;
        }
        compared.compiled += decider.replayed();
    }
    found
}

fn compared_with(
    plan: &Plan,
    evaluator: &Evaluator<'_>,
    columns: &Columns<'_>,
    size: u32,
    compared: &mut Compared,
) -> Vec<String> {
    let batches = columns.batches();
    let mut found = Vec::new();
    for (position, record) in plan.symbols.records.iter().enumerate() {
        let id = RecordId(u32::try_from(position).unwrap());
        let rows = evaluator.rows_of(id);
        if rows != batches.rows_of(id) {
            found.push(format!("rows of {}: {rows:?}, {:?}", record.name, batches.rows_of(id)));
            continue;
        }
        let rows = rows.unwrap_or(0);
        let mut from = 0;
        while from < rows {
            let to = (from + size).min(rows);
            let batch = batches.batch(id, from..to);
            for result in &plan.symbols.results {
                match *result {
                    ResultId::Decision(decision) if plan.symbols.decision(decision).unwrap().of == id => {
                        for (row, got) in (from..to).zip(batch.decision(decision).iter()) {
                            let told = evaluator.decision(decision, row);
                            let expected = DecisionResult { because: Vec::new(), ..told };
                            compared.results += 1;
                            if *got != expected {
                                let name = &plan.symbols.decision(decision).unwrap().name;
                                found.push(format!("{name} of row {row}:\n  {expected:?}\n  {got:?}"));
                            }
                        }
                    }
                    ResultId::Requirement(requirement)
                        if plan.symbols.requirement(requirement).unwrap().of == id =>
                    {
                        for instance in plan.symbols.instances(requirement) {
                            for (row, got) in (from..to).zip(batch.requirement(instance).iter()) {
                                let told = evaluator.requirement(instance, row);
                                let expected = RequirementResult { because: None, ..told };
                                compared.results += 1;
                                if *got != expected {
                                    let name = plan.symbols.instance_name(instance);
                                    found.push(format!("{name} of row {row}:\n  {expected:?}\n  {got:?}"));
                                }
                            }
                        }
                    }
                    ResultId::Amount(amount) if plan.symbols.amount(amount).unwrap().of == id => {
                        let amounts = batch.amount(amount);
                        for (at, row) in (from..to).enumerate() {
                            let mut expected = evaluator.amount(amount, row);
                            expected.because.clear();
                            let got = amounts.result(at);
                            compared.results += 1;
                            // Also what is not asked of the evaluator: the states of the columns.
                            let parts = std::iter::once((&amounts.total, &expected.total)).chain(
                                amounts
                                    .lines
                                    .iter()
                                    .map(|(_, facts)| facts)
                                    .zip(expected.lines.iter().map(|line| &line.worth)),
                            );
                            let mut states =
                                parts.map(|(facts, worth)| word(&facts.state(at)) == worth_word(worth));
                            if got != expected || !states.all(|same| same) {
                                let name = &plan.symbols.amount(amount).unwrap().name;
                                found.push(format!("{name} of row {row}:\n  {expected:?}\n  {got:?}"));
                            }
                        }
                    }
                    _ => {}
                }
            }
            for (position, define) in plan.symbols.defines.iter().enumerate() {
                if define.of != Some(id) || !define.params.is_empty() {
                    continue;
                }
                let define_id = DefineId(u32::try_from(position).unwrap());
                let facts = batch.define(define_id);
                for (at, row) in (from..to).enumerate() {
                    let expected = evaluator.define(define_id, Some(row), Vec::new());
                    let got = facts.state(at);
                    compared.results += 1;
                    let same = match (&expected, &got) {
                        (State::Known(a), State::Known(b)) => a == b,
                        (a, b) => word(a) == word(b),
                    };
                    if !same {
                        found.push(format!("{} of row {row}:\n  {expected:?}\n  {got:?}", define.name));
                    }
                }
            }
            from = to;
        }
    }
    for (why, lanes) in batches.replayed() {
        *compared.replayed.entry(why).or_default() += lanes;
    }
    found
}

fn word(state: &State) -> &'static str {
    match state {
        State::Known(rubric_engine::value::Value::NotApplicable) => "not applicable",
        State::Known(_) => "known",
        State::Missing => "missing",
        State::Unknown(_) => "unknown",
        State::Error(_) => "error",
    }
}

fn worth_word(worth: &rubric_engine::evaluate::Worth) -> &'static str {
    use rubric_engine::evaluate::Worth;
    match worth {
        Worth::Known(_) => "known",
        Worth::NotApplicable => "not applicable",
        Worth::Undetermined(_) => "unknown",
        Worth::Error(_) => "error",
    }
}
