//! `waiver w { target: …  key: …  authority: …  from: …  until: …  reason: … }`.

use std::sync::Arc;

use rubric_grammar::ast::{self, ExprKind, Literal};

use super::{Context, Lowered, Lowering};
use crate::names::nearest;
use crate::plan::{ExprId, Interval, WaiverBody, WaiverSubject};
use crate::value::Date;

const FIELDS: [&str; 7] = ["target", "of", "key", "authority", "from", "until", "reason"];

/// Lowers a waiver that a policy states; its row is named by its key.
#[must_use]
pub fn waiver(cx: &Context<'_>, item: &ast::Row) -> Lowered<WaiverBody> {
    let mut lowering = Lowering::new(cx);
    let body = lowering.waiver(item, |lowering, of| {
        let diagnostic = lowering
            .error("bad-waiver", of.span, "rows have names only in tests")
            .help("name the row by its key, as data has it: `key: \"S1/SY2024-25\"`");
        lowering.report(diagnostic);
        None
    });
    lowering.finish(|_| body)
}

impl Lowering<'_> {
    /// A waiver; `row` finds the row after `of`.
    pub(super) fn waiver(
        &mut self,
        item: &ast::Row,
        row: impl FnOnce(&mut Self, &ast::Expr) -> Option<ExprId>,
    ) -> Option<WaiverBody> {
        for (at, field) in item.fields.iter().enumerate() {
            let name = field.name.text.as_str();
            if !FIELDS.contains(&name) {
                let diagnostic =
                    self.error("unknown-field", field.name.span, format!("a waiver has no field `{name}`"));
                let diagnostic = match nearest(name, FIELDS) {
                    Some(near) => super::names::replace(diagnostic, near),
                    None => diagnostic.help(format!("its fields are {}", super::unit::one_of(FIELDS))),
                };
                self.report(diagnostic);
            } else if item.fields.iter().take(at).any(|other| other.name.text == name) {
                let diagnostic = self
                    .error("duplicate-name", field.name.span, format!("`{name}` is stated twice"))
                    .help("remove one of them");
                self.report(diagnostic);
            }
        }
        let before = self.diagnostics.len();
        let field =
            |name: &str| item.fields.iter().find(|field| field.name.text == name).map(|field| &field.value);
        let target = field("target").map(|written| (self.waived(written), written.span));
        let authority = field("authority").map(|written| (self.plain_text(written), written.span));
        let reason = field("reason").map(|written| self.plain_text(written));
        let from = field("from").map(|written| self.plain_day(written));
        let until = field("until").map(|written| self.plain_day(written));
        let subject = match (field("of"), field("key")) {
            (Some(of), None) => Some(row(self, of).map(WaiverSubject::Row)),
            (None, Some(key)) => Some(self.plain_text(key).map(WaiverSubject::Key)),
            (Some(_), Some(key)) => {
                let diagnostic = self
                    .error("bad-waiver", key.span, "the row is named twice, by `of` and by `key`")
                    .help("remove one of them");
                self.report(diagnostic);
                Some(None)
            }
            (None, None) => None,
        };
        let lacks = [
            ("target", target.is_none()),
            ("key", subject.is_none()),
            ("authority", authority.is_none()),
            ("from", from.is_none()),
            ("reason", reason.is_none()),
        ];
        let lacks: Vec<&str> = lacks.iter().filter(|(_, lacks)| *lacks).map(|(name, _)| *name).collect();
        if !lacks.is_empty() && self.diagnostics.len() == before {
            let names: Vec<String> = lacks.iter().map(|name| format!("`{name}`")).collect();
            let span = item.name.as_ref().map_or(item.span, |name| name.span);
            let diagnostic = self
                .error("bad-waiver", span, format!("this waiver does not say {}", names.join(", ")))
                .help("a waiver says what is waived, for which row, by whom, from when and why");
            self.report(diagnostic);
        }
        let (target, target_span) = target?;
        let (authority, authority_span) = authority?;
        let until = match until {
            Some(until) => Some(until?),
            None => None,
        };
        Some(WaiverBody {
            name: item.name.as_ref().map_or("waiver", |name| name.text.as_str()).into(),
            target: target?.into(),
            subject: subject??,
            authority: authority?,
            interval: Interval { from: Some(from??), until },
            reason: reason??,
            target_place: self.place(target_span),
            authority_place: self.place(authority_span),
        })
    }

    /// The name of a requirement or rule, as data has it.
    fn waived(&mut self, written: &ast::Expr) -> Option<String> {
        fn name(written: &ast::Expr) -> Option<String> {
            match &*written.kind {
                ExprKind::Name(name) => Some(name.text.clone()),
                ExprKind::Field(base, field) => Some(format!("{}.{}", name(base)?, field.text)),
                ExprKind::Call(of, arguments) => match arguments.as_slice() {
                    [value] => Some(format!("{}({})", name(of)?, name(value)?)),
                    _ => None,
                },
                ExprKind::Literal(Literal::Text(text)) => Some(text.value.clone()),
                _ => None,
            }
        }
        let found = name(written);
        if found.is_none() {
            let diagnostic = self
                .error("bad-waiver", written.span, "this names neither a requirement nor a rule")
                .help("write the name of a requirement, or `decision.rule`");
            self.report(diagnostic);
        }
        found
    }

    fn plain_text(&mut self, written: &ast::Expr) -> Option<Arc<str>> {
        if let ExprKind::Literal(Literal::Text(text)) = &*written.kind {
            return Some(text.value.as_str().into());
        }
        let diagnostic = self
            .error("bad-waiver", written.span, "a text in quotes is expected here")
            .help("write it in quotes, such as \"commissioner\"");
        self.report(diagnostic);
        None
    }

    fn plain_day(&mut self, written: &ast::Expr) -> Option<Date> {
        if let ExprKind::Literal(Literal::Date(day)) = &*written.kind {
            let date = i8::try_from(day.month)
                .ok()
                .zip(i8::try_from(day.day).ok())
                .and_then(|(month, number)| Date::new(day.year, month, number).ok());
            if date.is_some() {
                return date;
            }
        }
        let diagnostic =
            self.error("bad-waiver", written.span, "a day is expected here").help("write it as 2024-09-01");
        self.report(diagnostic);
        None
    }
}
