//! What is asked of a record, what the evaluator answers, and how a test expects it.

use super::slice::slice;
use super::witness::{Witness, literal};
use crate::evaluate::{Evaluator, Verdict, Worth};
use crate::plan::{
    AmountId, DecisionId, DefineId, Instance, Plan, PolicyId, ResultId, ResultStatus, Symbols,
    category_value, written_instance, written_name, written_number,
};
use crate::value::{Base, RecordId, State, Type, Value};

/// A declaration that gives something for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Its outcome.
    Decision(DecisionId),
    /// Its status; `for each` value, of that value.
    Requirement(Instance),
    /// Its total and lines.
    Amount(AmountId),
    /// Its value; of a record, without parameters.
    Define(DefineId),
}

/// What the evaluator gives. Undetermined and error are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// In a few words: `retained`, `violated`, `1200.50`.
    pub(super) text: String,
    /// The word, or that it is a value: two answers of one kind differ in it at most.
    pub(super) kind: String,
    /// What a test expects, `%` before each point standing for the row.
    expects: Vec<String>,
}

impl Subject {
    /// What is asked of a result: of a requirement `for each` value, each of them.
    #[must_use]
    pub fn all(symbols: &Symbols, result: ResultId) -> Vec<Self> {
        match result {
            ResultId::Decision(id) => vec![Self::Decision(id)],
            ResultId::Requirement(id) => symbols.instances(id).into_iter().map(Self::Requirement).collect(),
            ResultId::Amount(id) => vec![Self::Amount(id)],
        }
    }

    /// The part of a plan that it hangs on.
    #[must_use]
    pub fn slice(self, plan: &Plan) -> Plan {
        match self {
            Self::Decision(id) => slice(plan, &[ResultId::Decision(id)], &[]),
            Self::Requirement(it) => slice(plan, &[ResultId::Requirement(it.requirement)], &[]),
            Self::Amount(id) => slice(plan, &[ResultId::Amount(id)], &[]),
            Self::Define(id) => slice(plan, &[], &[id.0]),
        }
    }

    /// The record it is of.
    #[must_use]
    pub fn record(self, symbols: &Symbols) -> Option<RecordId> {
        match self {
            Self::Decision(id) => symbols.decision(id).map(|symbol| symbol.of),
            Self::Requirement(it) => symbols.requirement(it.requirement).map(|symbol| symbol.of),
            Self::Amount(id) => symbols.amount(id).map(|symbol| symbol.of),
            Self::Define(id) => symbols.define(id).and_then(|symbol| symbol.of),
        }
    }

    /// The policy that declares it.
    #[must_use]
    pub fn policy(self, symbols: &Symbols) -> Option<PolicyId> {
        match self {
            Self::Decision(id) => symbols.decision(id).map(|symbol| symbol.policy),
            Self::Requirement(it) => symbols.requirement(it.requirement).map(|symbol| symbol.policy),
            Self::Amount(id) => symbols.amount(id).map(|symbol| symbol.policy),
            Self::Define(id) => symbols.define(id).map(|symbol| symbol.policy),
        }
    }

    /// Its name; `for each` value, with that: `area_credits(math)`.
    #[must_use]
    pub fn name(self, symbols: &Symbols) -> String {
        match self {
            Self::Decision(id) => symbols.decision(id).map(|symbol| symbol.name.clone()),
            Self::Requirement(it) => Some(symbols.instance_name(it)),
            Self::Amount(id) => symbols.amount(id).map(|symbol| symbol.name.clone()),
            Self::Define(id) => symbols.define(id).map(|symbol| symbol.name.clone()),
        }
        .unwrap_or_default()
    }

    /// Its name as a policy writes it.
    pub(crate) fn written(self, symbols: &Symbols) -> String {
        match self {
            Self::Requirement(it) => written_instance(symbols, it),
            other => written_name(&other.name(symbols)).into_owned(),
        }
    }

    /// What it is.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Decision(_) => "decision",
            Self::Requirement(_) => "requirement",
            Self::Amount(_) => "amount",
            Self::Define(_) => "define",
        }
    }

    /// The expression of the day whose law counts.
    pub(super) fn law_on(self, plan: &Plan) -> Option<(&crate::plan::Code, crate::plan::ExprId)> {
        match self {
            Self::Decision(id) => plan.decisions.get(&id.0).and_then(|body| Some((&body.code, body.law_on?))),
            Self::Requirement(it) => {
                plan.requirements.get(&it.requirement.0).and_then(|body| Some((&body.code, body.law_on?)))
            }
            Self::Amount(id) => plan.amounts.get(&id.0).and_then(|body| Some((&body.code, body.law_on?))),
            Self::Define(_) => None,
        }
    }

    /// What the evaluator gives for the first row.
    pub(super) fn answer(self, plan: &Plan, evaluator: &Evaluator<'_>, witness: &Witness) -> Answer {
        let symbols = &plan.symbols;
        let name = self.written(symbols);
        // Whether a fact would help is no difference between two laws.
        let settled = |status: ResultStatus| match status {
            ResultStatus::Error => ResultStatus::Undetermined,
            other => other,
        };
        let of_status = |status: ResultStatus| {
            let word = settled(status).word().to_owned();
            let expects = vec![format!("%.{name} = {}", status.word())];
            Answer { kind: word.clone(), text: word, expects }
        };
        match self {
            Self::Decision(id) => match evaluator.decision(id, 0).verdict {
                Verdict::Status(status) => of_status(status),
                Verdict::Outcome(outcome) => {
                    let word = outcome_word(symbols, id, outcome).to_owned();
                    let expects = vec![format!("%.{name} = {}", written_name(&word))];
                    Answer { kind: word.clone(), text: word, expects }
                }
            },
            Self::Requirement(it) => of_status(evaluator.requirement(it, 0).status),
            Self::Amount(id) => {
                let ty = symbols.amount(id).map_or(Type::of(Base::Money), |symbol| symbol.ty);
                let result = evaluator.amount(id, 0);
                let word = |worth: &Worth| match worth {
                    Worth::Known(number) => written_number(number),
                    other => other.status().map(settled).map_or("", ResultStatus::word).to_owned(),
                };
                let expected = |worth: &Worth| match worth {
                    Worth::Known(number) => literal(symbols, &Value::Number(number.clone()), ty),
                    other => other.status().map_or("", ResultStatus::word).to_owned(),
                };
                let zero = |worth: &Worth| matches!(worth, Worth::Known(number) if *number == crate::value::Number::ZERO);
                let mut lines: Vec<(&str, &Worth)> = result
                    .lines
                    .iter()
                    .filter(|line| !zero(&line.worth))
                    .map(|line| (line.label.as_str(), &line.worth))
                    .collect();
                lines.sort_by_key(|(label, _)| *label);
                let mut text = word(&result.total);
                let mut expects = vec![format!("%.{name} = {}", expected(&result.total))];
                if result.lines.len() > 1 && result.total != Worth::NotApplicable {
                    let each: Vec<String> =
                        lines.iter().map(|(label, worth)| format!("{label} {}", word(worth))).collect();
                    if !each.is_empty() {
                        text = format!("{text} ({})", each.join(", "));
                    }
                    expects.extend(lines.iter().map(|(label, worth)| {
                        format!("%.{name}.{} = {}", written_name(label), expected(worth))
                    }));
                }
                let kind = match &result.total {
                    Worth::Known(_) => "a number".to_owned(),
                    _ => text.clone(),
                };
                Answer { text, kind, expects }
            }
            Self::Define(id) => {
                let ty = symbols.define(id).map_or(Type::of(Base::Damaged), |symbol| symbol.ty);
                match evaluator.define(id, Some(0), Vec::new()) {
                    State::Known(Value::None) => Answer {
                        text: "none".to_owned(),
                        kind: "none".to_owned(),
                        expects: vec![format!("%.{name} is none")],
                    },
                    State::Known(value) => {
                        let text = match &value {
                            Value::Reference(reference) => witness
                                .named(symbols, reference)
                                .unwrap_or_else(|| literal(symbols, &value, ty)),
                            value => literal(symbols, value, ty),
                        };
                        let kind = match ty.base {
                            Base::Flag | Base::Category(_) => text.clone(),
                            _ => "a value".to_owned(),
                        };
                        Answer { expects: vec![format!("%.{name} = {text}")], text, kind }
                    }
                    State::Missing => of_status(ResultStatus::Missing),
                    State::Unknown(_) => of_status(ResultStatus::Unknown),
                    State::Error(_) => Answer {
                        text: "unknown".to_owned(),
                        kind: "unknown".to_owned(),
                        expects: vec![format!("%.{name} = error")],
                    },
                }
            }
        }
    }
}

/// The name of an outcome.
pub(super) fn outcome_word(symbols: &Symbols, decision: DecisionId, outcome: u32) -> &str {
    let category = symbols.decision(decision).map(|symbol| symbol.outcomes);
    category.and_then(|category| category_value(symbols, category, outcome)).unwrap_or_default()
}

impl Answer {
    /// A test that expects it.
    pub(super) fn test(&self, symbols: &Symbols, witness: &Witness, title: &str) -> String {
        witness.test(symbols, title, &self.expects.join("\n  expect "))
    }
}
