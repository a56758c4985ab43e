//! `rubric check`: everything that is wrong, or worth knowing.

use super::Outcome;
use crate::cli::{CheckArgs, CheckFormat};
use crate::failure::Failure;
use crate::project;
use crate::render::{self, Summary};
use crate::terminal::{Terminal, counted};

pub(crate) fn check(args: &CheckArgs, terminal: Terminal) -> Result<Outcome, Failure> {
    let project = project::locate(&args.paths)?.load(&[])?;
    let findings = project.findings(&project.asked);
    let summary = Summary::of(&findings);
    match args.format {
        CheckFormat::Json => {
            terminal.print(&render::to_json(&render::check_report(project.asked.len(), &findings))?)?
        }
        CheckFormat::Concise => {
            terminal.print(
                &findings.iter().map(|finding| render::concise(finding, terminal)).collect::<String>(),
            )?;
        }
        CheckFormat::Full => {
            terminal
                .print(&findings.iter().map(|finding| render::full(finding, terminal)).collect::<String>())?;
        }
    }
    if args.format != CheckFormat::Json {
        let files = counted(project.asked.len(), "file");
        terminal.say(&format!("{files} checked: {}", summary.words(terminal)));
    }
    Ok(Outcome::found(summary.errors > 0))
}
