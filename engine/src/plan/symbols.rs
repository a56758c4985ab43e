//! What is declared: names, ids and types, without positions in files other than [`Place`]s.

use std::collections::BTreeMap;
use std::sync::Arc;

use rubric_grammar::ast::MonthEnd;

use super::{Amendment, Authority, Grant, Interval, Version};
use crate::diagnostic::Place;
use crate::value::{CategoryId, RecordId, Type, Value};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
    )*};
}

id! {
    /// A policy.
    PolicyId;
    /// An input of the run.
    InputId;
    /// A parameter.
    ParameterId;
    /// A define.
    DefineId;
    /// A decision.
    DecisionId;
    /// A requirement.
    RequirementId;
    /// An amount.
    AmountId;
}

/// Everything that is declared in a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symbols {
    /// By [`PolicyId`].
    pub policies: Vec<Policy>,
    /// By [`CategoryId`]; the outcomes of a decision that names its own are a category too.
    pub categories: Vec<Category>,
    /// By [`RecordId`]; groups too.
    pub records: Vec<Record>,
    /// By [`InputId`].
    pub inputs: Vec<InputSymbol>,
    /// By [`ParameterId`].
    pub parameters: Vec<ParameterSymbol>,
    /// By [`DefineId`].
    pub defines: Vec<DefineSymbol>,
    /// By [`DecisionId`].
    pub decisions: Vec<DecisionSymbol>,
    /// By [`RequirementId`].
    pub requirements: Vec<RequirementSymbol>,
    /// By [`AmountId`].
    pub amounts: Vec<AmountSymbol>,
    /// Decisions, requirements and amounts in the order of files and text.
    pub results: Vec<ResultId>,
    /// The record of waivers, where something can be waived.
    pub waivers: Option<RecordId>,
    /// What authorities below may do to a declaration, by who declares it.
    pub grants: BTreeMap<Symbol, Vec<Grant>>,
    /// What is amended, in the order of files and text.
    pub amendments: Vec<Amendment>,
}

impl Symbols {
    /// The policy.
    #[must_use]
    pub fn policy(&self, id: PolicyId) -> Option<&Policy> {
        self.policies.get(id.0 as usize)
    }
    /// The category.
    #[must_use]
    pub fn category(&self, id: CategoryId) -> Option<&Category> {
        self.categories.get(id.0 as usize)
    }
    /// The record or group.
    #[must_use]
    pub fn record(&self, id: RecordId) -> Option<&Record> {
        self.records.get(id.0 as usize)
    }
    /// The parameter.
    #[must_use]
    pub fn parameter(&self, id: ParameterId) -> Option<&ParameterSymbol> {
        self.parameters.get(id.0 as usize)
    }
    /// The define.
    #[must_use]
    pub fn define(&self, id: DefineId) -> Option<&DefineSymbol> {
        self.defines.get(id.0 as usize)
    }
    /// The decision.
    #[must_use]
    pub fn decision(&self, id: DecisionId) -> Option<&DecisionSymbol> {
        self.decisions.get(id.0 as usize)
    }
    /// The requirement.
    #[must_use]
    pub fn requirement(&self, id: RequirementId) -> Option<&RequirementSymbol> {
        self.requirements.get(id.0 as usize)
    }
    /// The amount.
    #[must_use]
    pub fn amount(&self, id: AmountId) -> Option<&AmountSymbol> {
        self.amounts.get(id.0 as usize)
    }
    /// What a requirement is asked as: once, or once for each value of its category.
    #[must_use]
    pub fn instances(&self, requirement: RequirementId) -> Vec<Instance> {
        match self.requirement(requirement).and_then(|symbol| symbol.each) {
            None => vec![requirement.into()],
            Some(category) => {
                let values = self.category(category).map_or(0, |category| category.values.len());
                let values = 0..u32::try_from(values).unwrap_or(u32::MAX);
                values.map(|value| Instance { requirement, value: Some(value) }).collect()
            }
        }
    }
    /// What an instance is called: `area_credits(math)`.
    #[must_use]
    pub fn instance_name(&self, instance: Instance) -> String {
        let Some(symbol) = self.requirement(instance.requirement) else { return String::new() };
        let value = instance.value.and_then(|value| self.category(symbol.each?)?.values.get(value as usize));
        match value {
            Some(value) => format!("{}({})", symbol.name, value.name),
            None => symbol.name.clone(),
        }
    }
    /// The record of that name, in any policy.
    #[must_use]
    pub fn record_named(&self, name: &str) -> Option<RecordId> {
        let position = self.records.iter().position(|record| record.name == name)?;
        Some(RecordId(u32::try_from(position).ok()?))
    }
}

/// One `policy`, that is one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `florida.grade_3_promotion`.
    pub name: String,
    /// `title`.
    pub title: Option<String>,
    /// `authority`.
    pub authority: Option<Authority>,
    /// `cite`.
    pub cites: Vec<String>,
    /// `effective`.
    pub effective: Interval,
    /// `school_year starts`: month and day.
    pub school_year: Option<(u8, u8)>,
    /// `month_end round`.
    pub month_end: Option<MonthEnd>,
    /// What its expressions can name.
    pub scope: Scope,
    /// Its header, or the start of the file.
    pub place: Place,
}

/// Names visible in a policy: its own and those of the policies it uses. A name that two used policies declare stands
/// for both, which is an error where it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// By name.
    pub names: BTreeMap<String, Vec<Symbol>>,
}

/// What a name can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum Symbol {
    Category(CategoryId),
    Record(RecordId),
    Input(InputId),
    Parameter(ParameterId),
    Define(DefineId),
    Decision(DecisionId),
    Requirement(RequirementId),
    Amount(AmountId),
}

/// A category, or the outcomes of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Its name; for outcomes, the decision's.
    pub name: String,
    /// Later values are greater. False for outcomes.
    pub ordered: bool,
    /// Its values.
    pub values: Vec<CategoryValue>,
    /// Its policy.
    pub policy: PolicyId,
    /// Its declaration's name.
    pub place: Place,
}

/// One value of a category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryValue {
    /// Its name.
    pub name: String,
    /// Codes found in data, beside the name.
    pub codes: Vec<String>,
    /// Where.
    pub place: Place,
}

/// A record or group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub name: String,
    /// Record or group.
    pub kind: RecordKind,
    /// Its fields, keys first; extensions after them.
    pub fields: Vec<Field>,
    /// How many of the fields are the key.
    pub keys: usize,
    /// Documentation.
    pub docs: Option<String>,
    /// Its policy.
    pub policy: PolicyId,
    /// Its declaration's name.
    pub place: Place,
}

/// Record or group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// Read from data.
    Record,
    /// Derived from the rows of another; its last field is `members`.
    Group {
        /// What is grouped.
        of: RecordId,
    },
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Cell or rows.
    pub kind: FieldKind,
    /// Masked in logs, traces and diagnostics.
    pub private: bool,
    /// Decides whose amendments apply.
    pub jurisdiction: bool,
    /// Nothing that anybody could change: it is never told as what would give another result.
    pub unchangeable: bool,
    /// What an absent cell means.
    pub absent: Option<Absent>,
    /// A human finding: who makes it.
    pub judged_by: Option<Arc<str>>,
    /// Documentation.
    pub docs: Option<String>,
    /// Its name in the declaration.
    pub place: Place,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// One value; for a record type, the key of a row.
    Cell,
    /// The rows of `record` whose field `by` names this row.
    Many {
        /// The rows' record.
        record: RecordId,
        /// Position of the field in that record.
        by: u32,
    },
    /// The rows of a group.
    Members,
    /// Declared with an error that is already reported.
    Damaged,
}

/// `absent means V`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// The value of an absent cell.
    pub value: Value,
}

/// An `input`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputSymbol {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Its policy.
    pub policy: PolicyId,
    /// Its declaration's name.
    pub place: Place,
}

/// A `parameter`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterSymbol {
    /// Its name.
    pub name: String,
    /// The type of each key: categories, or school years.
    pub by: Vec<Type>,
    /// The type of its value; a set for `set of T`.
    pub ty: Type,
    /// An amendment's version of another parameter. It has no name of its own.
    pub version: Option<Version>,
    /// Documentation.
    pub docs: Option<String>,
    /// Its policy.
    pub policy: PolicyId,
    /// Its declaration's name.
    pub place: Place,
}

/// A `define`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefineSymbol {
    /// Its name.
    pub name: String,
    /// Names and types of its parameters.
    pub params: Vec<(String, Type)>,
    /// The record it is of.
    pub of: Option<RecordId>,
    /// The type of its value.
    pub ty: Type,
    /// Documentation.
    pub docs: Option<String>,
    /// Its policy.
    pub policy: PolicyId,
    /// Its declaration's name.
    pub place: Place,
}

/// A `decision`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionSymbol {
    /// Its name.
    pub name: String,
    /// The record it is of.
    pub of: RecordId,
    /// Its outcomes; most favourable first unless `any_order`.
    pub outcomes: CategoryId,
    /// `in any order`.
    pub any_order: bool,
    /// Documentation.
    pub docs: Option<String>,
    /// Its policy.
    pub policy: PolicyId,
    /// Its declaration's name.
    pub place: Place,
}

/// A requirement, and of one `for each` value of a category, which value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Instance {
    /// Which requirement.
    pub requirement: RequirementId,
    /// Position of the value in its category.
    pub value: Option<u32>,
}

impl From<RequirementId> for Instance {
    fn from(requirement: RequirementId) -> Self {
        Self { requirement, value: None }
    }
}

/// A `requirement`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequirementSymbol {
    /// Its name.
    pub name: String,
    /// The record it is of.
    pub of: RecordId,
    /// `for each`: it is asked of a record once for each value of the category.
    pub each: Option<CategoryId>,
    /// Documentation.
    pub docs: Option<String>,
    /// Its policy.
    pub policy: PolicyId,
    /// Its declaration's name.
    pub place: Place,
}

/// An `amount`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmountSymbol {
    /// Its name.
    pub name: String,
    /// The record it is of.
    pub of: RecordId,
    /// The type of its lines and of its total.
    pub ty: Type,
    /// The labels of its lines, each once; of limits or rounding of the total, [`ADJUSTMENT`] is the last. Empty for
    /// `amount a of R = E`. Of a line `for each` value of a category every value has one: `base(math)`.
    pub lines: Vec<String>,
    /// The lines `for each` value, each label once.
    pub each: Vec<EachLine>,
    /// Documentation.
    pub docs: Option<String>,
    /// Its policy.
    pub policy: PolicyId,
    /// Its declaration's name.
    pub place: Place,
}

/// A line `for each` value of a category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EachLine {
    /// Its label: `base`.
    pub label: String,
    /// Over the values of which category.
    pub category: CategoryId,
    /// Position of the line of the first value among the lines; those of the other values follow.
    pub first: u32,
}

/// The generated line that makes the lines add up to a total that is limited or rounded.
pub const ADJUSTMENT: &str = "adjustment";

/// A decision, a requirement or an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum ResultId {
    Decision(DecisionId),
    Requirement(RequirementId),
    Amount(AmountId),
}
