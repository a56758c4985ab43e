//! What the client can ask, one file for each kind of question: the protocol in, `rubric_engine::ide` asked, the protocol
//! out.

pub(crate) mod actions;
pub(crate) mod calls;
pub(crate) mod completion;
pub(crate) mod diagnostics;
pub(crate) mod execute;
pub(crate) mod explanation;
pub(crate) mod files;
pub(crate) mod format;
pub(crate) mod hints;
pub(crate) mod hover;
pub(crate) mod lenses;
pub(crate) mod links;
pub(crate) mod manifest;
pub(crate) mod navigation;
pub(crate) mod rename;
pub(crate) mod sampled;
pub(crate) mod structure;
pub(crate) mod symbols;
pub(crate) mod tokens;
