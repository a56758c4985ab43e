//! What an expression is for every record at once: which values it has, and when.

use std::sync::Arc;

use super::cnf::Lit;
use super::form::Form;

/// A value, parts of which the solver chooses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Leaf {
    /// `yes` or `no`.
    Flag(bool),
    /// A number, a day, a school year.
    Num(Form),
    /// A quotient whose divisor is not zero.
    Ratio(Form, Form),
    /// A bounded aggregate: not less than, not more than.
    Range(Form, Form),
    /// A value of a category.
    Cat(u32),
    /// Whatever value of its category this choice is.
    CatOf(usize),
    /// A text.
    Text(Arc<str>),
    /// Whatever text this choice is.
    TextOf(usize),
    /// A row.
    Row(usize),
    /// Later than every day.
    Never,
    /// Equal to nothing.
    None,
    /// A decision or amount outside its `where`.
    NotApplicable,
}

impl Leaf {
    /// How large it is.
    fn pieces(&self) -> usize {
        match self {
            Self::Num(form) => form.pieces(),
            Self::Ratio(a, b) | Self::Range(a, b) => a.pieces() + b.pieces(),
            _ => 1,
        }
    }
}

/// The values of an expression, no two of which hold together. Where none holds it is unknown or an error.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sym {
    /// When it is which.
    pub(super) cases: Vec<(Lit, Leaf)>,
    /// When it is missing.
    pub(super) missing: Lit,
}

impl Sym {
    /// Always this.
    pub(super) fn of(leaf: Leaf) -> Self {
        Self { cases: vec![(Lit::YES, leaf)], missing: Lit::NO }
    }

    /// How large all its values are together.
    pub(super) fn pieces(&self) -> usize {
        self.cases.iter().map(|(_, leaf)| leaf.pieces()).sum()
    }

    /// Never known.
    pub(super) const fn unknown() -> Self {
        Self { cases: Vec::new(), missing: Lit::NO }
    }

    /// Yes where the first holds, no where the second does.
    pub(super) fn flag(yes: Lit, no: Lit) -> Self {
        let cases = [(yes, Leaf::Flag(true)), (no, Leaf::Flag(false))];
        Self { cases: cases.into_iter().filter(|(when, _)| *when != Lit::NO).collect(), missing: Lit::NO }
    }

    /// The one value it always is.
    pub(super) fn constant(&self) -> Option<&Leaf> {
        match self.cases.as_slice() {
            [(Lit::YES, leaf)] => Some(leaf),
            _ => None,
        }
    }
}

/// When a condition is yes and when it is no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rails {
    pub(super) yes: Lit,
    pub(super) no: Lit,
}

impl Rails {
    pub(super) const YES: Self = Self { yes: Lit::YES, no: Lit::NO };
    pub(super) const NO: Self = Self { yes: Lit::NO, no: Lit::YES };
    pub(super) const UNKNOWN: Self = Self { yes: Lit::NO, no: Lit::NO };

    /// Never unknown.
    pub(super) fn sure(yes: Lit) -> Self {
        Self { yes, no: !yes }
    }

    pub(super) const fn not(self) -> Self {
        Self { yes: self.no, no: self.yes }
    }
}
