//! `rubric check`: everything that is wrong, or worth knowing.

use rubric_engine::check;
use rubric_engine::project::MANIFEST;

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
        if let Some(said) = not_looked_at(&project.unlisted()) {
            terminal.say(&said);
        }
    }
    Ok(Outcome::found(summary.errors > 0))
}

/// That the manifest leaves policies out, which and what to do.
fn not_looked_at(unlisted: &[String]) -> Option<String> {
    let first = unlisted.first()?;
    let named: Vec<String> = unlisted.iter().take(3).map(|path| format!("`{path}`")).collect();
    let more = match unlisted.len().saturating_sub(3) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (are, them) = if unlisted.len() == 1 { ("is", "it") } else { ("are", "them") };
    Some(format!(
        "{} {are} not looked at: {}{more}; `policies` in {MANIFEST} does not list {them}: list {them} there, or name {them}, as \
         in `rubric check {first}`",
        counted(unlisted.len(), "file"),
        named.join(", "),
    ))
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
