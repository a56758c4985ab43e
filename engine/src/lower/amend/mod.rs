//! `amend`: what authorities below change of a declaration, one file for each kind.
//!
//! An amendment is lowered by itself, with the law of its parents at hand; `layer` joins it with what it amends.

mod amount;
mod decision;
mod parameter;
mod requirement;

use std::sync::Arc;

use rubric_grammar::Span;
use rubric_grammar::ast;

use super::Lowering;
use super::lowering::cites;
use crate::diagnostic::Diagnostic;
use crate::plan::{Amendment, ExprId, Interval, Permission, Symbol};
use crate::value::RecordId;

pub use amount::amount;
pub use decision::decision;
pub use parameter::parameter;
pub use requirement::requirement;

/// Citations of the whole belong to each part of an amendment.
fn all_cites(whole: &[ast::Text], own: &[Arc<str>]) -> Vec<Arc<str>> {
    cites(whole).into_iter().chain(own.iter().cloned()).collect()
}

/// An interval in words.
fn days(interval: Interval) -> String {
    match (interval.from, interval.until) {
        (None, None) => "always".to_owned(),
        (Some(from), None) => format!("from {from} on"),
        (None, Some(until)) => format!("until {until}"),
        (Some(from), Some(until)) => format!("from {from} until {until}"),
    }
}

impl Lowering<'_> {
    /// Reports what an amendment cannot say.
    fn not_amendable(&mut self, span: Span, what: &str, help: &str) {
        let diagnostic =
            self.error("not-amendable", span, format!("an amendment cannot change {what}")).help(help);
        self.report(diagnostic);
    }

    /// The record of what is amended, with the name bound to it, and whether a row is of the authority.
    fn amended_record(
        &mut self,
        amendment: &Amendment,
        name: &ast::Name,
    ) -> Option<(RecordId, Option<ExprId>)> {
        let symbols = self.cx.symbols;
        self.mention(name.span, super::Target::Symbol(amendment.target));
        let Some(record) = symbols.of(amendment.target).filter(|of| symbols.record(*of).is_some()) else {
            self.failed = true;
            return None;
        };
        self.bind_record(record);
        let guard = self.guard((0, record), amendment.policy, symbols.owner(amendment.target));
        if guard.is_none()
            && !self.failed
            && let Some(authority) = symbols.authority(amendment.policy)
        {
            let place = self.place(name.span);
            let why =
                format!("`{}` is amended here for the records of one {}", name.text, authority.level.word());
            self.report_no_jurisdiction(place, record, &authority.level, &why);
        }
        Some((record, guard))
    }

    /// Whether the policy was granted one of these; else a report that names the grant. The first is the one to ask for.
    fn is_granted(&mut self, amendment: &Amendment, wanted: &[Permission], span: Span, what: &str) -> bool {
        let symbols = self.cx.symbols;
        let granted = symbols.granted(amendment.target, amendment.policy);
        if granted.iter().any(|grant| wanted.iter().any(|one| grant.what.includes(*one))) {
            return true;
        }
        let name = symbols.name(amendment.target).unwrap_or_default();
        let owner = symbols.owner(amendment.target).and_then(|owner| symbols.policy(owner));
        let owner_name = owner.map_or("", |owner| owner.name.as_str());
        let plural = symbols
            .authority(amendment.policy)
            .map_or_else(String::new, |it| format!("{}s", it.level.word()));
        let kind = match amendment.target {
            Symbol::Parameter(_) => "parameter",
            Symbol::Decision(_) => "decision",
            Symbol::Requirement(_) => "requirement",
            _ => "amount",
        };
        let first = wanted.first().map_or("", |one| one.word());
        let message = match granted.first() {
            None => format!("`{name}` is fixed for {plural}: nobody granted to change it"),
            Some(grant) => format!("{plural} may {} `{name}`, and this {what}", grant.what.word()),
        };
        let help = format!(
            "it would have to be granted above, in `{owner_name}`: `, {plural} may {first}` before the `{{` of `{kind} {name}`"
        );
        let mut diagnostic = Diagnostic::error("missing-grant", self.place(span), message);
        diagnostic = match granted.first() {
            Some(grant) => diagnostic.label(grant.place, "what is granted"),
            None => match symbols.place(amendment.target) {
                Some(place) => diagnostic.label(place, "declared here"),
                None => diagnostic,
            },
        };
        self.report(diagnostic.help(help));
        false
    }
}
