//! # nothing of a used policy is named
//!
//! Severity: warning
//!
//! `use a.b` makes the names of another policy visible. When the file names none of its records, fields, categories, values,
//! parameters, definitions or results, the clause can go; it only makes the file look as if it hung on the other.
//!
//! Wrong:
//!
//! ```rubric
//! use k12.staff
//!
//! define on_track of Student: flag = credits >= 5
//! ```
//!
//! Right:
//!
//! ```rubric
//! define on_track of Student: flag = credits >= 5
//! ```
//!
//! To keep it, write `allow(unused-use) "why"` before the clause.

use std::collections::BTreeSet;
use std::sync::Arc;

use rubric_grammar::Span;
use rubric_grammar::ast::ItemKind;

use super::unused_definition::Source;
use super::walk;
use crate::diagnostic::{Applicability, Diagnostic, Place};
use crate::plan::{PolicyId, Symbol, Symbols};

pub(super) fn check(
    symbols: &Symbols,
    source: &Source<'_>,
    names: &dyn Fn(PolicyId) -> Arc<BTreeSet<String>>,
    found: &mut Vec<Diagnostic>,
) {
    let mut open: Vec<(usize, String, Span, Arc<BTreeSet<String>>)> = Vec::new();
    for (position, item) in source.items.iter().enumerate() {
        let ItemKind::Use(clause) = &item.kind else { continue };
        let segments: Vec<&str> = clause.path.segments.iter().map(|name| name.text.as_str()).collect();
        let path = segments.join(".");
        let policy = symbols.policies.iter().position(|policy| policy.name == path);
        let policy = policy.and_then(|position| u32::try_from(position).ok()).map(PolicyId);
        if let Some(policy) = policy.filter(|policy| *policy != source.policy) {
            open.push((position, path, clause.path.span, names(policy)));
        }
    }
    // Most files name something of what they use soon: the rest is not looked at.
    for item in source.items {
        if open.is_empty() {
            return;
        }
        walk::names(item, &mut |name| open.retain(|(.., declared)| !declared.contains(&name.text)));
    }
    for (position, path, span, _) in open {
        let item_place = |span: Span| Place { file: source.file, item: u32::try_from(position).ok(), span };
        let whole = item_place(Span::new(0, span.end));
        found.push(
            Diagnostic::warning("unused-use", item_place(span), format!("nothing of `{path}` is named here"))
                .help("remove the `use`")
                .fix("remove the `use`", Applicability::Maybe, vec![(whole, String::new())]),
        );
    }
}

/// The names by which a policy is used: of what it declares, of the values and fields of that, and of its fixtures.
pub(super) fn names(
    symbols: &Symbols,
    policy: PolicyId,
    declared: &[Symbol],
    fixtures: &[String],
) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = fixtures.iter().cloned().collect();
    for symbol in declared {
        found.extend(symbols.name(*symbol).map(ToOwned::to_owned));
        if let Symbol::Category(id) = *symbol
            && let Some(category) = symbols.category(id)
        {
            found.extend(category.values.iter().map(|value| value.name.clone()));
        }
    }
    // A field that it adds to a record of another policy counts as well.
    let file = symbols.policy(policy).map(|policy| policy.place.file);
    let fields = symbols.records.iter().flat_map(|record| &record.fields);
    found.extend(
        fields.filter(|field| Some(field.place.file) == file).map(|field| field.name.clone()),
    );
    found
}
