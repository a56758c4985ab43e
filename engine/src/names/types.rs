//! Types as written, resolved.

use rubric_grammar::ast::{Name, TypeExpr, TypeKind};

use super::scope::suggest;
use crate::diagnostic::{Diagnostic, Place};
use crate::plan::{PolicyId, Symbol, Symbols};
use crate::value::{Base, Type};

/// The names of the built-in types.
pub const BUILT_IN: [&str; 10] =
    ["flag", "count", "number", "percent", "money", "text", "date", "school_year", "days", "months"];

/// The built-in type of a name.
pub(crate) fn built_in(name: &str) -> Option<Base> {
    Some(match name {
        "flag" => Base::Flag,
        "count" => Base::Count,
        "number" => Base::Number,
        "percent" => Base::Percent,
        "money" => Base::Money,
        "text" => Base::Text,
        "date" => Base::Date,
        "school_year" => Base::SchoolYear,
        "days" => Base::Days,
        "months" => Base::Months,
        _ => return None,
    })
}

/// The type of a field, define or parameter. `many` is for record fields and is resolved with them; elsewhere it is an
/// error.
pub(super) fn resolve(
    symbols: &Symbols,
    policy: PolicyId,
    written: &TypeExpr,
    place: impl Fn(rubric_grammar::Span) -> Place,
    diagnostics: &mut Vec<Diagnostic>,
) -> Type {
    let base = match &written.kind {
        TypeKind::Name(name) => named(symbols, policy, name, place(name.span), diagnostics),
        TypeKind::Set(name) => match named(symbols, policy, name, place(name.span), diagnostics) {
            Base::Category(category) => Base::Set(category),
            Base::Damaged => Base::Damaged,
            _ => {
                diagnostics.push(
                    Diagnostic::error(
                        "type-mismatch",
                        place(name.span),
                        format!("a set holds values of a category, and `{}` is none", name.text),
                    )
                    .help("declare a category and write `set of` its name"),
                );
                Base::Damaged
            }
        },
        TypeKind::Many { .. } => {
            diagnostics.push(
                Diagnostic::error(
                    "type-mismatch",
                    place(written.span),
                    "only a field of a record can be `many`",
                )
                .help("write an aggregate over the record's `many` field instead"),
            );
            Base::Damaged
        }
    };
    Type { base, optional: written.optional }
}

pub(crate) fn named(
    symbols: &Symbols,
    policy: PolicyId,
    name: &Name,
    place: Place,
    diagnostics: &mut Vec<Diagnostic>,
) -> Base {
    if let Some(base) = built_in(&name.text) {
        return base;
    }
    let Some(scope) = symbols.policy(policy).map(|policy| &policy.scope) else { return Base::Damaged };
    let found: Vec<Base> = scope
        .get(&name.text)
        .iter()
        .filter_map(|symbol| match symbol {
            Symbol::Category(id) => Some(Base::Category(*id)),
            Symbol::Record(id) => Some(Base::Record(*id)),
            _ => None,
        })
        .collect();
    if let [base, rest @ ..] = found.as_slice() {
        if !rest.is_empty() {
            diagnostics.push(
                Diagnostic::error(
                    "ambiguous-name",
                    place,
                    format!("`{}` is declared by two of the policies used here", name.text),
                )
                .help("use only one of them, or rename one"),
            );
        }
        return *base;
    }
    let in_scope = scope.names.iter().filter_map(|(name, symbols)| {
        symbols
            .iter()
            .any(|symbol| matches!(symbol, Symbol::Category(_) | Symbol::Record(_)))
            .then_some(name.as_str())
    });
    let diagnostic = Diagnostic::error("unknown-type", place, format!("there is no type `{}`", name.text));
    diagnostics.push(suggest(diagnostic, symbols, &name.text, place, BUILT_IN.into_iter().chain(in_scope)));
    Base::Damaged
}
