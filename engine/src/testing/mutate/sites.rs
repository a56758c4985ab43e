//! Where a plan can be changed, and how.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::edit::{Dated, Edit, Owner, stem};
use super::text::{Texts, neighbours};
use super::{Mutant, MutantKind, Mutated};
use crate::diagnostic::Place;
use crate::evaluate::SourceText;
use crate::plan::{
    AmountBody, AmountId, Code, CompareOp, DecisionBody, DecisionId, DefineId, Expr, ExprId, Interval,
    MustCheck, Op, ParameterBody, ParameterId, Plan, PolicyId, RequirementBody, RequirementId, ResultId,
    category_value, operands, show,
};
use crate::value::{Base, CategoryId, Type, Value};

/// Every small change; of `borders` only those that one side of a threshold or of a day tells from the policy.
pub(super) fn all(plan: &Plan, text: &SourceText<'_>, borders: bool) -> Vec<Mutant> {
    let mut sites = Sites { plan, texts: Texts::new(plan, text), borders, found: Vec::new() };
    for (position, policy) in (0_u32..).zip(&plan.symbols.policies) {
        let id = PolicyId(position);
        sites.days(Mutated::Policy(id), policy.place, "effective", &[policy.effective], &Dated::Policy(id));
    }
    for (id, body) in &plan.parameters {
        sites.parameter(ParameterId(*id), body);
    }
    for (id, body) in &plan.defines {
        let of = Mutated::Define(DefineId(*id));
        let roots: Vec<ExprId> = body.arms.iter().map(|arm| arm.value).collect();
        sites.code(Owner::Define(*id), of, &body.code, &roots);
        let name = of.name(plan);
        for arm in &body.arms {
            sites.days(of, arm.place, &name, &[arm.interval], &Dated::Define(*id));
        }
    }
    for (id, body) in &plan.decisions {
        sites.decision(DecisionId(*id), body);
    }
    for (id, body) in &plan.requirements {
        sites.requirement(RequirementId(*id), body);
    }
    for (id, body) in &plan.amounts {
        sites.amount(AmountId(*id), body);
    }
    if borders {
        sites.found.retain(|mutant| matches!(mutant.kind, MutantKind::Comparison | MutantKind::Date));
    }
    sites.found
}

pub(super) struct Sites<'p> {
    pub(super) plan: &'p Plan,
    pub(super) texts: Texts<'p>,
    borders: bool,
    found: Vec<Mutant>,
}

/// A change of code in one place of the text, which may stand several times in the code.
#[derive(Default)]
pub(super) struct Change {
    pub(super) ops: Vec<(ExprId, Op)>,
    added: Vec<Expr>,
}

impl Change {
    /// Adds an expression, and gives the id that it gets at the end of the code.
    pub(super) fn push(&mut self, code: &Code, expr: Expr) -> ExprId {
        let position = code.exprs.len() + self.added.len();
        self.added.push(expr);
        ExprId(u32::try_from(position).unwrap_or(u32::MAX))
    }

    /// Puts two comparisons in the place of `of between low and high`.
    pub(super) fn within(
        &mut self,
        code: &Code,
        (id, expr): (ExprId, &Expr),
        [low, of, high]: [ExprId; 3],
        (lower, upper): (CompareOp, CompareOp),
    ) {
        let flag = |op| Expr { op, ty: expr.ty, place: expr.place };
        let first = self.push(code, flag(Op::Compare(lower, low, of)));
        let second = self.push(code, flag(Op::Compare(upper, of, high)));
        self.ops.push((id, Op::And(first, second)));
    }
}

/// By kind, place and what is written there before and after.
pub(super) type Changes = BTreeMap<(MutantKind, Place, String, String), Change>;

impl Sites<'_> {
    fn add(&mut self, kind: MutantKind, of: Mutated, place: Place, words: (String, String), edit: Edit) {
        self.found.push(Mutant { kind, of, place, before: words.0, after: words.1, edit });
    }

    /// The day before and the day after each day on which one of the intervals begins or ends.
    fn days(&mut self, of: Mutated, place: Place, what: &str, intervals: &[Interval], dated: &Dated) {
        for interval in intervals {
            for (word, day) in [("from", interval.from), ("until", interval.until)] {
                let Some(day) = day else { continue };
                for to in [day.yesterday(), day.tomorrow()].into_iter().flatten() {
                    let edit = Edit::Day { of: dated.clone(), from: day, to };
                    // Where two versions meet, the day is written once or twice and moves once.
                    if self
                        .found
                        .iter()
                        .rev()
                        .take_while(|known| known.of == of)
                        .any(|known| known.edit == edit)
                    {
                        continue;
                    }
                    let words = (format!("{what} {word} {day}"), format!("{what} {word} {to}"));
                    self.add(MutantKind::Date, of, place, words, edit);
                }
            }
        }
    }

    fn parameter(&mut self, id: ParameterId, body: &ParameterBody) {
        let of = Mutated::Parameter(id);
        let Some(symbol) = self.plan.symbols.parameter(id) else { return };
        for (row, written) in body.rows.iter().enumerate() {
            let since = written.interval.from.map_or_else(String::new, |day| format!(" from {day}"));
            for (key, values) in &written.cells {
                let keys: Vec<String> =
                    key.iter().zip(&symbol.by).map(|(key, ty)| self.key(*key, *ty)).collect();
                let keys = if keys.is_empty() { String::new() } else { format!("({})", keys.join(", ")) };
                let what = format!("{}{keys}{since}", symbol.name);
                for (position, value) in values.iter().enumerate() {
                    let cell = |value| Edit::Cell { parameter: id.0, row, key: key.clone(), position, value };
                    let shown = show(&self.plan.symbols, value, symbol.ty);
                    if let Base::Set(_) = symbol.ty.base {
                        let words = (format!("{what}: {shown}"), format!("{what}: not {shown}"));
                        self.add(MutantKind::Constant, of, written.place, words, cell(None));
                        continue;
                    }
                    for other in neighbours(&self.plan.symbols, value, symbol.ty) {
                        let now = show(&self.plan.symbols, &other, symbol.ty);
                        let words = (format!("{what}: {shown}"), format!("{what}: {now}"));
                        self.add(MutantKind::Constant, of, written.place, words, cell(Some(other)));
                    }
                }
            }
            if let Some(value) = &written.otherwise {
                let shown = show(&self.plan.symbols, value, symbol.ty);
                for other in neighbours(&self.plan.symbols, value, symbol.ty) {
                    let now = show(&self.plan.symbols, &other, symbol.ty);
                    let what = format!("{}{since}: otherwise", symbol.name);
                    let words = (format!("{what} {shown}"), format!("{what} {now}"));
                    let edit = Edit::Otherwise { parameter: id.0, row, value: other };
                    self.add(MutantKind::Constant, of, written.place, words, edit);
                }
            }
            self.days(of, written.place, &symbol.name, &[written.interval], &Dated::Parameter(id.0));
        }
    }

    fn key(&self, key: i64, ty: Type) -> String {
        let value = match ty.base {
            Base::SchoolYear => i16::try_from(key).ok().map(Value::SchoolYear),
            _ => u32::try_from(key).ok().map(Value::Category),
        };
        value.map_or_else(|| key.to_string(), |value| show(&self.plan.symbols, &value, ty))
    }

    fn decision(&mut self, id: DecisionId, body: &DecisionBody) {
        let of = Mutated::Result(ResultId::Decision(id));
        let roots: Vec<ExprId> = body
            .condition
            .into_iter()
            .chain(body.law_on)
            .chain(body.rules.iter().filter_map(|rule| rule.when))
            .collect();
        self.code(Owner::Decision(id.0), of, &body.code, &roots);
        let Some(outcomes) = self.plan.symbols.decision(id).map(|symbol| symbol.outcomes) else { return };
        for (position, default) in body.defaults.iter().enumerate() {
            if let Some((before, after, outcome)) = self.other_outcome(outcomes, default.outcome) {
                let words = (format!("default {before}"), format!("default {after}"));
                let edit = Edit::Default { decision: id.0, position, outcome };
                self.add(MutantKind::Outcome, of, default.place, words, edit);
            }
            self.days(of, default.place, "default", &[default.interval], &Dated::Defaults(id.0));
        }
        for (position, rule) in body.rules.iter().enumerate() {
            let label = &rule.label;
            if let Some((before, after, outcome)) = self.other_outcome(outcomes, rule.outcome) {
                let words = (format!("rule {label}: {before}"), format!("rule {label}: {after}"));
                let edit = Edit::Outcome { decision: id.0, rule: position, outcome };
                self.add(MutantKind::Outcome, of, rule.place, words, edit);
            }
            for by in &rule.overridden_by {
                let Some(by) = body.rules.get(*by as usize).map(|by| Arc::clone(&by.label)) else { continue };
                let words = (format!("rule {label} subject to {by}"), format!("rule {label}"));
                let edit = Edit::Override { decision: id.0, rule: Arc::clone(label), by };
                if !self.found.iter().any(|known| known.edit == edit) {
                    self.add(MutantKind::Override, of, rule.place, words, edit);
                }
            }
            let dated = Dated::Rules(id.0, Arc::clone(label));
            self.days(of, rule.place, &format!("rule {label}"), &[rule.interval], &dated);
        }
    }

    /// The outcome in the list after one, or the one before the last.
    fn other_outcome(&self, outcomes: CategoryId, outcome: u32) -> Option<(String, String, u32)> {
        let name = |outcome| category_value(&self.plan.symbols, outcomes, outcome).map(ToOwned::to_owned);
        let other = match name(outcome + 1) {
            Some(_) => outcome + 1,
            None => outcome.checked_sub(1)?,
        };
        Some((name(outcome)?, name(other)?, other))
    }

    fn requirement(&mut self, id: RequirementId, body: &RequirementBody) {
        let of = Mutated::Result(ResultId::Requirement(id));
        let musts = body.musts.iter().flat_map(|must| match &must.check {
            MustCheck::Condition(condition) => vec![*condition],
            MustCheck::Unique(keys) => keys.clone(),
        });
        let whole = body.condition.into_iter().chain(body.law_on).chain(body.due.map(|(due, _)| due));
        let roots: Vec<ExprId> =
            whole.chain(musts).chain(body.excepts.iter().map(|except| except.when)).collect();
        self.code(Owner::Requirement(id.0), of, &body.code, &roots);
        if let Some(place) = self.plan.symbols.requirement(id).map(|symbol| symbol.place) {
            self.days(of, place, "in force", &[body.interval], &Dated::Requirement(id.0));
        }
        for (position, except) in body.excepts.iter().enumerate() {
            let label = &except.label;
            let words = (format!("except {label}"), format!("no except {label}"));
            let edit = Edit::Except { requirement: id.0, position };
            self.add(MutantKind::Override, of, except.place, words, edit);
            let dated = Dated::Excepts(id.0, Arc::clone(label));
            self.days(of, except.place, &format!("except {label}"), &[except.interval], &dated);
        }
    }

    fn amount(&mut self, id: AmountId, body: &AmountBody) {
        let of = Mutated::Result(ResultId::Amount(id));
        let total = body.total.iter().flat_map(|total| total.at_most.into_iter().chain(total.at_least));
        let lines = body.lines.iter().flat_map(|line| {
            [Some(line.value), line.when, line.at_most, line.at_least].into_iter().flatten()
        });
        let roots: Vec<ExprId> =
            body.condition.into_iter().chain(body.law_on).chain(total).chain(lines).collect();
        self.code(Owner::Amount(id.0), of, &body.code, &roots);
        for line in &body.lines {
            let label = stem(&line.label);
            for by in &line.subject_to {
                let Some(by) = body.lines.get(*by as usize).map(|by| stem(&by.label)) else { continue };
                let words = (format!("line {label} subject to {by}"), format!("line {label}"));
                let edit = Edit::Aside { amount: id.0, line: Arc::from(label), by: Arc::from(by) };
                if !self.found.iter().any(|known| known.edit == edit) {
                    self.add(MutantKind::Override, of, line.place, words, edit);
                }
            }
            let dated = Dated::Lines(id.0, Arc::from(label));
            self.days(of, line.place, &format!("line {label}"), &[line.interval], &dated);
        }
    }

    /// Comparisons and constants below the roots.
    fn code(&mut self, owner: Owner, of: Mutated, code: &Code, roots: &[ExprId]) {
        let mut above: BTreeMap<ExprId, Option<ExprId>> = BTreeMap::new();
        let mut open: Vec<(ExprId, Option<ExprId>)> = roots.iter().map(|root| (*root, None)).collect();
        while let Some((id, parent)) = open.pop() {
            let Some(expr) = code.get(id) else { continue };
            if above.insert(id, parent).is_none() {
                open.extend(operands(&expr.op).into_iter().map(|operand| (operand, Some(id))));
            }
        }
        let mut changes = Changes::new();
        for (id, parent) in &above {
            if self.borders {
                self.border(code, *id, &mut changes);
            } else {
                self.expression(code, *id, *parent, &mut changes);
            }
        }
        for ((kind, place, before, after), change) in changes {
            let edit = Edit::Code { owner, ops: change.ops, added: change.added };
            self.add(kind, of, place, (before, after), edit);
        }
    }

    fn expression(&self, code: &Code, id: ExprId, parent: Option<ExprId>, changes: &mut Changes) {
        let Some(expr) = code.get(id) else { return };
        match &expr.op {
            Op::Compare(op, a, b) => {
                let other = flipped(*op);
                let (left, right) = (self.texts.of(code, *a), self.texts.of(code, *b));
                let words =
                    (format!("{left} {} {right}", sign(*op)), format!("{left} {} {right}", sign(other)));
                let change =
                    changes.entry((MutantKind::Comparison, expr.place, words.0, words.1)).or_default();
                change.ops.push((id, Op::Compare(other, *a, *b)));
            }
            Op::Between(of, low, high) => {
                for (lower, upper) in [(CompareOp::Lt, CompareOp::Le), (CompareOp::Le, CompareOp::Lt)] {
                    let [of_text, low_text, high_text] = [of, low, high].map(|id| self.texts.of(code, *id));
                    let words = (
                        format!("{of_text} between {low_text} and {high_text}"),
                        format!("{low_text} {} {of_text} {} {high_text}", sign(lower), sign(upper)),
                    );
                    let change =
                        changes.entry((MutantKind::Comparison, expr.place, words.0, words.1)).or_default();
                    change.within(code, (id, expr), [*low, *of, *high], (lower, upper));
                }
            }
            Op::InList(of, list) if list.len() > 1 => {
                for (position, value) in list.iter().enumerate() {
                    let mut fewer = list.clone();
                    fewer.remove(position);
                    let shown = |list: &[ExprId]| {
                        let values: Vec<String> = list.iter().map(|id| self.texts.of(code, *id)).collect();
                        format!("in ({})", values.join(", "))
                    };
                    let place = code.get(*value).map_or(expr.place, |value| value.place);
                    let key = (MutantKind::Comparison, place, shown(list), shown(&fewer));
                    changes.entry(key).or_default().ops.push((id, Op::InList(*of, fewer)));
                }
            }
            Op::Literal(value) => {
                let above = parent.and_then(|parent| code.get(parent));
                // What lowering adds itself stands where the whole of it stands.
                if above.is_some_and(|above| above.place == expr.place) {
                    return;
                }
                let compared = above.map(|above| &above.op);
                if !may_change(compared, expr) {
                    return;
                }
                for other in neighbours(&self.plan.symbols, value, expr.ty) {
                    let shown = show(&self.plan.symbols, &other, expr.ty);
                    let (before, after) = self.texts.within(code, id, parent, &shown);
                    let key = (MutantKind::Constant, expr.place, before, after);
                    changes.entry(key).or_default().ops.push((id, Op::Literal(other)));
                }
            }
            _ => {}
        }
    }
}

/// Categories have neighbours where they are compared by their order, flags where nothing else turns them round.
fn may_change(above: Option<&Op>, expr: &Expr) -> bool {
    match expr.ty.base {
        Base::Category(_) => matches!(
            above,
            Some(
                Op::Compare(CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge, ..)
                    | Op::Between(..)
            )
        ),
        Base::Flag => !matches!(above, Some(Op::Compare(..))),
        _ => true,
    }
}

/// Strict for not strict, equal for not equal.
pub(super) const fn flipped(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Eq => CompareOp::Ne,
        CompareOp::Ne => CompareOp::Eq,
        CompareOp::Lt => CompareOp::Le,
        CompareOp::Le => CompareOp::Lt,
        CompareOp::Gt => CompareOp::Ge,
        CompareOp::Ge => CompareOp::Gt,
    }
}

pub(super) const fn sign(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "=",
        CompareOp::Ne => "!=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
    }
}
