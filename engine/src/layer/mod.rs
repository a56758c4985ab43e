//! Layers of law: amendments joined with what they amend, and taken out of it again.
//!
//! An amendment is compiled, not substituted: what it brings holds only where its `guard` does, which says whether a record
//! is of the authority that amends. So one plan is the law of a whole state with what every district changes in it, and an
//! evaluator knows nothing of layers.
//!
//! [`decision`], [`requirement`], [`amount`] and [`parameter`] join; the amendments are given with those of higher
//! authorities first. [`without`] is a plan as it is without what one policy amends: the law of its parent, to which the
//! checker compares; [`only`] keeps what some policies amend.

mod amount;
mod decision;
mod parameter;
mod requirement;
mod without;

pub use amount::amount;
pub use decision::decision;
pub use parameter::{first_without, meetings, parameter};
pub use requirement::requirement;
pub use without::{only, without};

use crate::diagnostic::Place;
use crate::plan::{Code, Expr, ExprId, Interval, Op};
use crate::value::{Base, Type, Value};

/// A condition or a value that a guard chooses.
struct Guarded<'c> {
    code: &'c mut Code,
    guard: ExprId,
    place: Place,
}

impl Guarded<'_> {
    fn push(&mut self, op: Op, ty: Type) -> ExprId {
        self.code.push(Expr { op, ty, place: self.place })
    }

    /// The one where the guard holds, else the other.
    fn choose(&mut self, yes: ExprId, no: ExprId) -> ExprId {
        let ty = |id: ExprId| self.code.get(id).map_or(Type::of(Base::Damaged), |expr| expr.ty);
        let (one, other) = (ty(yes), ty(no));
        let ty = Type { base: one.base, optional: one.optional || other.optional };
        self.push(Op::If(self.guard, yes, no), ty)
    }

    /// The same of conditions, absent ones of which always hold.
    fn choose_when(&mut self, yes: Option<ExprId>, no: Option<ExprId>) -> Option<ExprId> {
        let flag = Type::of(Base::Flag);
        let (yes, no) = match (yes, no) {
            (None, None) => return None,
            (Some(yes), Some(no)) => (yes, no),
            (Some(yes), None) => (yes, self.push(Op::Literal(Value::Flag(true)), flag)),
            (None, Some(no)) => (self.push(Op::Literal(Value::Flag(true)), flag), no),
        };
        Some(self.choose(yes, no))
    }

    fn guard_and(&mut self, when: Option<ExprId>) -> ExprId {
        match when {
            Some(when) => {
                let place = self.code.get(when).map_or(self.place, |expr| expr.place);
                let op = Op::And(self.guard, when);
                self.code.push(Expr { op, ty: Type::of(Base::Flag), place })
            }
            None => self.guard,
        }
    }

    fn guard_or(&mut self, when: ExprId) -> ExprId {
        self.push(Op::Or(self.guard, when), Type::of(Base::Flag))
    }

    fn not_guard_and(&mut self, when: ExprId) -> ExprId {
        let flag = Type::of(Base::Flag);
        let not = self.push(Op::Not(self.guard), flag);
        self.push(Op::And(not, when), flag)
    }
}

/// The days of an interval before and after another that lies in it.
fn around(whole: Interval, inner: Interval) -> impl Iterator<Item = Interval> {
    let before = inner.from.and_then(|from| whole.meet(&Interval { from: None, until: Some(from) }));
    let after = inner.until.and_then(|until| whole.meet(&Interval { from: Some(until), until: None }));
    before.into_iter().chain(after)
}

/// The label of what an amendment brings: with its policy before it where another amendment brings the same.
fn qualified(policy: Option<&crate::plan::Policy>, label: &str) -> std::sync::Arc<str> {
    match policy {
        Some(policy) => format!("{}.{label}", policy.name).into(),
        None => label.into(),
    }
}
