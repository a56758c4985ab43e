//! The subcommands, one file each.

mod check;
mod completions;
mod data;
mod diff;
mod explain;
mod flips;
mod fmt;
mod generate;
mod lsp;
mod man;
mod new;
mod run;
mod test;
mod versions;

use crate::cli::{Cli, Command, DataCommand};
use crate::failure::Failure;
use crate::terminal::Terminal;

/// How the command ends when it could do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing was found.
    Clean,
    /// Something was found.
    Findings,
}

impl Outcome {
    pub(crate) const fn found(found: bool) -> Self {
        if found { Self::Findings } else { Self::Clean }
    }
}

/// Does what the command line says.
pub(crate) fn execute(cli: Cli, terminal: Terminal) -> Result<Outcome, Failure> {
    match cli.command {
        Command::Check(args) => check::check(&args, terminal),
        Command::Run(args) => run::run(&args, terminal),
        Command::Explain(args) => explain::explain(&args, terminal),
        Command::Data { command: DataCommand::Check(args) } => data::check(&args, terminal),
        Command::Diff(args) => match &args.data {
            Some(data) => diff::diff(&args, data, terminal),
            None => versions::versions(&args, terminal),
        },
        Command::Test(args) => test::test(&args, terminal),
        Command::New(args) => new::new(&args, terminal),
        Command::Fmt(args) => fmt::fmt(&args, terminal),
        Command::Lsp(_) => lsp::lsp(),
        Command::Completions { shell } => completions::completions(shell, terminal),
        Command::Man { folder } => man::man(&folder, terminal),
    }
}
