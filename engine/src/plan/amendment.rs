//! What amendments are worth, before they are joined with what they amend.
//!
//! Each owns its expressions, as every body does. Its `guard` says whether a record is of the authority that amends; it is
//! part of every condition that the amendment brings.

use std::sync::Arc;

use super::{
    Code, DefaultBody, ExceptBody, ExprId, Interval, LineBody, MustBody, ParameterRow, PolicyId, RuleBody,
};

/// `amend parameter p { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterAmendment {
    /// The policy that amends.
    pub policy: PolicyId,
    /// Rows that lie over those of the parent while they are in force; of a table, only the cells that change.
    pub rows: Vec<ParameterRow>,
    /// Citations of the whole.
    pub cites: Vec<Arc<str>>,
}

/// `amend decision d { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionAmendment {
    /// The policy that amends.
    pub policy: PolicyId,
    /// Slot 0 is the record.
    pub code: Code,
    /// Whether the record is of the authority.
    pub guard: ExprId,
    /// In the order of the text.
    pub rules: Vec<AddedRule>,
    /// A default instead of the parent's.
    pub defaults: Vec<DefaultBody>,
}

/// A rule of an amendment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedRule {
    /// The rule; `overridden_by` are positions among those of the amendment, and the guard is part of `when`.
    pub rule: RuleBody,
    /// Rules and parts of the parent that override it.
    pub subject_to: Vec<Arc<str>>,
    /// Rules and parts of the parent that it overrides.
    pub notwithstanding: Vec<Arc<str>>,
}

/// `amend requirement q { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequirementAmendment {
    /// The policy that amends.
    pub policy: PolicyId,
    /// Slot 0 is the record; the slot of `for each` is that of the parent.
    pub code: Code,
    /// Whether the record is of the authority.
    pub guard: ExprId,
    /// What must hold too, or, of a label that the parent has, instead.
    pub musts: Vec<MustBody>,
    /// What excuses too, or instead.
    pub excepts: Vec<ExceptBody>,
    /// The labels of the parent's that are put aside.
    pub replaced: Vec<Arc<str>>,
    /// When.
    pub interval: Interval,
}

/// `amend amount a { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmountAmendment {
    /// The policy that amends.
    pub policy: PolicyId,
    /// Slot 0 is the record.
    pub code: Code,
    /// Whether the record is of the authority.
    pub guard: ExprId,
    /// Lines that stand in place of the parent's of the same label, or beside them. The guard is not part of them.
    pub lines: Vec<LineBody>,
}
