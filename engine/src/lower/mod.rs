//! From the syntax tree of one declaration to its typed body. Pure functions of the symbols and the tree.
//!
//! [`Lowering`] holds the state of one declaration and lowers expressions; beside it stands one file for each kind of
//! declaration. What a name means is decided in `names`, which types fit together in `units`.

mod aggregate;
pub mod amend;
mod amount;
mod apportion;
mod assertion;
mod call;
mod compare;
mod constant;
mod date;
mod decision;
mod define;
mod expr;
mod fit;
mod foreign;
mod group;
mod header;
mod layer;
mod lowering;
mod member;
mod names;
mod operator;
mod override_order;
mod parameter;
mod population;
mod requirement;
pub mod test;
mod unit;
mod waiver;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use rubric_grammar::Span;

use crate::diagnostic::{Diagnostic, FileId, Place};
use crate::plan::{PolicyId, Symbol, Symbols};
use crate::value::{CategoryId, RecordId};

pub use amount::amount;
pub use assertion::assertion;
pub use decision::decision;
pub use define::define;
pub use group::group;
pub use header::header;
pub use lowering::Lowering;
pub(crate) use names::{FUNCTIONS, snake_case};
pub use parameter::parameter;
pub use requirement::requirement;
pub use unit::type_name;
pub use waiver::waiver;

/// Where a declaration stands and what it can see.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// What is declared.
    pub symbols: &'a Symbols,
    /// The policy in which it is written.
    pub policy: PolicyId,
    /// The file of the declaration.
    pub file: FileId,
    /// Its position among the items of the file.
    pub item: u32,
}

impl Context<'_> {
    /// A place in this item.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        Place { file: self.file, item: Some(self.item), span }
    }
}

/// What lowering one declaration gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lowered<T> {
    /// The body; `None` when an error makes it meaningless.
    pub body: Option<Arc<T>>,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
    /// What its names stand for, in the order of the text.
    pub mentions: Vec<Mention>,
}

/// A name in the text and what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mention {
    /// The name.
    pub place: Place,
    /// What it stands for.
    pub target: Target,
}

/// What a name can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// A declaration.
    Symbol(Symbol),
    /// A field of a record.
    Field(RecordId, u32),
    /// A value of a category.
    Value(CategoryId, u32),
}
