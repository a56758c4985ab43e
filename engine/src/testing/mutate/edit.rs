//! One change of a plan.

use std::sync::Arc;

use super::Name;
use crate::plan::{Code, Expr, ExprId, Interval, Op, Plan, PolicyId};
use crate::value::{Date, Value};

/// A body with code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Define(u32),
    Decision(u32),
    Requirement(u32),
    Amount(u32),
}

/// Whose intervals begin or end on a day: versions of one thing meet there, so all of them move together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dated {
    Policy(PolicyId),
    Parameter(u32),
    Define(u32),
    Rules(u32, Name),
    Defaults(u32),
    Requirement(u32),
    Excepts(u32, Name),
    Lines(u32, Name),
}

/// What is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// Other operations; those added stand at the end of the code, and are told by the ids they get there.
    Code { owner: Owner, ops: Vec<(ExprId, Op)>, added: Vec<Expr> },
    /// Rules of that label give another outcome.
    Outcome { decision: u32, rule: usize, outcome: u32 },
    /// The default gives another outcome.
    Default { decision: u32, position: usize, outcome: u32 },
    /// Rules of the first label are not overridden by those of the second.
    Override { decision: u32, rule: Name, by: Name },
    /// A line is not put aside by the lines of a label.
    Aside { amount: u32, line: Name, by: Name },
    /// The requirement has one `except` less.
    Except { requirement: u32, position: usize },
    /// A day is another.
    Day { of: Dated, from: Date, to: Date },
    /// A value of a parameter; nothing: the value is not in the set.
    Cell { parameter: u32, row: usize, key: Vec<i64>, position: usize, value: Option<Value> },
    /// What a parameter is otherwise.
    Otherwise { parameter: u32, row: usize, value: Value },
}

impl Edit {
    pub(super) fn apply(&self, plan: &Plan) -> Plan {
        let mut plan = plan.clone();
        // Everything here names something of the very plan that it was made from.
        let _ = self.change(&mut plan);
        plan
    }

    fn change(&self, plan: &mut Plan) -> Option<()> {
        match self {
            Self::Code { owner, ops, added } => {
                let code = code_of(plan, *owner)?;
                code.exprs.extend(added.iter().cloned());
                for (id, op) in ops {
                    code.exprs.get_mut(id.0 as usize)?.op = op.clone();
                }
            }
            Self::Outcome { decision, rule, outcome } => {
                let body = Arc::make_mut(plan.decisions.get_mut(decision)?);
                body.rules.get_mut(*rule)?.outcome = *outcome;
            }
            Self::Default { decision, position, outcome } => {
                let body = Arc::make_mut(plan.decisions.get_mut(decision)?);
                body.defaults.get_mut(*position)?.outcome = *outcome;
            }
            Self::Override { decision, rule, by } => {
                let body = Arc::make_mut(plan.decisions.get_mut(decision)?);
                let labels: Vec<Name> = body.rules.iter().map(|rule| Arc::clone(&rule.label)).collect();
                for version in body.rules.iter_mut().filter(|version| version.label == *rule) {
                    version.overridden_by.retain(|other| labels.get(*other as usize) != Some(by));
                }
            }
            Self::Aside { amount, line, by } => {
                let body = Arc::make_mut(plan.amounts.get_mut(amount)?);
                let labels: Vec<String> =
                    body.lines.iter().map(|line| stem(&line.label).to_owned()).collect();
                for version in body.lines.iter_mut().filter(|version| stem(&version.label) == &**line) {
                    version
                        .subject_to
                        .retain(|other| labels.get(*other as usize).is_none_or(|label| *label != **by));
                }
            }
            Self::Except { requirement, position } => {
                let body = Arc::make_mut(plan.requirements.get_mut(requirement)?);
                (*position < body.excepts.len()).then(|| body.excepts.remove(*position))?;
            }
            Self::Day { of, from, to } => {
                for interval in intervals(plan, of)? {
                    for day in [&mut interval.from, &mut interval.until] {
                        if *day == Some(*from) {
                            *day = Some(*to);
                        }
                    }
                }
            }
            Self::Cell { parameter, row, key, position, value } => {
                let body = Arc::make_mut(plan.parameters.get_mut(parameter)?);
                let values = body.rows.get_mut(*row)?.cells.get_mut(key)?;
                match value {
                    Some(value) => *values.get_mut(*position)? = value.clone(),
                    None => drop((*position < values.len()).then(|| values.remove(*position))?),
                }
            }
            Self::Otherwise { parameter, row, value } => {
                let body = Arc::make_mut(plan.parameters.get_mut(parameter)?);
                body.rows.get_mut(*row)?.otherwise = Some(value.clone());
            }
        }
        Some(())
    }
}

/// What a line is called in the text: of one `for each` value, without the value.
pub(super) fn stem(label: &str) -> &str {
    label.split('(').next().unwrap_or(label)
}

fn code_of(plan: &mut Plan, owner: Owner) -> Option<&mut Code> {
    Some(match owner {
        Owner::Define(id) => &mut Arc::make_mut(plan.defines.get_mut(&id)?).code,
        Owner::Decision(id) => &mut Arc::make_mut(plan.decisions.get_mut(&id)?).code,
        Owner::Requirement(id) => &mut Arc::make_mut(plan.requirements.get_mut(&id)?).code,
        Owner::Amount(id) => &mut Arc::make_mut(plan.amounts.get_mut(&id)?).code,
    })
}

fn intervals<'p>(plan: &'p mut Plan, of: &Dated) -> Option<Vec<&'p mut Interval>> {
    Some(match of {
        Dated::Policy(id) => {
            let symbols = Arc::make_mut(&mut plan.symbols);
            vec![&mut symbols.policies.get_mut(id.0 as usize)?.effective]
        }
        Dated::Parameter(id) => {
            let body = Arc::make_mut(plan.parameters.get_mut(id)?);
            body.rows.iter_mut().map(|row| &mut row.interval).collect()
        }
        Dated::Define(id) => {
            let body = Arc::make_mut(plan.defines.get_mut(id)?);
            body.arms.iter_mut().map(|arm| &mut arm.interval).collect()
        }
        Dated::Rules(id, label) => {
            let body = Arc::make_mut(plan.decisions.get_mut(id)?);
            let versions = body.rules.iter_mut().filter(|rule| rule.label == *label);
            versions.map(|rule| &mut rule.interval).collect()
        }
        Dated::Defaults(id) => {
            let body = Arc::make_mut(plan.decisions.get_mut(id)?);
            body.defaults.iter_mut().map(|default| &mut default.interval).collect()
        }
        Dated::Requirement(id) => vec![&mut Arc::make_mut(plan.requirements.get_mut(id)?).interval],
        Dated::Excepts(id, label) => {
            let body = Arc::make_mut(plan.requirements.get_mut(id)?);
            let versions = body.excepts.iter_mut().filter(|except| except.label == *label);
            versions.map(|except| &mut except.interval).collect()
        }
        Dated::Lines(id, label) => {
            let body = Arc::make_mut(plan.amounts.get_mut(id)?);
            let versions = body.lines.iter_mut().filter(|line| stem(&line.label) == &**label);
            versions.map(|line| &mut line.interval).collect()
        }
    })
}
