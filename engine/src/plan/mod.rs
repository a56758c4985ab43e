//! The plan: what policies mean, typed, acyclic and with the place each part came from. Evaluators know only this.
//!
//! [`Symbols`] says what exists and of which type; the bodies beside it say what it is worth. A body owns its
//! expressions in a [`Code`]; expressions name other declarations by id, never by name.

mod amendment;
mod assertion;
mod authority;
mod body;
mod expr;
mod fact;
mod layer;
mod shape;
mod shift;
mod show;
mod symbol;
mod symbols;
mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use amendment::{
    AddedRule, AmountAmendment, DecisionAmendment, ParameterAmendment, RequirementAmendment,
};
pub use assertion::{AssertBody, Claim, Promise};
pub use authority::{Authority, Level};
pub use body::{
    AmountBody, DecisionBody, DefaultBody, DefineArm, DefineBody, ExceptBody, ExpectBody, ExpectKind,
    Expected, GivenBody, GivenTarget, GivenValue, GroupBody, Interval, LineBody, LineLayer, MustBody,
    MustCheck, OverRow, ParameterBody, ParameterRow, RequirementBody, ResultStatus, RuleBody, TemplatePart,
    TestBody, TestCell, TestRow, TotalBody, WaiverBody, WaiverSubject,
};
pub use expr::{
    ArithmeticOp, Case, Code, CompareOp, Expr, ExprId, Op, Population, PopulationKind, RowSource, Rows,
};
pub use fact::Fact;
pub use layer::{Amendment, Grant, Jurisdiction, NoKey, Permission, Version, can_name};
pub use shape::{CodeShapes, Shape, Shaper, Shapes};
pub use shift::Shift;
pub(crate) use show::show_key;
pub use show::{
    MASK, Privacy, category_value, show, show_fault, show_with, written, written_instance, written_key,
    written_name, written_number,
};
pub use symbols::{
    ADJUSTMENT, Absent, AmountId, AmountSymbol, Category, CategoryValue, DecisionId, DecisionSymbol,
    DefineId, DefineSymbol, EachLine, Field, FieldKind, InputId, InputSymbol, Instance, ParameterId,
    ParameterSymbol, Policy, PolicyId, Record, RecordKind, RequirementId, RequirementSymbol, ResultId, Scope,
    Symbol, Symbols,
};
pub(crate) use walk::{any_operand, demanded, each_operand, reads_slot};
pub use walk::{any_operation, operands};

/// Everything the evaluators need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What is declared.
    pub symbols: Arc<Symbols>,
    /// By [`RecordId`](crate::value::RecordId): the key of each group; records are absent.
    pub groups: BTreeMap<u32, Arc<GroupBody>>,
    /// By [`ParameterId`]; absent when its declaration has errors.
    pub parameters: BTreeMap<u32, Arc<ParameterBody>>,
    /// By [`DefineId`]; absent when its declaration has errors.
    pub defines: BTreeMap<u32, Arc<DefineBody>>,
    /// By [`DecisionId`]; absent when its declaration has errors.
    pub decisions: BTreeMap<u32, Arc<DecisionBody>>,
    /// By [`RequirementId`]; absent when its declaration has errors.
    pub requirements: BTreeMap<u32, Arc<RequirementBody>>,
    /// By [`AmountId`]; absent when its declaration has errors.
    pub amounts: BTreeMap<u32, Arc<AmountBody>>,
    /// Waivers that policies state, in the order of files and text.
    pub waivers: Vec<Arc<WaiverBody>>,
    /// In the order of files and text.
    pub asserts: Vec<Arc<AssertBody>>,
    /// In the order of files and text.
    pub tests: Vec<Arc<TestBody>>,
}
