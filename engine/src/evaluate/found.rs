//! What the evaluator carries between operators: a state, why it is missing, and bounds.

use std::sync::Arc;

use super::bounds::Bounds;
use crate::value::{Fault, Need, State, Value};

/// Facts that are needed; sorted, no fact twice.
pub(crate) type Needs = Arc<[Need]>;
/// Why no fact helps; sorted, no fault twice.
pub(crate) type Faults = Arc<[Fault]>;

/// The state of an expression, and what its neighbours may want to know of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Found {
    /// The state.
    pub(crate) state: State,
    /// Of `Missing`: the facts that operators need which take the missing as unknown.
    pub(crate) lacks: Option<Needs>,
    /// Of a bounded expression that is not exact.
    pub(crate) bounds: Option<Arc<Bounds>>,
}

/// The state of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Truth {
    True,
    False,
    Unknown,
    Error,
}

impl Found {
    pub(crate) fn known(value: Value) -> Self {
        State::Known(value).into()
    }

    pub(crate) fn flag(value: bool) -> Self {
        Self::known(Value::Flag(value))
    }

    pub(crate) fn missing(lacks: Needs) -> Self {
        Self { state: State::Missing, lacks: Some(lacks), bounds: None }
    }

    pub(crate) fn unknown(needs: Needs) -> Self {
        State::Unknown(needs).into()
    }

    pub(crate) fn need(need: Need) -> Self {
        Self::unknown(Arc::from([need]))
    }

    pub(crate) fn error(faults: Faults) -> Self {
        State::Error(faults).into()
    }

    pub(crate) fn fault(fault: Fault) -> Self {
        Self::error(Arc::from([fault]))
    }

    pub(crate) fn broken(what: &str) -> Self {
        Self::fault(Fault::Broken(Arc::from(what)))
    }

    /// What operators see that know nothing of the missing: it is unknown to them.
    #[inline]
    pub(crate) fn doubted(self) -> Self {
        if matches!(self.state, State::Missing) {
            Self::unknown(self.lacks.unwrap_or_default())
        } else {
            self
        }
    }

    /// The same without bounds.
    #[inline]
    pub(crate) fn plain(mut self) -> Self {
        if self.bounds.is_some() {
            self.bounds = None;
        }
        self
    }

    /// The known value.
    pub(crate) fn value(&self) -> Option<&Value> {
        match &self.state {
            State::Known(value) => Some(value),
            _ => None,
        }
    }

    /// The facts that an operator needs of it: none of a known value or an error.
    pub(crate) fn needs(&self) -> Needs {
        match &self.state {
            State::Unknown(needs) => needs.clone(),
            State::Missing => self.lacks.clone().unwrap_or_default(),
            State::Known(_) | State::Error(_) => Needs::default(),
        }
    }

    /// The faults of an error.
    pub(crate) fn faults(&self) -> Faults {
        match &self.state {
            State::Error(faults) => faults.clone(),
            _ => Faults::default(),
        }
    }

    /// As a condition. What is not applicable or none is not yes.
    #[inline]
    pub(crate) fn truth(&self) -> Truth {
        match &self.state {
            State::Known(Value::Flag(true)) => Truth::True,
            State::Known(_) => Truth::False,
            State::Missing | State::Unknown(_) => Truth::Unknown,
            State::Error(_) => Truth::Error,
        }
    }
}

impl From<State> for Found {
    fn from(state: State) -> Self {
        Self { state, lacks: None, bounds: None }
    }
}

/// The union of sorted lists.
pub(crate) fn union<T: Ord + Clone>(lists: impl IntoIterator<Item = Arc<[T]>>) -> Arc<[T]> {
    let mut lists = lists.into_iter().filter(|list| !list.is_empty());
    let Some(first) = lists.next() else { return Arc::default() };
    let Some(second) = lists.next() else { return first };
    let mut all: Vec<T> = first.iter().chain(second.iter()).cloned().collect();
    for list in lists {
        all.extend(list.iter().cloned());
    }
    all.sort();
    all.dedup();
    all.into()
}

/// The needs of several operands.
pub(crate) fn needs_of<'f>(operands: impl IntoIterator<Item = &'f Found>) -> Needs {
    union(operands.into_iter().map(Found::needs))
}

/// The faults of several operands.
pub(crate) fn faults_of<'f>(operands: impl IntoIterator<Item = &'f Found>) -> Faults {
    union(operands.into_iter().map(Found::faults))
}

/// The values of all operands; else, strictly, an error if any is one, else unknown.
pub(crate) fn strict(operands: &[Found]) -> Result<Vec<&Value>, Found> {
    let values: Vec<&Value> = operands.iter().filter_map(Found::value).collect();
    if values.len() == operands.len() {
        return Ok(values);
    }
    if operands.iter().any(|operand| matches!(operand.state, State::Error(_))) {
        return Err(Found::error(faults_of(operands)));
    }
    Err(Found::unknown(needs_of(operands)))
}

/// Kleene negation.
pub(crate) fn not(operand: &Found) -> Found {
    match operand.truth() {
        Truth::True => Found::flag(false),
        Truth::False => Found::flag(true),
        Truth::Unknown => Found::unknown(operand.needs()),
        Truth::Error => Found::error(operand.faults()),
    }
}

/// Kleene conjunction: the least in no < unknown < error < yes.
pub(crate) fn and(a: &Found, b: &Found) -> Found {
    joined(a, b, Truth::False)
}

/// Kleene disjunction: the greatest in no < error < unknown < yes.
pub(crate) fn or(a: &Found, b: &Found) -> Found {
    joined(a, b, Truth::True)
}

fn joined(a: &Found, b: &Found, absorbing: Truth) -> Found {
    let (left, right) = (a.truth(), b.truth());
    if left == absorbing || right == absorbing {
        return Found::flag(absorbing == Truth::True);
    }
    if left == Truth::Unknown || right == Truth::Unknown {
        return Found::unknown(needs_of([a, b]));
    }
    if left == Truth::Error || right == Truth::Error {
        return Found::error(faults_of([a, b]));
    }
    Found::flag(absorbing == Truth::False)
}
