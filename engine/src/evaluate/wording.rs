//! The texts of explanations. What many records share (the text of a condition, the name of a rule) is made once.

use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::outcome::{By, Layer};
use crate::data::Records;
use crate::diagnostic::Place;
use crate::plan::{DecisionId, DefineId, PolicyId, ResultId};
use crate::value::{Date, RecordId};

/// A few words: of the program, of the policy (which many records share), or of one record alone. It reads as a `str`.
#[derive(Clone)]
pub struct Words(Kept);

#[derive(Clone)]
enum Kept {
    /// Of the program.
    Fixed(&'static str),
    /// Of the policy.
    Shared(Arc<str>),
    /// Of one record, and so few that they need no allocation: most numbers, and the names of most rows.
    Few(Few),
    /// Of one record.
    Own(Box<str>),
}

/// As many letters as fit where a pointer and a length stand otherwise.
const FEW: usize = 22;

#[derive(Clone, Copy)]
struct Few {
    length: u8,
    letters: [u8; FEW],
}

impl Few {
    /// The pieces one after another, where they fit.
    fn joined(pieces: &[&str]) -> Option<Self> {
        let mut letters = [0; FEW];
        let mut length = 0;
        for piece in pieces {
            let end = length + piece.len();
            letters.get_mut(length..end)?.copy_from_slice(piece.as_bytes());
            length = end;
        }
        Some(Self { length: u8::try_from(length).ok()?, letters })
    }

    fn as_str(&self) -> &str {
        let letters = self.letters.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(letters).unwrap_or_default()
    }
}

impl Words {
    /// The same, and more behind it.
    pub(super) fn and(&self, more: &str) -> Self {
        Self::joined(&[self, more])
    }

    /// Pieces one after another: what `format!` gives, in one allocation or none.
    pub(super) fn joined(pieces: &[&str]) -> Self {
        Self(Few::joined(pieces).map_or_else(|| Kept::Own(pieces.concat().into_boxed_str()), Kept::Few))
    }
}

impl Deref for Words {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Kept::Fixed(text) => text,
            Kept::Shared(text) => text,
            Kept::Few(text) => text.as_str(),
            Kept::Own(text) => text,
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
        Self(Kept::Fixed(text))
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Self(Kept::Own(text.into_boxed_str()))
    }
}

impl From<Arc<str>> for Words {
    fn from(text: Arc<str>) -> Self {
        Self(Kept::Shared(text))
    }
}

/// The digits of a whole number, without an allocation. It reads as a `str`.
pub(super) struct Digits {
    digits: [u8; 20],
    from: usize,
}

impl Digits {
    pub(super) fn of(mut number: u64) -> Self {
        let mut all = Self { digits: [b'0'; 20], from: 20 };
        for digit in all.digits.iter_mut().rev() {
            *digit += u8::try_from(number % 10).unwrap_or_default();
            all.from -= 1;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        all
    }
}

impl Deref for Digits {
    type Target = str;

    fn deref(&self) -> &str {
        std::str::from_utf8(self.digits.get(self.from..).unwrap_or_default()).unwrap_or_default()
    }
}

/// Citations, which many steps share. They read as a slice.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Cites(Option<Arc<[Arc<str>]>>);

impl Deref for Cites {
    type Target = [Arc<str>];

    fn deref(&self) -> &[Arc<str>] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl<'c> IntoIterator for &'c Cites {
    type Item = &'c Arc<str>;
    type IntoIter = std::slice::Iter<'c, Arc<str>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for Cites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl FromIterator<Arc<str>> for Cites {
    fn from_iter<I: IntoIterator<Item = Arc<str>>>(cites: I) -> Self {
        let mut cites = cites.into_iter().peekable();
        Self(cites.peek().is_some().then(|| cites.collect()))
    }
}

impl From<&[Arc<str>]> for Cites {
    fn from(cites: &[Arc<str>]) -> Self {
        Self((!cites.is_empty()).then(|| cites.into()))
    }
}

/// A rule or a default: how it is called, what it cites, and whose it is.
#[derive(Clone)]
pub(super) struct Called {
    pub(super) text: Words,
    pub(super) cites: Cites,
    pub(super) layer: Option<Arc<Layer>>,
}

/// What stands for all records: the plan of an evaluator does not change, and with it neither do these.
#[derive(Default)]
pub(super) struct Wording {
    sources: Made<Place, Arc<str>>,
    called: Made<(DecisionId, By), Called>,
    cites: Made<ResultId, Cites>,
    fields: Made<(RecordId, u32), Arc<str>>,
    layers: Made<PolicyId, Option<Arc<Layer>>>,
    files: OnceCell<Vec<Arc<str>>>,
    handing_on: Made<DefineId, bool>,
    day: OnceCell<Words>,
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

    /// How a rule or a default is called.
    pub(super) fn called(&self, decision: DecisionId, by: By, called: impl FnOnce() -> Called) -> Called {
        once(&self.called, (decision, by), called)
    }

    /// What a result cites.
    pub(super) fn cites(&self, result: ResultId, cites: impl FnOnce() -> Cites) -> Cites {
        once(&self.cites, result, cites)
    }

    /// The name of a field.
    pub(super) fn field(&self, record: RecordId, field: u32, text: impl FnOnce() -> String) -> Arc<str> {
        once(&self.fields, (record, field), || text().into())
    }

    /// Whether a derived fact is nothing but a private value under another name.
    pub(super) fn hands_on(&self, define: DefineId, hands_on: impl FnOnce() -> bool) -> bool {
        once(&self.handing_on, define, hands_on)
    }

    /// The day of the run.
    pub(super) fn day(&self, day: Date) -> Words {
        self.day.get_or_init(|| Words::joined(&[&day.to_string()])).clone()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_the_same_however_they_are_kept() {
        let long = "x".repeat(FEW + 1);
        for text in
            ["", "7", "••• 12", "Course in row 1234567", &"x".repeat(FEW), &"ä".repeat(FEW / 2), &long]
        {
            let pieces: Vec<String> = text.chars().map(String::from).collect();
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            for words in [Words::joined(&pieces), Words::from(text.to_owned()), Words::from(Arc::from(text))]
            {
                assert_eq!(words, text);
                assert_eq!(words.and(", and more"), format!("{text}, and more").as_str());
                assert_eq!(format!("{words:>30} {words:?}"), format!("{text:>30} {text:?}"));
            }
        }
        assert!(size_of::<Words>() <= 24, "{}", size_of::<Words>());
    }

    #[test]
    fn digits_are_those_of_the_number() {
        for number in [0, 7, 10, 99, 100, 1_234_567_890, u64::MAX] {
            assert_eq!(*Digits::of(number), *number.to_string());
        }
    }
}
