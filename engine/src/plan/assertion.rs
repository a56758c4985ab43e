//! What policies promise of their results.

use super::{Code, DecisionId, ExprId, Fact};
use crate::diagnostic::Place;
use crate::value::RecordId;

/// An `assert`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertBody {
    /// What is promised.
    pub claim: Claim,
    /// What it is promised of, in the text.
    pub place: Place,
}

/// What is promised. All but the first are about every record that there can be, at every day on which the policy is in
/// force: complete records, whose required fields are known and whose other fields are known or missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// `D never depends on a, b`: no way leads from one of them to the result.
    NeverDepends {
        /// Of what.
        subject: Fact,
        /// What it never hangs on, and where that is said.
        never: Vec<(Fact, Place)>,
    },
    /// `D never worsens as x rises`: of two records that differ only in `x`, and both of which have an outcome, the one with
    /// the greater `x` has the same outcome or one nearer to the first.
    NeverWorsens {
        /// A decision whose outcomes have an order.
        decision: DecisionId,
        /// A field of the decision's record or a define of it without parameters. Its values have an order; of a flag, no
        /// is below yes.
        moved: Fact,
        /// The type's values rise; else fall.
        rises: bool,
        /// Where `x` is named.
        place: Place,
    },
    /// `a is at least E`, `a is at most E`, `D implies E`: about one record each.
    Holds(Promise),
}

/// A condition that is never no.
///
/// A record breaks the promise when `premise` is yes (or absent) and `holds` is no. Where either is unknown, missing, not
/// applicable or in error the record says nothing about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// Slot 0 is the record.
    pub code: Code,
    /// The record that it is about.
    pub of: RecordId,
    /// What is promised of: the amount, line, define or premise where it is named, for messages.
    pub subject: Option<Fact>,
    /// `D` of `D implies E`; a flag.
    pub premise: Option<ExprId>,
    /// A flag: `E`, or the comparison of the subject with its limit.
    pub holds: ExprId,
    /// The two sides of the comparison `a >= E` or `a <= E`.
    pub sides: Option<(ExprId, ExprId)>,
}
