//! `expect …`: what should come out.

use std::sync::Arc;

use rubric_grammar::ast::{self, BinaryOp, ExprKind, Name};

use super::super::Lowering;
use super::super::lowering::index;
use super::super::member::AskedResult;
use super::super::names::Search;
use super::rows::Rows;
use super::{belongs_to_a_row, did_you_mean};
use crate::names::nearest;
use crate::plan::{
    CompareOp, DecisionId, ExpectBody, ExpectKind, Expected, Op, RequirementId, ResultId, ResultStatus,
    Symbol,
};
use crate::value::{Base, CategoryId, RecordId};

/// Statuses that a decision can have.
const OF_DECISION: [ResultStatus; 4] =
    [ResultStatus::Undetermined, ResultStatus::Conflict, ResultStatus::NotApplicable, ResultStatus::Error];

/// Statuses that a requirement can have.
const OF_REQUIREMENT: [ResultStatus; 8] = [
    ResultStatus::Met,
    ResultStatus::Violated,
    ResultStatus::Excepted,
    ResultStatus::Waived,
    ResultStatus::Pending,
    ResultStatus::NotApplicable,
    ResultStatus::Undetermined,
    ResultStatus::Error,
];

/// Statuses that an amount and its lines can have, beside their value.
const OF_AMOUNT: [ResultStatus; 3] =
    [ResultStatus::Undetermined, ResultStatus::NotApplicable, ResultStatus::Error];

/// States that a value can be in, beside known.
const OF_VALUE: [ResultStatus; 3] = [ResultStatus::Missing, ResultStatus::Unknown, ResultStatus::Error];

pub(super) fn expect(lowering: &mut Lowering<'_>, written: &ast::Expect, rows: &Rows) -> Option<ExpectBody> {
    let kind = kind(lowering, &written.condition, rows)?;
    clauses(lowering, written, &kind);
    let needs: Vec<Option<Arc<str>>> = written.needs.iter().map(|need| fact(lowering, need, rows)).collect();
    Some(ExpectBody {
        kind,
        by: written.by.iter().map(|name| Arc::from(name.text.as_str())).collect(),
        needs: needs.into_iter().collect::<Option<_>>()?,
        place: lowering.place(written.span),
    })
}

fn kind(lowering: &mut Lowering<'_>, condition: &ast::Expr, rows: &Rows) -> Option<ExpectKind> {
    match &*condition.kind {
        ExprKind::Paren(inner) => return kind(lowering, inner, rows),
        ExprKind::Name(_) if belongs_to_a_row(lowering, condition, rows) => return None,
        ExprKind::Binary(_, left, _) | ExprKind::Is { item: left, .. }
            if belongs_to_a_row(lowering, left, rows) =>
        {
            return None;
        }
        ExprKind::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), left, right) => {
            if let ExprKind::Name(word) = &*right.kind {
                let negated = *op == BinaryOp::Ne;
                let before = lowering.diagnostics.len();
                match lowering.result(left) {
                    Some(AskedResult { result: ResultId::Decision(id), of, .. }) => {
                        if let Some(expected) = of_decision(lowering, id, word)? {
                            return Some(ExpectKind::Decision { decision: id, of, expected, negated });
                        }
                    }
                    Some(AskedResult { result: ResultId::Amount(_), .. }) => {
                        if let Some(kind) = of_amount(lowering, left, word, negated)? {
                            return Some(kind);
                        }
                    }
                    Some(AskedResult { result: ResultId::Requirement(id), of, value }) => {
                        let expected = of_requirement(lowering, id, word)?;
                        return Some(ExpectKind::Requirement {
                            requirement: id,
                            value,
                            of,
                            expected,
                            negated,
                        });
                    }
                    None if lowering.diagnostics.len() > before => return None,
                    None => {
                        if let Some(kind) = of_line(lowering, left, word, negated)? {
                            return Some(kind);
                        }
                        if let Some(state) = state(lowering, left, word, negated)? {
                            return Some(state);
                        }
                    }
                }
            }
        }
        _ => {}
    }
    let id = lowering.condition(condition)?;
    let sides = match lowering.code.get(id).map(|expr| &expr.op) {
        Some(Op::Compare(CompareOp::Eq, a, b)) => Some((*a, *b)),
        _ => None,
    };
    Some(ExpectKind::Condition(id, sides))
}

fn status(word: &Name, among: &[ResultStatus]) -> Option<ResultStatus> {
    among.iter().copied().find(|status| status.word() == word.text)
}

/// `Some(None)`: the word is neither an outcome nor a status, but stands for something else.
fn of_decision(lowering: &mut Lowering<'_>, id: DecisionId, word: &Name) -> Option<Option<Expected>> {
    let decision = lowering.cx.symbols.decision(id)?;
    let category: CategoryId = decision.outcomes;
    if let Some(outcome) = lowering.category_value(category, &word.text) {
        lowering.mention(word.span, super::super::Target::Value(category, outcome));
        return Some(Some(Expected::Outcome(outcome)));
    }
    if let Some(status) = status(word, &OF_DECISION) {
        return Some(Some(Expected::Status(status)));
    }
    if lowering.find(&word.text, false) != Search::Nothing {
        return Some(None);
    }
    let outcomes = lowering.cx.symbols.category(category)?.values.iter().map(|value| value.name.as_str());
    let words: Vec<&str> = outcomes.chain(OF_DECISION.iter().map(|status| status.word())).collect();
    unknown_outcome(lowering, word, &decision.name, &words);
    None
}

/// `x.lcff = undetermined`; `Some(None)`: the word stands for a value.
fn of_amount(
    lowering: &mut Lowering<'_>,
    left: &ast::Expr,
    word: &Name,
    negated: bool,
) -> Option<Option<ExpectKind>> {
    if lowering.find(&word.text, false) != Search::Nothing {
        return Some(None);
    }
    let (id, _) = lowering.expr(left, None)?;
    let Some(Op::Amount { amount, line, of }) = lowering.code.get(id).map(|expr| expr.op.clone()) else {
        return Some(None);
    };
    if let Some(expected) = status(word, &OF_AMOUNT) {
        return Some(Some(ExpectKind::Amount { amount, line, of, expected, negated }));
    }
    let words: Vec<&str> = OF_AMOUNT.iter().map(|status| status.word()).collect();
    let name = &lowering.cx.symbols.amount(amount)?.name;
    unknown_outcome(lowering, word, name, &words);
    None
}

/// `x.lcff.base = undetermined`; `Some(None)`: no line is named.
fn of_line(
    lowering: &mut Lowering<'_>,
    left: &ast::Expr,
    word: &Name,
    negated: bool,
) -> Option<Option<ExpectKind>> {
    let named = match &*left.kind {
        ExprKind::Call(callee, _) => callee,
        _ => left,
    };
    let ExprKind::Field(base, _) = &*named.kind else { return Some(None) };
    match lowering.result(base) {
        Some(AskedResult { result: ResultId::Amount(_), .. }) => of_amount(lowering, left, word, negated),
        _ => Some(None),
    }
}

fn of_requirement(lowering: &mut Lowering<'_>, id: RequirementId, word: &Name) -> Option<ResultStatus> {
    if let Some(status) = status(word, &OF_REQUIREMENT) {
        return Some(status);
    }
    let name = &lowering.cx.symbols.requirement(id)?.name;
    let words: Vec<&str> = OF_REQUIREMENT.iter().map(|status| status.word()).collect();
    unknown_outcome(lowering, word, name, &words);
    None
}

fn unknown_outcome(lowering: &mut Lowering<'_>, word: &Name, of: &str, words: &[&str]) {
    let message = format!("`{}` is not an outcome of `{of}`", word.text);
    let diagnostic = lowering.error("unknown-outcome", word.span, message);
    let diagnostic = match nearest(&word.text, words.iter().copied()) {
        Some(near) => did_you_mean(diagnostic, near),
        None => diagnostic.help(format!("it gives {}", super::super::unit::one_of(words.iter().copied()))),
    };
    lowering.report(diagnostic);
}

/// `x = missing`; `Some(None)`: the word is a value.
fn state(
    lowering: &mut Lowering<'_>,
    left: &ast::Expr,
    word: &Name,
    negated: bool,
) -> Option<Option<ExpectKind>> {
    let Some(status) = status(word, &OF_VALUE) else { return Some(None) };
    if lowering.find(&word.text, false) != Search::Nothing {
        return Some(None);
    }
    let (id, ty) = lowering.expr(left, None)?;
    if let Base::Category(category) = ty.base
        && lowering.category_value(category, &word.text).is_some()
    {
        return Some(None);
    }
    if negated {
        let diagnostic =
            lowering.error("test-value", word.span, format!("`{}` is a state, not a value", word.text));
        lowering.report(diagnostic.help("write `is known`, or `is not missing`"));
        return None;
    }
    if status == ResultStatus::Missing && !ty.optional {
        let name = super::super::type_name(lowering.cx.symbols, ty);
        let message = format!("this is never missing: its type is `{name}`");
        let diagnostic = lowering.error("test-value", left.span, message);
        lowering.report(diagnostic.help("without the fact it is `unknown`"));
        return None;
    }
    Some(Some(ExpectKind::State(id, status)))
}

/// `by` and `needs` must fit what is expected.
fn clauses(lowering: &mut Lowering<'_>, written: &ast::Expect, kind: &ExpectKind) {
    let (decides, waits) = match kind {
        ExpectKind::Decision { expected, negated: false, .. } => {
            let undetermined = *expected == Expected::Status(ResultStatus::Undetermined);
            let conflict = *expected == Expected::Status(ResultStatus::Conflict);
            (matches!(expected, Expected::Outcome(_)) || conflict, undetermined)
        }
        ExpectKind::Requirement { expected, negated: false, .. } => {
            let by =
                matches!(expected, ResultStatus::Violated | ResultStatus::Excepted | ResultStatus::Waived);
            (by, *expected == ResultStatus::Undetermined)
        }
        ExpectKind::Amount { expected, negated: false, .. } => {
            (false, *expected == ResultStatus::Undetermined)
        }
        ExpectKind::State(_, ResultStatus::Unknown) => (false, true),
        _ => (false, false),
    };
    if let (Some(first), false) = (written.by.first(), decides) {
        let diagnostic = lowering
            .error("misplaced-clause", first.span, "nothing here is decided by a label")
            .help("`by` follows an outcome (`= retained by …`), `= conflict`, `= violated`, `= excepted` or `= waived`");
        lowering.report(diagnostic);
    }
    if let (Some(first), false) = (written.needs.first(), waits) {
        let diagnostic = lowering
            .error("misplaced-clause", first.span, "nothing is needed where there is a result")
            .help("`needs` follows `= undetermined` or `= unknown`");
        lowering.report(diagnostic);
    }
}

/// A fact that is needed: a field, `row.field`, a definition that the test makes unknown, or a record.
fn fact(lowering: &mut Lowering<'_>, written: &ast::Expr, rows: &Rows) -> Option<Arc<str>> {
    match &*written.kind {
        ExprKind::Name(name) => {
            if is_fact(lowering, name) {
                return Some(Arc::from(name.text.as_str()));
            }
            let symbols = lowering.cx.symbols;
            let fields =
                symbols.records.iter().flat_map(|record| &record.fields).map(|field| field.name.as_str());
            let near = nearest(&name.text, fields);
            let diagnostic =
                lowering.error("unknown-field", name.span, format!("no record has a field `{}`", name.text));
            lowering.report(match near {
                Some(near) => did_you_mean(diagnostic, near),
                None => diagnostic.help("name the field that is missing, or `row.field`"),
            });
            None
        }
        ExprKind::Field(base, name) => {
            let ExprKind::Name(row) = &*base.kind else { return not_a_fact(lowering, written) };
            let Some(found) = rows.find(&row.text) else { return not_a_fact(lowering, base) };
            let record: RecordId = found.record;
            let members = lowering.find_member(record, &name.text);
            let [member] = *members.as_slice() else {
                let declared = lowering.cx.symbols.record(record)?;
                let message = format!("`{}` has no field `{}`", declared.name, name.text);
                let diagnostic = lowering.error("unknown-field", name.span, message);
                let near = nearest(&name.text, declared.fields.iter().map(|field| field.name.as_str()));
                lowering.report(match near {
                    Some(near) => did_you_mean(diagnostic, near),
                    None => diagnostic,
                });
                return None;
            };
            lowering.mention_member(record, member, name.span);
            Some(Arc::from(format!("{}.{}", row.text, name.text)))
        }
        _ => not_a_fact(lowering, written),
    }
}

fn is_fact(lowering: &mut Lowering<'_>, name: &Name) -> bool {
    let symbols = lowering.cx.symbols;
    let scope = symbols.policy(lowering.cx.policy).map_or(&[][..], |policy| policy.scope.get(&name.text));
    let declared = scope.iter().copied().find(|symbol| {
        matches!(symbol, Symbol::Record(_) | Symbol::Define(_) | Symbol::Input(_) | Symbol::Parameter(_))
    });
    if let Some(symbol) = declared {
        lowering.mention(name.span, super::super::Target::Symbol(symbol));
        return true;
    }
    let mut of: Option<(RecordId, u32)> = None;
    for (record, declared) in symbols.records.iter().enumerate() {
        if let Some(field) = declared.fields.iter().position(|field| field.name == name.text) {
            of = of.or(Some((RecordId(index(record)), index(field))));
        }
    }
    if let Some((record, field)) = of {
        lowering.mention(name.span, super::super::Target::Field(record, field));
    }
    of.is_some()
}

fn not_a_fact(lowering: &mut Lowering<'_>, written: &ast::Expr) -> Option<Arc<str>> {
    let diagnostic = lowering.error("test-value", written.span, "this does not name a fact");
    lowering.report(diagnostic.help("name a field that is missing: `us_entry`, or `maria.us_entry`"));
    None
}
