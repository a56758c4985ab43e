//! The header of a policy: its days must exist.

use rubric_grammar::ast::Policy;

use super::{Context, Lowering};
use crate::diagnostic::Diagnostic;
use crate::value::Date;

/// What is wrong with the dates of a header.
#[must_use]
pub fn header(cx: &Context<'_>, policy: &Policy) -> Vec<Diagnostic> {
    let mut lowering = Lowering::new(cx);
    let _ = lowering.interval(policy.effective.as_ref());
    if let Some(start) = &policy.school_year {
        // A common year: a school year that starts on February 29 would start in one year of four.
        let exists = i8::try_from(start.month)
            .ok()
            .zip(i8::try_from(start.day).ok())
            .is_some_and(|(month, day)| Date::new(2023, month, day).is_ok());
        if !exists {
            let diagnostic = lowering
                .error("bad-date", start.span, "not every year has this day")
                .help("a school year starts on a day that every year has, such as `july 1`");
            lowering.report(diagnostic);
        }
    }
    lowering.diagnostics
}
