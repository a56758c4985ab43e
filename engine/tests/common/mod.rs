//! Policies with tests of their own, as tests.

use std::fmt::Write as _;

use rubric_engine::db::Database;
use rubric_engine::diagnostic::Severity;
use rubric_engine::testing;

/// Every test of the text passes, and there are as many as said. That rules can disagree about some record is what some texts
/// are about, so what proofs find is no error here.
pub(crate) fn passes(tests: usize, text: &str) {
    let mut db = Database::default();
    let file = db.set_text("p.rubric", Some(text));
    for diagnostic in db.errors(file) {
        let place = diagnostic.place().and_then(|place| db.source(place)).unwrap_or_default();
        assert!(diagnostic.severity != Severity::Error, "{} at `{place}`", diagnostic.message);
    }
    let plan = db.plan();
    assert_eq!(plan.tests.len(), tests);
    let mut failed = String::new();
    for test in &plan.tests {
        let report = testing::run(&plan, test);
        assert_eq!(report.passed, report.failures.is_empty(), "{}", report.title);
        for failure in report.failures {
            let at = db.source(failure.place).unwrap_or_default();
            _ = writeln!(failed, "{:?}: `{at}`: {} {:?}", report.title, failure.message, failure.notes);
        }
    }
    assert!(failed.is_empty(), "{failed}");
}
