//! Tests and fixtures: rows, what is fixed, and what is expected.
//!
//! A test is read together with the fixtures that it is from, the first fixture first: a later statement about the same row
//! changes it. Rows may name rows that come later. What is wrong in a fixture is reported at the fixture only.

mod expect;
mod given;
mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;

use rubric_grammar::ast::{self, Item, ItemKind, Name, Statement};

use self::rows::Rows;
use super::{Context, Lowered, Lowering};
use crate::diagnostic::{Applicability, Diagnostic, FileId};
use crate::names::nearest;
use crate::plan::{Code, ExprId, Op, PolicyId, TestBody};
use crate::value::{Base, Type};

/// The fixtures that a policy can name: its own and those of the policies it uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fixtures {
    by_name: BTreeMap<String, (Item, FileId, u32)>,
}

impl Fixtures {
    /// By name: the item, its file and its position there.
    #[must_use]
    pub const fn new(by_name: BTreeMap<String, (Item, FileId, u32)>) -> Self {
        Self { by_name }
    }

    fn get(&self, name: &str) -> Option<(&ast::Fixture, &Item, FileId, u32)> {
        let (item, file, position) = self.by_name.get(name)?;
        match &item.kind {
            ItemKind::Fixture(fixture) => Some((fixture, item, *file, *position)),
            _ => None,
        }
    }
}

/// The statements of one fixture, or of the test itself, and where they stand.
#[derive(Clone, Copy, Debug)]
struct Layer<'a> {
    policy: PolicyId,
    file: FileId,
    item: u32,
    statements: &'a [Statement],
}

/// Lowers a test.
#[must_use]
pub fn test(cx: &Context<'_>, written: &ast::Test, fixtures: &Fixtures) -> Lowered<TestBody> {
    let mut lowering = Lowering::new(cx);
    lowering.in_test = true;
    let layers = layers(&mut lowering, written.from.as_ref(), None, &written.statements, fixtures);
    let parts = statements(&mut lowering, &layers);
    if !lowering.failed {
        for (row, message) in parts.rows.without_key(&lowering) {
            let own = (row.file, row.item) == (cx.file, Some(cx.item));
            let place = if own { row } else { cx.place(written.title.span) };
            let diagnostic = Diagnostic::error("missing-key", place, message);
            lowering.report(diagnostic.help("another row names it, so its whole key must be stated"));
        }
    }
    if parts.as_of.is_none() && !lowering.failed {
        let diagnostic = Diagnostic::error(
            "missing-as-of",
            cx.place(written.title.span),
            "this test does not say on which day the law is asked",
        );
        lowering.report(diagnostic.help("add `as of 2024-06-01` to it, or to its fixture"));
    }
    if parts.expects.is_empty() && !lowering.failed {
        let diagnostic =
            Diagnostic::warning("empty-test", cx.place(written.title.span), "this test expects nothing");
        lowering.report(diagnostic.help("say what should come out: `expect maria.promotion = retained`"));
    }
    let (title, place) = (Arc::from(written.title.value.as_str()), cx.place(written.title.span));
    finish(lowering, cx, |code| TestBody {
        title,
        policy: cx.policy,
        as_of: parts.as_of,
        rows: parts.rows.rows,
        empty: parts.rows.empty,
        givens: parts.givens,
        waivers: parts.waivers,
        expects: parts.expects,
        code,
        place,
    })
}

/// Checks a fixture, which has no body of its own: it is lowered with each test that is from it.
#[must_use]
pub fn fixture(cx: &Context<'_>, written: &ast::Fixture, fixtures: &Fixtures) -> Lowered<()> {
    let mut lowering = Lowering::new(cx);
    lowering.in_test = true;
    let own = written.name.text.as_str();
    let layers = layers(&mut lowering, written.from.as_ref(), Some(own), &written.statements, fixtures);
    for statement in &written.statements {
        if let Statement::Expect(expect) = statement {
            let diagnostic =
                Diagnostic::error("misplaced-expect", cx.place(expect.span), "a fixture expects nothing")
                    .help("a fixture states facts that several tests share: move this to a test");
            lowering.report(diagnostic);
        }
    }
    statements(&mut lowering, &layers);
    finish(lowering, cx, |_| ())
}

/// Only what is said of the item itself is kept: a fixture's faults are reported once, there.
fn finish<T>(mut lowering: Lowering<'_>, cx: &Context<'_>, body: impl FnOnce(Code) -> T) -> Lowered<T> {
    let own = |place: crate::diagnostic::Place| (place.file, place.item) == (cx.file, Some(cx.item));
    lowering.diagnostics.retain(|diagnostic| diagnostic.place().is_none_or(own));
    lowering.mentions.retain(|mention| own(mention.place));
    lowering.finish(|code| Some(body(code)))
}

/// The fixtures that lead to the statements, the first of them first, and the statements.
fn layers<'a>(
    lowering: &mut Lowering<'_>,
    from: Option<&'a Name>,
    own: Option<&'a str>,
    statements: &'a [Statement],
    fixtures: &'a Fixtures,
) -> Vec<Layer<'a>> {
    let cx = lowering.cx;
    let mut layers = vec![Layer { policy: cx.policy, file: cx.file, item: cx.item, statements }];
    let mut seen: Vec<&str> = own.into_iter().collect();
    let mut next = from;
    while let Some(name) = next {
        let in_own_text = layers.len() == 1;
        let Some((fixture, item, file, position)) = fixtures.get(&name.text) else {
            if in_own_text {
                report_unknown_fixture(lowering, name, fixtures);
            }
            lowering.failed = true;
            break;
        };
        if seen.contains(&name.text.as_str()) {
            if let (true, Some(first)) = (own.is_some(), from) {
                let diagnostic = lowering.error(
                    "cycle",
                    first.span,
                    format!("the fixture `{}` is from itself", name.text),
                );
                lowering.report(
                    diagnostic.help("a fixture goes on from another one that does not lead back to it"),
                );
            }
            lowering.failed = true;
            break;
        }
        if item.damaged {
            lowering.failed = true;
        }
        seen.push(&name.text);
        let policies = &cx.symbols.policies;
        let policy = policies.iter().position(|policy| policy.place.file == file).map(super::lowering::index);
        let policy = policy.map_or(cx.policy, PolicyId);
        layers.push(Layer { policy, file, item: position, statements: &fixture.statements });
        next = fixture.from.as_ref();
    }
    layers.reverse();
    layers
}

fn report_unknown_fixture(lowering: &mut Lowering<'_>, name: &Name, fixtures: &Fixtures) {
    let diagnostic =
        lowering.error("unknown-fixture", name.span, format!("there is no fixture `{}` here", name.text));
    let near = nearest(&name.text, fixtures.by_name.keys().map(String::as_str));
    let diagnostic = match near {
        Some(near) => did_you_mean(diagnostic, near),
        None => diagnostic.help("a test can go on from a fixture of its own policy or of a policy it uses"),
    };
    lowering.report(diagnostic);
}

/// Proposes another name at the diagnostic's place.
fn did_you_mean(diagnostic: Diagnostic, near: &str) -> Diagnostic {
    let Some(place) = diagnostic.place() else { return diagnostic };
    diagnostic.help(format!("did you mean `{near}`?")).fix(
        format!("replace with `{near}`"),
        Applicability::Maybe,
        vec![(place, near.to_owned())],
    )
}

/// What the statements come to.
struct Parts {
    as_of: Option<ExprId>,
    rows: Rows,
    givens: Vec<crate::plan::GivenBody>,
    waivers: Vec<crate::plan::WaiverBody>,
    expects: Vec<crate::plan::ExpectBody>,
}

fn statements(lowering: &mut Lowering<'_>, layers: &[Layer<'_>]) -> Parts {
    let own = lowering.cx;
    let rows = rows::rows(lowering, layers);
    let (mut as_of, mut givens, mut waivers, mut expects) = (None, Vec::new(), Vec::new(), Vec::new());
    for (position, layer) in layers.iter().enumerate() {
        enter(lowering, layer);
        for statement in layer.statements {
            match statement {
                Statement::AsOf(day) => as_of = constant(lowering, day, Type::of(Base::Date)),
                Statement::Given(written) => {
                    if let Some(given) = given::given(lowering, written, &rows) {
                        givens.retain(|other: &crate::plan::GivenBody| {
                            !given::same_target(&lowering.code, &other.target, &given.target)
                        });
                        givens.push(given);
                    }
                }
                // Expectations of a fixture are an error there.
                Statement::Expect(written) if position + 1 == layers.len() => {
                    expects.extend(expect::expect(lowering, written, &rows));
                }
                Statement::Waiver(row) => {
                    let waiver = lowering.waiver(row, |lowering, of| {
                        let (id, _) = lowering.expr(of, None)?;
                        let is_row =
                            matches!(lowering.code.get(id).map(|expr| &expr.op), Some(Op::TestRow(_)));
                        if !is_row {
                            let diagnostic =
                                lowering.error("test-value", of.span, "this does not name a row of the test");
                            lowering.report(diagnostic.help("write the name of a row, such as `maria`"));
                        }
                        Some(id).filter(|_| is_row)
                    });
                    waivers.retain(|other: &crate::plan::WaiverBody| {
                        waiver.as_ref().is_none_or(|waiver| waiver.name != other.name)
                    });
                    waivers.extend(waiver);
                }
                Statement::Row(_) | Statement::No(_) | Statement::Expect(_) => {}
            }
        }
    }
    lowering.cx = own;
    Parts { as_of, rows, givens, waivers, expects }
}

/// What follows is written in that layer.
fn enter(lowering: &mut Lowering<'_>, layer: &Layer<'_>) {
    lowering.cx.policy = layer.policy;
    lowering.cx.file = layer.file;
    lowering.cx.item = layer.item;
}

/// A value that hangs on no record.
fn constant(lowering: &mut Lowering<'_>, written: &ast::Expr, ty: Type) -> Option<ExprId> {
    let (id, _) = lowering.value_with_type(written, ty)?;
    if is_constant(&lowering.code, id) {
        return Some(id);
    }
    let diagnostic =
        lowering.error("test-value", written.span, "this hangs on records or on the day of the run");
    lowering.report(diagnostic.help("a test states facts: write the value itself"));
    None
}

/// Reports a bare name that only makes sense of a row, and says of which; `false`: it is none.
fn belongs_to_a_row(lowering: &mut Lowering<'_>, written: &ast::Expr, rows: &Rows) -> bool {
    let ast::ExprKind::Name(name) = &*written.kind else { return false };
    let free = match lowering.find(&name.text, false) {
        super::names::Search::Nothing => true,
        super::names::Search::One(super::names::Found::Symbol(symbol)) => {
            super::names::member_of(lowering.cx.symbols, symbol).is_some()
        }
        _ => false,
    };
    let Some(row) = rows.with_member(lowering, &name.text).filter(|_| free) else { return false };
    let dotted = format!("{}.{}", row.name, name.text);
    let diagnostic = lowering.error("wrong-record", name.span, format!("`{}` belongs to a row", name.text));
    lowering.report(diagnostic.help(format!("say to which: `{dotted}`")));
    true
}

/// Whether an expression uses neither records nor declarations; `index` may be used.
fn is_constant(code: &Code, id: ExprId) -> bool {
    let reads = |op: &Op| {
        matches!(
            op,
            Op::Aggregate { .. }
                | Op::Pick { .. }
                | Op::Quantity(..)
                | Op::Population(_)
                | Op::AsOf
                | Op::Input(_)
                | Op::Row(_)
                | Op::TestRow(_)
                | Op::Field { .. }
                | Op::Define { .. }
                | Op::Decision { .. }
                | Op::IsMet { .. }
                | Op::Amount { .. }
                | Op::Apportion { .. }
                | Op::Parameter { .. }
                | Op::Lookup { .. }
        )
    };
    !crate::plan::any_operation(code, id, reads)
}

#[cfg(test)]
mod tests;
