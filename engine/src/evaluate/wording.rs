//! The texts of explanations. What many records share (the text of a condition, the name of a rule) is made once.

use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::outcome::Layer;
use crate::data::Records;
use crate::diagnostic::Place;
use crate::plan::{DecisionId, DefineId, PolicyId};
use crate::value::{Date, RecordId};

/// A few words: of the program, of the policy (which many records share), or of one record alone. It reads as a `str`.
#[derive(Clone)]
pub enum Words {
    /// Of the program.
    Fixed(&'static str),
    /// Of the policy.
    Shared(Arc<str>),
    /// Of one record.
    Own(String),
}

impl Words {
    /// The same, and more behind it.
    pub(super) fn and(self, more: &str) -> Self {
        if let Self::Own(mut text) = self {
            text.push_str(more);
            return Self::Own(text);
        }
        Self::joined(&[&self, more])
    }

    /// Pieces one after another: what `format!` gives, in one allocation.
    pub(super) fn joined(pieces: &[&str]) -> Self {
        Self::Own(pieces.concat())
    }
}

impl Deref for Words {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Fixed(text) => text,
            Self::Shared(text) => text,
            Self::Own(text) => text,
        }
    }
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Words {}

impl PartialEq<str> for Words {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Words {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl From<&'static str> for Words {
    fn from(text: &'static str) -> Self {
        Self::Fixed(text)
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Self::Own(text)
    }
}

impl From<Arc<str>> for Words {
    fn from(text: Arc<str>) -> Self {
        Self::Shared(text)
    }
}

/// What stands for all records: the plan of an evaluator does not change, and with it neither do these.
#[derive(Default)]
pub(super) struct Wording {
    sources: Made<Place, Arc<str>>,
    rules: Made<(DecisionId, u32), Arc<str>>,
    fields: Made<(RecordId, u32), Arc<str>>,
    layers: Made<PolicyId, Option<Arc<Layer>>>,
    files: OnceCell<Vec<Arc<str>>>,
    handing_on: Made<DefineId, bool>,
    defaults: Made<(DecisionId, u32), Arc<str>>,
    day: OnceCell<String>,
}

/// What was made, by what it is of.
type Made<K, V> = RefCell<FxHashMap<K, V>>;

fn once<K: Eq + std::hash::Hash, V: Clone>(made: &Made<K, V>, key: K, make: impl FnOnce() -> V) -> V {
    if let Some(known) = made.borrow().get(&key) {
        return known.clone();
    }
    let value = make();
    made.borrow_mut().insert(key, value.clone());
    value
}

impl Wording {
    /// The text at a place; what has none is asked for again.
    pub(super) fn source(&self, place: Place, text: impl FnOnce() -> Option<String>) -> Option<Arc<str>> {
        if let Some(known) = self.sources.borrow().get(&place) {
            return Some(Arc::clone(known));
        }
        let text: Arc<str> = text()?.into();
        self.sources.borrow_mut().insert(place, Arc::clone(&text));
        Some(text)
    }

    /// How a rule is called.
    pub(super) fn rule(&self, decision: DecisionId, rule: u32, text: impl FnOnce() -> String) -> Arc<str> {
        once(&self.rules, (decision, rule), || text().into())
    }

    /// The name of a field.
    pub(super) fn field(&self, record: RecordId, field: u32, text: impl FnOnce() -> String) -> Arc<str> {
        once(&self.fields, (record, field), || text().into())
    }

    /// How a default is called.
    pub(super) fn default(
        &self,
        decision: DecisionId,
        default: u32,
        text: impl FnOnce() -> String,
    ) -> Arc<str> {
        once(&self.defaults, (decision, default), || text().into())
    }

    /// Whether a derived fact is nothing but a private value under another name.
    pub(super) fn hands_on(&self, define: DefineId, hands_on: impl FnOnce() -> bool) -> bool {
        once(&self.handing_on, define, hands_on)
    }

    /// The day of the run.
    pub(super) fn day(&self, day: Date) -> String {
        self.day.get_or_init(|| day.to_string()).clone()
    }

    /// Whose a policy is.
    pub(super) fn layer(
        &self,
        policy: PolicyId,
        layer: impl FnOnce() -> Option<Layer>,
    ) -> Option<Arc<Layer>> {
        once(&self.layers, policy, || layer().map(Arc::new))
    }

    /// The path of a file of the records.
    pub(super) fn file(&self, data: &dyn Records, file: u32) -> Option<Arc<str>> {
        let files = self.files.get_or_init(|| data.files().iter().map(|file| file.as_str().into()).collect());
        files.get(file as usize).map(Arc::clone)
    }
}
