//! What the language has and the engine does not evaluate yet: one clear error on the construct.

use rubric_grammar::Span;
use rubric_grammar::ast::{Item, ItemKind};

use super::Context;
use crate::diagnostic::{Diagnostic, Place};

/// The error for one construct.
pub(super) fn not_supported(place: Place, construct: &str) -> Diagnostic {
    Diagnostic::error("not-supported-yet", place, format!("{construct} is not supported yet"))
        .help("it is part of the language and will be evaluated by a later version; until then remove it")
}

/// The constructs of an item that are not evaluated yet.
#[must_use]
pub fn unsupported(cx: &Context<'_>, item: &Item) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut add = |span: Span, construct: &str| found.push(not_supported(cx.place(span), construct));
    match &item.kind {
        ItemKind::Amount(amount) => {
            if amount.amend {
                add(amount.name.span, "`amend`");
            } else if let Some(grant) = amount.grants.first() {
                add(grant.span, "a grant to other authorities");
            }
        }
        ItemKind::Parameter(parameter) => {
            if parameter.amend {
                add(parameter.name.span, "`amend`");
            } else if let Some(grant) = parameter.grants.first() {
                add(grant.span, "a grant to other authorities");
            }
        }
        ItemKind::Decision(decision) => {
            if decision.amend {
                add(decision.name.span, "`amend`");
            } else if let Some(grant) = decision.grants.first() {
                add(grant.span, "a grant to other authorities");
            }
        }
        ItemKind::Requirement(requirement) => {
            if requirement.amend {
                add(requirement.name.span, "`amend`");
            } else if let Some(grant) = requirement.grants.first() {
                add(grant.span, "a grant to other authorities");
            }
        }
        _ => {}
    }
    found
}
