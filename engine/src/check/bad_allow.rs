//! # an `allow` that allows nothing
//!
//! Severity: warning
//!
//! `allow(code) "reason"` before a declaration, `rule`, `must`, `except` or `line` hides the warnings with that code in it, for the reason it
//! states. It is reported itself when there is no such code, when the code is that of an error (an error makes the meaning of
//! the policy wrong, and no reason mends that), and when there is nothing to hide any more.
//!
//! Wrong:
//!
//! ```rubric
//! allow(missing-cite) "local practice"
//! parameter passing_level: count { from 2014-07-01: 2 }
//! ```
//!
//! Right:
//!
//! ```rubric
//! allow(missing-citation) "local practice"
//! parameter passing_level: count { from 2014-07-01: 2 }
//! ```
//!
//! This warning cannot be allowed.

use rubric_grammar::ast::Allow;

use super::registry::{PAGES, page};
use crate::diagnostic::{Applicability, Diagnostic, Place, Severity};

/// What is wrong with a clause that hid nothing; `sound`: its declaration has no errors, so nothing may still turn up.
pub(super) fn check(
    allow: &Allow,
    place: impl Fn(rubric_grammar::Span) -> Place,
    sound: bool,
) -> Option<Diagnostic> {
    let code = allow.code.text.as_str();
    let Some(page) = page(code) else {
        let message = format!("there is no check `{code}`");
        let diagnostic = Diagnostic::warning("bad-allow", place(allow.code.span), message);
        return Some(match nearest(code) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("replace with `{near}`"),
                Applicability::Maybe,
                vec![(place(allow.code.span), near.to_owned())],
            ),
            None => diagnostic.help("the code of a message stands at its head"),
        });
    };
    if page.severity == Severity::Error {
        let message = format!("`{code}` is an error and cannot be allowed");
        let diagnostic = Diagnostic::warning("bad-allow", place(allow.span), message);
        return Some(diagnostic.help("mend what it reports, and remove the `allow`"));
    }
    sound.then(|| {
        Diagnostic::warning("bad-allow", place(allow.span), format!("nothing here is reported as `{code}`"))
            .help("remove the `allow`")
            .fix("remove it", Applicability::Always, vec![(place(allow.span), String::new())])
    })
}

/// The code that is most like a word, if one is.
fn nearest(word: &str) -> Option<&'static str> {
    let word = word.replace('_', "-");
    PAGES
        .iter()
        .filter(|page| page.severity != Severity::Error)
        .map(|page| (strsim::jaro_winkler(&word, &page.code), page.code.as_str()))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, code)| code)
}
