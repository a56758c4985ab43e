//! `rubric check`: everything that is wrong, or worth knowing.

use rubric_engine::check;

use super::Outcome;
use crate::cli::{CheckArgs, CheckFormat};
use crate::failure::Failure;
use crate::nearest::nearest;
use crate::project;
use crate::render::{self, Summary};
use crate::terminal::{Terminal, counted};

pub(crate) fn check(args: &CheckArgs, terminal: Terminal) -> Result<Outcome, Failure> {
    if let Some(code) = &args.manual {
        return manual(code, terminal);
    }
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

fn manual(code: &str, terminal: Terminal) -> Result<Outcome, Failure> {
    let Some(page) = check::page(code) else {
        let failure = Failure::new(format!("there is no code `{code}`"));
        return Err(match nearest(code, check::PAGES.iter().map(|page| page.code.as_str())) {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help("a code stands with each message that `rubric check` shows"),
        });
    };
    terminal.print(&render::manual(page, terminal))?;
    Ok(Outcome::Clean)
}
