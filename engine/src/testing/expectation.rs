//! What a test says that a result is.

use std::collections::BTreeSet;

use crate::evaluate::{Evaluator, Verdict, Worth};
use crate::plan::{
    Plan, PolicyId, ResultStatus, Symbol, Symbols, category_value, written_instance, written_name,
};
use crate::prove::{Subject, Witness, literal};
use crate::value::{Type, Value};

/// The expectations that hold for the first row of a witness, as [`Witness::test`] takes them.
pub(super) fn expectations(plan: &Plan, subject: Subject, witness: &Witness) -> String {
    let found = witness.ask(plan, |evaluator| found(evaluator, &plan.symbols, subject));
    found.join("\n  expect ")
}

/// The policies that a policy has to use so that it can name the records of a witness, beside those it uses.
pub(super) fn uses(symbols: &Symbols, policy: PolicyId, witness: &Witness) -> Vec<String> {
    let scope = symbols.policy(policy).map(|policy| &policy.scope.names);
    let records = witness.rows.iter().map(|row| row.record).chain(witness.supplied.iter().copied());
    let unseen = records.filter(|id| {
        let name = symbols.record(*id).map(|record| &record.name);
        let seen = scope.zip(name).and_then(|(scope, name)| scope.get(name));
        !seen.is_some_and(|seen| seen.contains(&Symbol::Record(*id)))
    });
    let policies: BTreeSet<&str> = unseen
        .filter_map(|id| symbols.policy(symbols.record(id)?.policy))
        .map(|policy| policy.name.as_str())
        .collect();
    policies.into_iter().map(ToOwned::to_owned).collect()
}

fn found(evaluator: &Evaluator<'_>, symbols: &Symbols, subject: Subject) -> Vec<String> {
    match subject {
        Subject::Decision(id) => {
            let Some(symbol) = symbols.decision(id) else { return Vec::new() };
            let word = match evaluator.decision(id, 0).verdict {
                Verdict::Outcome(outcome) => {
                    category_value(symbols, symbol.outcomes, outcome).unwrap_or_default()
                }
                Verdict::Status(status) => status.word(),
            };
            vec![format!("%.{} = {}", written_name(&symbol.name), written_name(word))]
        }
        Subject::Define(_) => Vec::new(),
        Subject::Requirement(instance) => {
            let status = evaluator.requirement(instance, 0).status;
            vec![format!("%.{} = {}", written_instance(symbols, instance), status.word())]
        }
        Subject::Amount(id) => {
            let Some(symbol) = symbols.amount(id) else { return Vec::new() };
            let result = evaluator.amount(id, 0);
            let mut all = vec![worth(symbols, &written_name(&symbol.name), &result.total, symbol.ty)];
            if result.lines.len() > 1 && matches!(result.total, Worth::Known(_)) {
                let lines = result.lines.iter();
                all.extend(lines.map(|line| {
                    let name = format!("{}.{}", written_name(&symbol.name), written_name(&line.label));
                    worth(symbols, &name, &line.worth, symbol.ty)
                }));
            }
            all
        }
    }
}

fn worth(symbols: &Symbols, name: &str, worth: &Worth, ty: Type) -> String {
    let word = match worth {
        Worth::Known(number) => literal(symbols, &Value::Number(number.clone()), ty),
        Worth::NotApplicable => ResultStatus::NotApplicable.word().to_owned(),
        Worth::Undetermined(_) => ResultStatus::Undetermined.word().to_owned(),
        Worth::Error(_) => ResultStatus::Error.word().to_owned(),
    };
    format!("%.{name} = {word}")
}
