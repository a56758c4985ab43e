//! What everything that a name can stand for has in common.

use super::{PolicyId, ResultId, Symbol, Symbols};
use crate::diagnostic::Place;
use crate::value::RecordId;

impl From<ResultId> for Symbol {
    fn from(result: ResultId) -> Self {
        match result {
            ResultId::Decision(id) => Self::Decision(id),
            ResultId::Requirement(id) => Self::Requirement(id),
            ResultId::Amount(id) => Self::Amount(id),
        }
    }
}

impl Symbols {
    /// The policy that declares something; nothing of an id that is not of these symbols, as below.
    #[must_use]
    pub fn owner(&self, symbol: impl Into<Symbol>) -> Option<PolicyId> {
        match symbol.into() {
            Symbol::Category(id) => self.category(id).map(|it| it.policy),
            Symbol::Record(id) => self.record(id).map(|it| it.policy),
            Symbol::Input(id) => self.inputs.get(id.0 as usize).map(|it| it.policy),
            Symbol::Parameter(id) => self.parameter(id).map(|it| it.policy),
            Symbol::Define(id) => self.define(id).map(|it| it.policy),
            Symbol::Decision(id) => self.decision(id).map(|it| it.policy),
            Symbol::Requirement(id) => self.requirement(id).map(|it| it.policy),
            Symbol::Amount(id) => self.amount(id).map(|it| it.policy),
        }
    }

    /// The name of something.
    #[must_use]
    pub fn name(&self, symbol: impl Into<Symbol>) -> Option<&str> {
        match symbol.into() {
            Symbol::Category(id) => self.category(id).map(|it| it.name.as_str()),
            Symbol::Record(id) => self.record(id).map(|it| it.name.as_str()),
            Symbol::Input(id) => self.inputs.get(id.0 as usize).map(|it| it.name.as_str()),
            Symbol::Parameter(id) => self.parameter(id).map(|it| it.name.as_str()),
            Symbol::Define(id) => self.define(id).map(|it| it.name.as_str()),
            Symbol::Decision(id) => self.decision(id).map(|it| it.name.as_str()),
            Symbol::Requirement(id) => self.requirement(id).map(|it| it.name.as_str()),
            Symbol::Amount(id) => self.amount(id).map(|it| it.name.as_str()),
        }
    }

    /// Where something is declared.
    #[must_use]
    pub fn place(&self, symbol: impl Into<Symbol>) -> Option<Place> {
        match symbol.into() {
            Symbol::Category(id) => self.category(id).map(|it| it.place),
            Symbol::Record(id) => self.record(id).map(|it| it.place),
            Symbol::Input(id) => self.inputs.get(id.0 as usize).map(|it| it.place),
            Symbol::Parameter(id) => self.parameter(id).map(|it| it.place),
            Symbol::Define(id) => self.define(id).map(|it| it.place),
            Symbol::Decision(id) => self.decision(id).map(|it| it.place),
            Symbol::Requirement(id) => self.requirement(id).map(|it| it.place),
            Symbol::Amount(id) => self.amount(id).map(|it| it.place),
        }
    }

    /// The record that something is of.
    #[must_use]
    pub fn of(&self, symbol: impl Into<Symbol>) -> Option<RecordId> {
        match symbol.into() {
            Symbol::Decision(id) => self.decision(id).map(|it| it.of),
            Symbol::Requirement(id) => self.requirement(id).map(|it| it.of),
            Symbol::Amount(id) => self.amount(id).map(|it| it.of),
            Symbol::Define(id) => self.define(id).and_then(|it| it.of),
            _ => None,
        }
    }
}
