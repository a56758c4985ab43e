//! Ctrl-C: a run that is told to stop removes what it had begun to write.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::Failure;

static STOP: AtomicBool = AtomicBool::new(false);

/// Whether the run was told to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interrupt(());

impl Interrupt {
    /// Listens from now on. The second time the process ends at once; the next run removes what is left then.
    pub(crate) fn listen() -> Self {
        // Where nobody can listen, Ctrl-C ends the process as it always does.
        let _ = ctrlc::set_handler(|| {
            if STOP.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        });
        Self(())
    }

    pub(crate) fn is_set(self) -> bool {
        STOP.load(Ordering::Relaxed)
    }
}

/// Why there are no results.
pub(crate) fn interrupted() -> Failure {
    Failure::new("interrupted: nothing was written")
}
