//! The rows that aggregates select while a record is explained: they need not be selected again to be shown.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::evaluator::{Evaluator, Frame, Subject};
use super::found::Found;
use super::rows::Members;
use crate::plan::Rows;
use crate::value::Date;

/// What an aggregate is over.
pub(super) struct Selection {
    /// The rows that its condition lets in.
    pub(super) members: Members,
    /// How many rows the source gives, where that was seen on the way.
    pub(super) of: Option<usize>,
}

/// By the rows of an aggregate, where they stand in the plan, and all that they hang on: a row and a law.
type Asked = (usize, Subject, Date);

/// What was selected since an explanation was begun.
#[derive(Default)]
pub(super) struct Selections {
    kept: RefCell<FxHashMap<Asked, Arc<Selection>>>,
    /// How many rows are kept; `None` while nothing is explained.
    rows: Cell<Option<usize>>,
}

/// So many rows are kept in one explanation. It shows far fewer, but those may be of an aggregate over a whole record.
const MOST_ROWS: usize = 100_000;

impl Selections {
    /// From now on selections are kept.
    pub(super) fn begin(&self) {
        self.rows.set(Some(0));
    }

    /// Nothing is kept any more. An expression that no plan holds may stand where another did, but only between questions.
    pub(super) fn end(&self) {
        self.rows.set(None);
        self.kept.borrow_mut().clear();
    }

    fn known(&self, asked: &Asked) -> Option<Arc<Selection>> {
        self.kept.borrow().get(asked).cloned()
    }

    fn keep(&self, asked: Asked, selection: &Arc<Selection>) {
        let Some(rows) = self.rows.get() else { return };
        let rows = rows + selection.members.len() + 1;
        if rows <= MOST_ROWS {
            self.rows.set(Some(rows));
            self.kept.borrow_mut().insert(asked, Arc::clone(selection));
        }
    }
}

impl Evaluator<'_> {
    /// Whether selections are kept: else they are not worth sharing.
    pub(super) fn is_explaining(&self) -> bool {
        self.memory.selections.rows.get().is_some()
    }

    /// What an aggregate selects, once in an explanation where it hangs on one row alone.
    pub(super) fn selection(&self, frame: &mut Frame<'_>, rows: &Rows) -> Result<Arc<Selection>, Found> {
        let asked = frame.alone().map(|own| (std::ptr::from_ref(rows).addr(), Subject::from(own), frame.law));
        if let Some(known) = asked.as_ref().and_then(|asked| self.memory.selections.known(asked)) {
            return Ok(known);
        }
        let selection = Arc::new(self.select_of(frame, rows)?);
        if let Some(asked) = asked.filter(|_| !self.gives_up()) {
            self.memory.selections.keep(asked, &selection);
        }
        Ok(selection)
    }
}
