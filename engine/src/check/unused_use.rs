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

use rubric_grammar::Span;
use rubric_grammar::ast::ItemKind;

use super::unused_definition::Source;
use super::walk;
use crate::diagnostic::{Applicability, Diagnostic, Place};
use crate::plan::{PolicyId, Symbol, Symbols};

pub(super) fn check<'d>(
    symbols: &Symbols,
    source: &Source<'_>,
    declared: &dyn Fn(PolicyId) -> &'d [Symbol],
    fixtures: &dyn Fn(PolicyId) -> Vec<String>,
    found: &mut Vec<Diagnostic>,
) {
    let mut written: Option<BTreeSet<&str>> = None;
    for (position, item) in source.items.iter().enumerate() {
        let ItemKind::Use(clause) = &item.kind else { continue };
        let segments: Vec<&str> = clause.path.segments.iter().map(|name| name.text.as_str()).collect();
        let path = segments.join(".");
        let policy = symbols.policies.iter().position(|policy| policy.name == path);
        let Some(policy) = policy.and_then(|position| u32::try_from(position).ok()).map(PolicyId) else {
            continue;
        };
        let written = written.get_or_insert_with(|| names(source));
        if policy == source.policy
            || declares_one_of(symbols, policy, declared(policy), written)
            // Fixtures are no symbols: a test may go on from one of a used policy.
            || fixtures(policy).iter().any(|name| written.contains(name.as_str()))
        {
            continue;
        }
        let item_place = |span: Span| Place { file: source.file, item: u32::try_from(position).ok(), span };
        let whole = item_place(Span::new(0, clause.path.span.end));
        found.push(
            Diagnostic::warning(
                "unused-use",
                item_place(clause.path.span),
                format!("nothing of `{path}` is named here"),
            )
            .help("remove the `use`")
            .fix("remove the `use`", Applicability::Maybe, vec![(whole, String::new())]),
        );
    }
}

fn names<'a>(source: &Source<'a>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    for item in source.items {
        walk::names(item, &mut |name| {
            found.insert(name.text.as_str());
        });
    }
    found
}

/// Whether a policy declares something, or adds a field to something, of one of these names.
fn declares_one_of(symbols: &Symbols, policy: PolicyId, declared: &[Symbol], names: &BTreeSet<&str>) -> bool {
    let has = |name: &str| names.contains(name);
    let file = symbols.policy(policy).map(|policy| policy.place.file);
    declared.iter().any(|symbol| match *symbol {
        Symbol::Category(id) => symbols.category(id).is_some_and(|category| {
            has(&category.name) || category.values.iter().any(|value| has(&value.name))
        }),
        Symbol::Record(id) => symbols.record(id).is_some_and(|it| has(&it.name)),
        Symbol::Input(id) => symbols.inputs.get(id.0 as usize).is_some_and(|it| has(&it.name)),
        Symbol::Parameter(id) => symbols.parameter(id).is_some_and(|it| has(&it.name)),
        Symbol::Define(id) => symbols.define(id).is_some_and(|it| has(&it.name)),
        Symbol::Decision(id) => symbols.decision(id).is_some_and(|it| has(&it.name)),
        Symbol::Requirement(id) => symbols.requirement(id).is_some_and(|it| has(&it.name)),
        Symbol::Amount(id) => symbols.amount(id).is_some_and(|it| has(&it.name)),
    }) || symbols
        .records
        .iter()
        .any(|record| record.fields.iter().any(|field| Some(field.place.file) == file && has(&field.name)))
}
