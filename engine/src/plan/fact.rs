//! What a value can hang on.

use super::{AmountId, DecisionId, DefineId, InputId, ParameterId, RequirementId, ResultId, Symbols};
use crate::value::RecordId;

/// Something that a value can hang on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    /// A field of a record, also a `many` field.
    Field(RecordId, u32),
    /// Which rows of a record there are.
    Rows(RecordId),
    /// An input of the run.
    Input(InputId),
    /// A parameter.
    Parameter(ParameterId),
    /// A derived fact.
    Define(DefineId),
    /// A decision.
    Decision(DecisionId),
    /// A requirement.
    Requirement(RequirementId),
    /// An amount.
    Amount(AmountId),
    /// A line of an amount, by position in its symbol.
    Line(AmountId, u32),
}

impl From<ResultId> for Fact {
    fn from(result: ResultId) -> Self {
        match result {
            ResultId::Decision(id) => Self::Decision(id),
            ResultId::Requirement(id) => Self::Requirement(id),
            ResultId::Amount(id) => Self::Amount(id),
        }
    }
}

impl Fact {
    /// Its name, as policies write it.
    #[must_use]
    pub fn name(self, symbols: &Symbols) -> String {
        let record = |id: RecordId| symbols.record(id).map_or("", |record| record.name.as_str());
        match self {
            Self::Field(of, field) => {
                let declared = symbols.record(of).and_then(|record| record.fields.get(field as usize));
                format!("{}.{}", record(of), declared.map_or("", |field| field.name.as_str()))
            }
            Self::Rows(of) => record(of).to_owned(),
            Self::Input(id) => {
                symbols.inputs.get(id.0 as usize).map_or_else(String::new, |input| input.name.clone())
            }
            Self::Parameter(id) => symbols.parameter(id).map_or_else(String::new, |it| it.name.clone()),
            Self::Define(id) => symbols.define(id).map_or_else(String::new, |it| it.name.clone()),
            Self::Decision(id) => symbols.decision(id).map_or_else(String::new, |it| it.name.clone()),
            Self::Requirement(id) => symbols.requirement(id).map_or_else(String::new, |it| it.name.clone()),
            Self::Amount(id) => symbols.amount(id).map_or_else(String::new, |it| it.name.clone()),
            Self::Line(id, line) => {
                let symbol = symbols.amount(id);
                let label =
                    symbol.and_then(|symbol| symbol.lines.get(line as usize)).map_or("", String::as_str);
                format!("{}.{label}", symbol.map_or("", |symbol| symbol.name.as_str()))
            }
        }
    }

    /// Whether it is the other, or a part of it: the fields of a record are parts of its rows.
    #[must_use]
    pub fn is_within(self, other: Self) -> bool {
        self == other
            || matches!((self, other), (Self::Field(record, _), Self::Rows(whole)) if record == whole)
    }
}
