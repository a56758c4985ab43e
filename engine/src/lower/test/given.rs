//! `given x = v`: facts that a test fixes.

use rubric_grammar::ast::{self, ExprKind, Name};

use super::super::Lowering;
use super::super::names::{Found, Member, Search};
use super::rows::Rows;
use super::{belongs_to_a_row, constant, did_you_mean, is_constant};
use crate::names::nearest;
use crate::plan::{Code, ExprId, GivenBody, GivenTarget, GivenValue, Op, Symbol};
use crate::value::{Base, Type};

pub(super) fn given(lowering: &mut Lowering<'_>, written: &ast::Given, rows: &Rows) -> Option<GivenBody> {
    let (target, ty) = target(lowering, &written.target, rows)?;
    let value = value(lowering, &written.value, ty)?;
    Some(GivenBody { target, value, place: lowering.place(written.span) })
}

fn value(lowering: &mut Lowering<'_>, written: &ast::Expr, ty: Type) -> Option<GivenValue> {
    if let ExprKind::Name(name) = &*written.kind
        && lowering.find(&name.text, false) == Search::Nothing
    {
        match name.text.as_str() {
            "unknown" => return Some(GivenValue::Unknown),
            "missing" if ty.optional => return Some(GivenValue::Missing),
            "missing" => {
                let name = super::super::type_name(lowering.cx.symbols, ty);
                let diagnostic = lowering
                    .error("test-value", written.span, format!("this is never missing: its type is `{name}`"))
                    .help("write `unknown` for a value that is not on file, or give the type a `?`");
                lowering.report(diagnostic);
                return None;
            }
            _ => {}
        }
    }
    if let Base::Record(_) = ty.base {
        return lowering.value(written, Type::of(ty.base)).map(GivenValue::Value);
    }
    constant(lowering, written, Type::of(ty.base)).map(GivenValue::Value)
}

fn target(lowering: &mut Lowering<'_>, written: &ast::Expr, rows: &Rows) -> Option<(GivenTarget, Type)> {
    match &*written.kind {
        ExprKind::Name(_) if belongs_to_a_row(lowering, written, rows) => None,
        ExprKind::Name(name) => declared(lowering, name, &[], written),
        ExprKind::Call(of, arguments) => match &*of.kind {
            ExprKind::Name(name) => declared(lowering, name, arguments, written),
            _ => not_fixable(lowering, written),
        },
        ExprKind::Field(base, name) => of_row(lowering, base, name, rows),
        _ => not_fixable(lowering, written),
    }
}

/// A parameter, or a derived fact of no record.
fn declared(
    lowering: &mut Lowering<'_>,
    name: &Name,
    arguments: &[ast::Expr],
    written: &ast::Expr,
) -> Option<(GivenTarget, Type)> {
    let symbols = lowering.cx.symbols;
    match lowering.find(&name.text, false) {
        Search::One(Found::Symbol(symbol @ Symbol::Parameter(id))) => {
            lowering.mention(name.span, super::super::Target::Symbol(symbol));
            let parameter = symbols.parameter(id)?;
            if parameter.by.len() != arguments.len() {
                let message = format!(
                    "`{}` has {} keys, and {} are given",
                    name.text,
                    parameter.by.len(),
                    arguments.len()
                );
                let diagnostic = lowering.error("wrong-arguments", written.span, message);
                lowering.report(diagnostic.help("fix one cell of a table: `given rate(paid) = $1`"));
                return None;
            }
            if let Base::Set(_) = parameter.ty.base {
                let diagnostic =
                    lowering.error("test-value", written.span, "a set cannot be fixed by `given`");
                lowering
                    .report(diagnostic.help("choose another `as of`, or fix the fact that reads the set"));
                return None;
            }
            let keys: Vec<Option<ExprId>> = parameter
                .by
                .iter()
                .zip(arguments)
                .map(|(ty, argument)| constant(lowering, argument, *ty))
                .collect();
            Some((GivenTarget::Parameter(id, keys.into_iter().collect::<Option<_>>()?), parameter.ty))
        }
        Search::One(Found::Symbol(symbol @ Symbol::Define(id))) => {
            lowering.mention(name.span, super::super::Target::Symbol(symbol));
            let define = symbols.define(id)?;
            if define.of.is_some() {
                let message = format!("`{}` belongs to a row", name.text);
                let diagnostic = lowering.error("test-value", written.span, message);
                lowering.report(diagnostic.help(format!("say which: `given maria.{} = …`", name.text)));
                return None;
            }
            if !define.params.is_empty() {
                return takes_arguments(lowering, name);
            }
            Some((GivenTarget::Define(id, None), define.ty))
        }
        Search::One(Found::Symbol(symbol @ Symbol::Input(id))) => {
            lowering.mention(name.span, super::super::Target::Symbol(symbol));
            let input = symbols.inputs.get(id.0 as usize)?;
            Some((GivenTarget::Input(id), input.ty))
        }
        Search::Nothing => {
            lowering.report_unknown(name, None);
            None
        }
        Search::One(_) => not_fixable(lowering, written),
        several => {
            lowering.report_ambiguous(name, &several);
            None
        }
    }
}

fn of_row(
    lowering: &mut Lowering<'_>,
    base: &ast::Expr,
    name: &Name,
    rows: &Rows,
) -> Option<(GivenTarget, Type)> {
    let symbols = lowering.cx.symbols;
    let (of, _) = lowering.dotted(base)?;
    let Some(Op::TestRow(row)) = lowering.code.get(of).map(|expr| expr.op.clone()) else {
        return not_fixable(lowering, base);
    };
    let record = rows.record(row)?;
    let members = lowering.find_member(record, &name.text);
    let [member] = *members.as_slice() else {
        let declared = symbols.record(record)?;
        let message = format!("`{}` has no field or definition `{}`", declared.name, name.text);
        let diagnostic = lowering.error("unknown-field", name.span, message);
        let defines = symbols
            .defines
            .iter()
            .filter(|define| define.of == Some(record))
            .map(|define| define.name.as_str());
        let known = declared.fields.iter().map(|field| field.name.as_str()).chain(defines);
        let diagnostic = match nearest(&name.text, known) {
            Some(near) => did_you_mean(diagnostic, near),
            None => diagnostic,
        };
        lowering.report(diagnostic);
        return None;
    };
    lowering.mention_member(record, member, name.span);
    match member {
        Member::Field(field) => {
            let ty = symbols.record(record)?.fields.get(field as usize)?.ty;
            if let Base::Many(_) = ty.base {
                return not_fixable(lowering, base);
            }
            Some((GivenTarget::Field { row, field }, ty))
        }
        Member::Define(id) => {
            let define = symbols.define(id)?;
            if !define.params.is_empty() {
                return takes_arguments(lowering, name);
            }
            Some((GivenTarget::Define(id, Some(row)), define.ty))
        }
        Member::Decision(_) | Member::Requirement(_) | Member::Amount(_) => {
            let message = format!("`{}` is what is decided, and cannot be fixed", name.text);
            let diagnostic = lowering.error("test-value", name.span, message);
            lowering.report(diagnostic.help("fix the facts it hangs on"));
            None
        }
    }
}

fn takes_arguments(lowering: &mut Lowering<'_>, name: &Name) -> Option<(GivenTarget, Type)> {
    let message = format!("`{}` takes arguments, and cannot be fixed for all of them", name.text);
    let diagnostic = lowering.error("test-value", name.span, message);
    lowering.report(diagnostic.help("fix the facts it reads"));
    None
}

fn not_fixable(lowering: &mut Lowering<'_>, written: &ast::Expr) -> Option<(GivenTarget, Type)> {
    let diagnostic = lowering.error("test-value", written.span, "this cannot be fixed");
    lowering.report(diagnostic.help(
        "`given` fixes a field or definition of a row (`maria.intensive_years`), a parameter or an input",
    ));
    None
}

/// Whether two of them fix the same thing, so that the later one counts.
pub(super) fn same_target(code: &Code, a: &GivenTarget, b: &GivenTarget) -> bool {
    match (a, b) {
        (GivenTarget::Parameter(a, x), GivenTarget::Parameter(b, y)) => {
            let op = |id: &ExprId| code.get(*id).map(|expr| &expr.op);
            a == b
                && x.len() == y.len()
                && x.iter().zip(y).all(|(x, y)| is_constant(code, *x) && op(x) == op(y))
        }
        (a, b) => a == b,
    }
}
