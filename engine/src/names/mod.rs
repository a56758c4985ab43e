//! Names: from the signatures of all files to the [`Symbols`](crate::plan::Symbols) of the workspace.
//!
//! Only signatures are read here, never the insides of rules, so that typing inside a rule changes nothing that
//! another declaration sees.

mod absent;
mod amend;
mod authority;
mod collect;
mod record;
mod scope;
mod summary;
#[cfg(test)]
mod tests;
mod types;
pub mod waiver;

pub(crate) use amend::is_ordered;
pub use collect::{Collected, Declared, collect};
pub use scope::nearest;
pub use summary::{FileSummary, summarize, summarize_again};
pub use types::BUILT_IN;
pub(crate) use types::built_in;
pub(crate) use types::named as named_type;
