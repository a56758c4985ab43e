//! Giving up a proof that nobody waits for any more.
//!
//! A proof may take seconds, and asks the database nothing meanwhile. So whoever writes to the database says so with a flag,
//! which a proof looks at with each of its steps: what it would find would be out of date.

use std::cell::RefCell;
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    static FLAG: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// Takes the flag away again, also when the proof unwinds.
struct Until;

impl Drop for Until {
    fn drop(&mut self) {
        FLAG.with(|flag| flag.take());
    }
}

/// Proves something, but unwinds with [`salsa::Cancelled`] as soon as the flag is set.
pub(crate) fn unless<T>(flag: &Arc<AtomicBool>, prove: impl FnOnce() -> T) -> T {
    FLAG.with(|of_thread| of_thread.replace(Some(Arc::clone(flag))));
    let _until = Until;
    prove()
}

/// Called with each step. Outside [`unless`] it does nothing.
pub(super) fn look() {
    let set = |flag: &RefCell<Option<Arc<AtomicBool>>>| {
        flag.borrow().as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed))
    };
    if FLAG.with(set) {
        panic::resume_unwind(Box::new(salsa::Cancelled::PendingWrite));
    }
}

#[cfg(test)]
mod tests {
    use std::panic::AssertUnwindSafe;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use salsa::Cancelled;

    use super::unless;
    use crate::db::Database;
    use crate::plan::ResultId;
    use crate::prove::{findings, steps};

    /// Two rules that disagree.
    const POLICY: &str = "policy p { title \"P\" cite \"1\" }
record S { key id: text  level: count }
decision d of S {
  outcomes a, b, c
  default a cite \"1\"
  rule one: b when level > 3 cite \"2\"
  rule two: c when level < 5 cite \"3\"
}
";

    #[test]
    fn a_proof_is_given_up_at_its_next_step_when_somebody_writes() {
        let mut database = Database::default();
        database.set_text("p.rubric", Some(POLICY));
        let plan = database.plan();
        let result = ResultId::Decision(crate::plan::DecisionId(0));
        let flag = Arc::new(AtomicBool::new(false));
        let prove = || Cancelled::catch(AssertUnwindSafe(|| unless(&flag, || findings(&plan, result))));
        let before = steps();
        let found = prove().unwrap();
        assert!(!found.is_empty() && steps() > before + 1);
        flag.store(true, Ordering::Relaxed);
        let before = steps();
        assert!(prove().is_err());
        assert!(steps() <= before + 1, "{}", steps() - before);
        // Nothing is left of it: a proof that nobody can call off goes on.
        assert_eq!(findings(&plan, result), found);
    }
}
