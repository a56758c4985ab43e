//! What came out, beside what was expected.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Failure, Stage};
use crate::evaluate::{By, DecisionResult, Env, Evaluator, MustOutcome, RequirementResult, Verdict, Worth};
use crate::names::nearest;
use crate::plan::{
    AmountId, DecisionId, ExpectBody, ExpectKind, Expected, ExprId, Instance, Op, PolicyId, Privacy,
    RequirementId, ResultStatus, show_fault, show_with,
};
use crate::value::{Base, Fault, Need, NeedKind, Reference, State, Value};

pub(super) fn failures(stage: &Stage<'_>) -> Vec<Failure> {
    let evaluator = stage.evaluator();
    let judge = Judge { stage, evaluator: &evaluator };
    stage.test.expects.iter().filter_map(|expect| judge.failure(expect)).collect()
}

struct Judge<'s> {
    stage: &'s Stage<'s>,
    evaluator: &'s Evaluator<'s>,
}

impl Judge<'_> {
    fn failure(&self, expect: &ExpectBody) -> Option<Failure> {
        match &expect.kind {
            ExpectKind::Decision { decision, of, expected, negated } => {
                self.decision(expect, *decision, *of, *expected, *negated)
            }
            ExpectKind::Requirement { requirement, value, of, expected, negated } => {
                match self.instance(expect, *requirement, *value) {
                    Ok(instance) => self.requirement(expect, instance, *of, *expected, *negated),
                    Err(failure) => Some(failure),
                }
            }
            ExpectKind::Amount { amount, line, of, expected, negated } => {
                self.amount(expect, (*amount, *line), *of, *expected, *negated)
            }
            ExpectKind::State(id, expected) => self.state(expect, *id, *expected),
            ExpectKind::Condition(id, sides) => self.condition(expect, *id, *sides),
        }
    }

    fn value(&self, id: ExprId) -> State {
        let env = Env { code: &self.stage.test.code, rows: &self.stage.rows, index: None };
        self.evaluator.expr(&env, id)
    }

    /// The row of which a result is asked.
    fn row(&self, expect: &ExpectBody, of: ExprId) -> Result<u32, Failure> {
        match self.value(of) {
            State::Known(Value::Reference(Reference { row: Some(row), .. })) => Ok(row),
            State::Unknown(needs) => {
                Err(self.failed(expect, "which row is meant is unknown", self.needs(&needs)))
            }
            State::Error(faults) => {
                Err(self.failed(expect, "which row is meant is an error", self.faults(&faults)))
            }
            State::Missing | State::Known(_) => Err(Failure::new(expect.place, "there is no such row")),
        }
    }

    /// The requirement that is asked, for the value that is named.
    fn instance(
        &self,
        expect: &ExpectBody,
        requirement: RequirementId,
        value: Option<ExprId>,
    ) -> Result<Instance, Failure> {
        let Some(value) = value else { return Ok(requirement.into()) };
        match self.value(value) {
            State::Known(Value::Category(value)) => Ok(Instance { requirement, value: Some(value) }),
            _ => Err(Failure::new(expect.place, "for which value is asked is not known")),
        }
    }

    fn failed(&self, expect: &ExpectBody, message: impl Into<String>, notes: Vec<String>) -> Failure {
        Failure { notes, ..Failure::new(expect.place, message) }
    }

    fn decision(
        &self,
        expect: &ExpectBody,
        id: DecisionId,
        of: ExprId,
        expected: Expected,
        negated: bool,
    ) -> Option<Failure> {
        let row = match self.row(expect, of) {
            Ok(row) => row,
            Err(failure) => return Some(failure),
        };
        let result = self.evaluator.decision(id, row);
        let symbol = self.stage.plan.symbols.decision(id)?;
        let subject = format!("{}.{}", self.words(of), symbol.name);
        let found = match result.verdict {
            Verdict::Outcome(outcome) => Expected::Outcome(outcome),
            Verdict::Status(status) => Expected::Status(status),
        };
        let word = |expected: Expected| match expected {
            Expected::Status(status) => status.word().to_owned(),
            Expected::Outcome(outcome) => {
                let value = Value::Category(outcome);
                let ty = crate::value::Type::of(Base::Category(symbol.outcomes));
                show_with(&self.stage.plan.symbols, &value, ty, Privacy::Reveal)
            }
        };
        let labels = self.decided_by(id, &result, &expect.by);
        if (found == expected) == negated {
            let message = if negated {
                format!("`{subject}` is `{}`, which it should not be", word(found))
            } else {
                format!("`{subject}` is `{}`, not `{}`", word(found), word(expected))
            };
            return Some(self.failed(expect, message, self.why_decision(id, &result, &labels)));
        }
        if !expect.by.is_empty() && !same_labels(&expect.by, &labels) {
            let (wanted, got) = (list(&expect.by), list(&labels));
            let message = format!("`{subject}` is `{}` by {got}, not by {wanted}", word(found));
            let mut notes = self.unknown_labels(id, &expect.by);
            notes.extend(result.because.iter().map(|because| format!("because {because}")));
            return Some(self.failed(expect, message, notes));
        }
        self.lacking(expect, &subject, &result.needs)
    }

    /// The status of an amount or of a line.
    fn amount(
        &self,
        expect: &ExpectBody,
        (id, line): (AmountId, Option<u32>),
        of: ExprId,
        expected: ResultStatus,
        negated: bool,
    ) -> Option<Failure> {
        let row = match self.row(expect, of) {
            Ok(row) => row,
            Err(failure) => return Some(failure),
        };
        let symbols = &self.stage.plan.symbols;
        let symbol = symbols.amount(id)?;
        let result = self.evaluator.amount(id, row);
        let label = line.and_then(|line| symbol.lines.get(line as usize));
        let worth = match line {
            Some(line) => &result.lines.get(line as usize)?.worth,
            None => &result.total,
        };
        let name = label.map_or_else(|| symbol.name.clone(), |label| format!("{}.{label}", symbol.name));
        let subject = format!("{}.{name}", self.words(of));
        let found = match worth {
            Worth::Known(number) => {
                show_with(symbols, &Value::Number(number.clone()), symbol.ty, Privacy::Reveal)
            }
            other => other.status().map_or("", ResultStatus::word).to_owned(),
        };
        if (worth.status() == Some(expected)) == negated {
            let message = if negated {
                format!("`{subject}` is `{found}`, which it should not be")
            } else {
                format!("`{subject}` is `{found}`, not `{}`", expected.word())
            };
            let notes = match worth {
                Worth::Undetermined(needs) => self.needs(needs),
                Worth::Error(faults) => self.faults(faults),
                _ => Vec::new(),
            };
            return Some(self.failed(expect, message, notes));
        }
        self.lacking(expect, &subject, &worth.needs())
    }

    /// Labels of what decided, in the order of the text, each once.
    fn decided_by(&self, id: DecisionId, result: &DecisionResult, wanted: &[Arc<str>]) -> Vec<Arc<str>> {
        let body = self.stage.plan.decisions.get(&id.0);
        let mut labels: Vec<Arc<str>> = Vec::new();
        for by in &result.by {
            let label = match by {
                By::Default(_) => Some(Arc::from("default")),
                By::Rule(rule) => {
                    let rule = body.and_then(|body| body.rules.get(*rule as usize));
                    rule.map(|rule| self.as_wanted(rule.policy, &rule.label, wanted))
                }
            };
            labels.extend(label.filter(|label| !labels.contains(label)));
        }
        labels
    }

    /// A label as the test writes it: of an amendment with its policy or without.
    fn as_wanted(&self, policy: PolicyId, label: &Arc<str>, wanted: &[Arc<str>]) -> Arc<str> {
        let short = self.stage.plan.symbols.short_label(policy, label);
        wanted.iter().find(|wanted| ***wanted == *short).unwrap_or(label).clone()
    }

    fn why_decision(&self, id: DecisionId, result: &DecisionResult, labels: &[Arc<str>]) -> Vec<String> {
        let mut notes = Vec::new();
        if !labels.is_empty() {
            notes.push(format!("decided by {}", list(labels)));
        }
        notes.extend(result.because.iter().map(|because| format!("because {because}")));
        if result.verdict == Verdict::Status(ResultStatus::Undetermined) {
            if result.possible.is_empty() && result.needs.is_empty() {
                notes.push("no rule applies, and there is no default".to_owned());
            }
            notes.extend(self.needs(&result.needs));
            if let Some(symbol) = self.stage.plan.symbols.decision(id)
                && !result.possible.is_empty()
            {
                let ty = crate::value::Type::of(Base::Category(symbol.outcomes));
                let show = |outcome: &u32| {
                    show_with(&self.stage.plan.symbols, &Value::Category(*outcome), ty, Privacy::Reveal)
                };
                let possible: Vec<String> =
                    result.possible.iter().map(|outcome| format!("`{}`", show(outcome))).collect();
                notes.push(format!("still possible: {}", possible.join(", ")));
            }
        }
        notes.extend(self.faults(&result.faults));
        notes
    }

    fn unknown_labels(&self, id: DecisionId, wanted: &[Arc<str>]) -> Vec<String> {
        let Some(body) = self.stage.plan.decisions.get(&id.0) else { return Vec::new() };
        let symbols = &self.stage.plan.symbols;
        let rules =
            body.rules.iter().flat_map(|rule| [&*rule.label, symbols.short_label(rule.policy, &rule.label)]);
        let known: BTreeSet<&str> = rules.chain(["default"]).collect();
        unknown("rule", wanted, &known)
    }

    fn requirement(
        &self,
        expect: &ExpectBody,
        instance: Instance,
        of: ExprId,
        expected: ResultStatus,
        negated: bool,
    ) -> Option<Failure> {
        let row = match self.row(expect, of) {
            Ok(row) => row,
            Err(failure) => return Some(failure),
        };
        let id = instance.requirement;
        let result = self.evaluator.requirement(instance, row);
        let subject = format!("{}.{}", self.words(of), self.stage.plan.symbols.instance_name(instance));
        let found = result.status.word();
        if (result.status == expected) == negated {
            let message = if negated {
                format!("`{subject}` is `{found}`, which it should not be")
            } else {
                format!("`{subject}` is `{found}`, not `{}`", expected.word())
            };
            return Some(self.failed(expect, message, self.why_requirement(id, &result)));
        }
        let labels = self.labels(id, &result, &expect.by);
        if !expect.by.is_empty() && !same_labels(&expect.by, &labels) {
            let message =
                format!("`{subject}` is `{found}` by {}, not by {}", list(&labels), list(&expect.by));
            return Some(self.failed(expect, message, self.unknown_musts(id, &expect.by)));
        }
        self.lacking(expect, &subject, &result.needs)
    }

    /// The `must`s that fail; of an excepted requirement the `except`s that hold; of a waived one the waiver.
    fn labels(&self, id: RequirementId, result: &RequirementResult, wanted: &[Arc<str>]) -> Vec<Arc<str>> {
        if result.status == ResultStatus::Waived {
            return result.waiver.iter().filter_map(|used| used.waiver.name.clone()).collect();
        }
        let Some(body) = self.stage.plan.requirements.get(&id.0) else { return Vec::new() };
        if result.status == ResultStatus::Excepted {
            let except = |position: &u32| {
                let except = body.excepts.get(*position as usize)?;
                Some(self.as_wanted(except.policy, &except.label, wanted))
            };
            return result.excepts.iter().filter_map(except).collect();
        }
        let musts = body.musts.iter().zip(&result.musts).enumerate();
        musts
            .filter(|(_, (_, outcome))| **outcome == MustOutcome::Fails)
            .map(|(position, (must, _))| match &must.label {
                Some(label) => self.as_wanted(must.policy, label, wanted),
                None => Arc::from(format!("must {}", position + 1)),
            })
            .collect()
    }

    fn why_requirement(&self, id: RequirementId, result: &RequirementResult) -> Vec<String> {
        let mut notes = Vec::new();
        let labels = self.labels(id, result, &[]);
        if !labels.is_empty() {
            let what = match result.status {
                ResultStatus::Excepted => "excepted by",
                ResultStatus::Waived => "waived by",
                _ => "what fails:",
            };
            notes.push(format!("{what} {}", list(&labels)));
        }
        notes.extend(result.because.iter().map(|because| format!("because {because}")));
        if result.status == ResultStatus::Undetermined {
            notes.extend(self.needs(&result.needs));
        }
        notes.extend(self.faults(&result.faults));
        notes
    }

    fn unknown_musts(&self, id: RequirementId, wanted: &[Arc<str>]) -> Vec<String> {
        let Some(body) = self.stage.plan.requirements.get(&id.0) else { return Vec::new() };
        let symbols = &self.stage.plan.symbols;
        let musts = body.musts.iter().filter_map(|must| Some((must.policy, must.label.as_deref()?)));
        let all = musts.chain(body.excepts.iter().map(|except| (except.policy, &*except.label)));
        let known: BTreeSet<&str> =
            all.flat_map(|(policy, label)| [label, symbols.short_label(policy, label)]).collect();
        unknown("`must` or `except`", wanted, &known)
    }

    fn state(&self, expect: &ExpectBody, id: ExprId, expected: ResultStatus) -> Option<Failure> {
        let state = self.value(id);
        let found = match &state {
            State::Known(_) => None,
            State::Missing => Some(ResultStatus::Missing),
            State::Unknown(_) => Some(ResultStatus::Unknown),
            State::Error(_) => Some(ResultStatus::Error),
        };
        let subject = self.words(id);
        if found != Some(expected) {
            let message = format!("`{subject}` is {}, not {}", self.show(&state, id), expected.word());
            return Some(self.failed(expect, message, self.why(&state)));
        }
        match &state {
            State::Unknown(needs) => self.lacking(expect, &subject, needs),
            _ => None,
        }
    }

    fn condition(&self, expect: &ExpectBody, id: ExprId, sides: Option<(ExprId, ExprId)>) -> Option<Failure> {
        let state = self.value(id);
        if state == State::Known(Value::Flag(true)) {
            return None;
        }
        let notes = self.why(&state);
        if let Some((left, right)) = sides {
            let (found, wanted) = (self.value(left), self.value(right));
            let wanted = self.show(&wanted, right);
            let message = format!("`{}` is {}, not {wanted}", self.words(left), self.show(&found, left));
            return Some(self.failed(expect, message, notes));
        }
        let message = match &state {
            State::Known(_) => "this does not hold".to_owned(),
            other => format!("whether this holds is {}", self.show(other, id)),
        };
        Some(self.failed(expect, message, notes))
    }

    fn show(&self, state: &State, id: ExprId) -> String {
        match state {
            State::Known(Value::Reference(Reference { record, row: Some(row), .. }))
                if self.stage.names.contains_key(&(*record, *row)) =>
            {
                format!("`{}`", self.stage.names.get(&(*record, *row)).map_or("", |name| &**name))
            }
            State::Known(value) => {
                format!(
                    "`{}`",
                    show_with(&self.stage.plan.symbols, value, self.stage.ty(id), Privacy::Reveal)
                )
            }
            State::Missing => "missing".to_owned(),
            State::Unknown(_) => "unknown".to_owned(),
            State::Error(_) => "an error".to_owned(),
        }
    }

    fn why(&self, state: &State) -> Vec<String> {
        match state {
            State::Known(_) | State::Missing => Vec::new(),
            State::Unknown(needs) => self.needs(needs),
            State::Error(faults) => self.faults(faults),
        }
    }

    /// Facts that were expected to be needed and are not.
    fn lacking(&self, expect: &ExpectBody, subject: &str, needs: &[Need]) -> Option<Failure> {
        let known: BTreeSet<String> = needs.iter().flat_map(|need| self.need_names(need)).collect();
        let lacking: Vec<Arc<str>> =
            expect.needs.iter().filter(|wanted| !known.contains(&***wanted)).map(Arc::clone).collect();
        if lacking.is_empty() {
            return None;
        }
        let message = format!("`{subject}` does not need {}", list(&lacking));
        Some(self.failed(expect, message, self.needs(needs)))
    }

    /// What a need may be called in a test, the longest name last: `us_entry`, `maria.us_entry`; `Retention`; `passing`.
    fn need_names(&self, need: &Need) -> Vec<String> {
        let record = self.stage.plan.symbols.record(need.record);
        let field =
            need.field.and_then(|field| record?.fields.get(field as usize)).map(|field| field.name.clone());
        let named = match &need.kind {
            NeedKind::Assumed(name) | NeedKind::Input(name) => Some(name.to_string()),
            _ => None,
        };
        let row = need.row.and_then(|row| self.stage.names.get(&(need.record, row)));
        match (field.or(named), row) {
            (Some(what), Some(row)) => vec![what.clone(), format!("{row}.{what}")],
            (Some(what), None) => vec![what],
            (None, Some(row)) => vec![row.to_string()],
            (None, None) => record.map(|record| record.name.clone()).into_iter().collect(),
        }
    }

    /// What is missing, in words.
    fn needs(&self, needs: &[Need]) -> Vec<String> {
        needs.iter().map(|need| self.need_words(need)).collect()
    }

    fn need_words(&self, need: &Need) -> String {
        let names = self.need_names(need);
        let name = names.last().map_or("", String::as_str);
        match &need.kind {
            NeedKind::Absent if need.row.is_none() => format!("there is no row of `{name}` to read"),
            NeedKind::Absent => format!("`{name}` is not stated"),
            NeedKind::Unreadable => format!("`{name}` cannot be read"),
            NeedKind::Finding(by) => format!("`{name}` awaits the finding of {by}"),
            NeedKind::Tie => format!("several rows of `{name}` are tied"),
            NeedKind::Dangling => format!("there is no row of `{name}` with that key"),
            NeedKind::NotSupplied => {
                format!("no row of `{name}` is stated: state some, or write `no {name}`")
            }
            NeedKind::Assumed(_) => format!("`{name}` is unknown, as the test says"),
            NeedKind::Input(input) => format!("the input `{input}` is not given: add `given {input} = …`"),
            NeedKind::Undecided(result) => format!("`{result}` of `{name}` has no result"),
        }
    }

    fn faults(&self, faults: &[Fault]) -> Vec<String> {
        faults.iter().map(|fault| show_fault(&self.stage.plan.symbols, fault)).collect()
    }

    /// An expression, near to how it was written.
    fn words(&self, id: ExprId) -> String {
        let symbols = &self.stage.plan.symbols;
        let Some(expr) = self.stage.test.code.get(id) else { return "this".to_owned() };
        let list = |ids: &[ExprId]| ids.iter().map(|id| self.words(*id)).collect::<Vec<_>>().join(", ");
        match &expr.op {
            Op::TestRow(row) => self
                .stage
                .test
                .rows
                .get(*row as usize)
                .map_or_else(|| "this".to_owned(), |row| row.name.to_string()),
            Op::Literal(value) => show_with(symbols, value, expr.ty, Privacy::Reveal),
            Op::Field { of, field } => {
                let record = match self.stage.ty(*of).base {
                    Base::Record(record) => symbols.record(record),
                    _ => None,
                };
                let field = record.and_then(|record| record.fields.get(*field as usize));
                format!("{}.{}", self.words(*of), field.map_or("", |field| field.name.as_str()))
            }
            Op::Define { define, of, arguments } => {
                let name = symbols.define(*define).map_or("", |define| define.name.as_str());
                let of = of.map_or_else(String::new, |of| format!("{}.", self.words(of)));
                if arguments.is_empty() {
                    format!("{of}{name}")
                } else {
                    format!("{of}{name}({})", list(arguments))
                }
            }
            Op::Decision { decision, of } => {
                let name = symbols.decision(*decision).map_or("", |decision| decision.name.as_str());
                format!("{}.{name}", self.words(*of))
            }
            Op::Amount { amount, line, of } => {
                let symbol = symbols.amount(*amount);
                let name = symbol.map_or("", |symbol| symbol.name.as_str());
                let label = line.and_then(|line| symbol?.lines.get(line as usize));
                let label = label.map_or_else(String::new, |label| format!(".{label}"));
                format!("{}.{name}{label}", self.words(*of))
            }
            Op::Lookup { record, keys } => {
                let name = symbols.record(*record).map_or("", |record| record.name.as_str());
                format!("{name}({})", list(keys))
            }
            Op::Parameter { parameter, keys, .. } => {
                let name = symbols.parameter(*parameter).map_or("", |parameter| parameter.name.as_str());
                if keys.is_empty() { name.to_owned() } else { format!("{name}({})", list(keys)) }
            }
            Op::ToCount(of) => self.words(*of),
            _ => "the left side".to_owned(),
        }
    }
}

fn same_labels(a: &[Arc<str>], b: &[Arc<str>]) -> bool {
    a.iter().collect::<BTreeSet<_>>() == b.iter().collect::<BTreeSet<_>>()
}

fn list(labels: &[Arc<str>]) -> String {
    if labels.is_empty() {
        return "nothing".to_owned();
    }
    labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ")
}

fn unknown(what: &str, wanted: &[Arc<str>], known: &BTreeSet<&str>) -> Vec<String> {
    wanted
        .iter()
        .filter(|label| !known.contains(&***label))
        .map(|label| match nearest(label, known.iter().copied()) {
            Some(near) => format!("there is no {what} `{label}`; did you mean `{near}`?"),
            None => format!("there is no {what} `{label}`"),
        })
        .collect()
}
