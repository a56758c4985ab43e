//! `rubric fmt`: one way to write a policy.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use rubric_grammar::format::{DEFAULT_WIDTH, format};
use rubric_grammar::parse;
use similar::TextDiff;

use super::Outcome;
use crate::atomic;
use crate::cli::FmtArgs;
use crate::failure::Failure;
use crate::project;
use crate::terminal::{Style, Terminal, counted, harmless};

pub(crate) fn fmt(args: &FmtArgs, terminal: Terminal) -> Result<Outcome, Failure> {
    if args.paths.iter().any(|path| path.as_os_str() == "-") {
        if args.paths.len() > 1 {
            return Err(Failure::new("`-` is standard input and cannot be formatted together with files"));
        }
        return standard_input(args.check, terminal);
    }
    let located = project::locate(&args.paths)?;
    let mut changed = 0;
    for path in located.asked()? {
        let shown = located.shown(path);
        let text =
            fs::read_to_string(path).map_err(|error| Failure::io("read", Path::new(&shown), &error))?;
        let formatted = formatted(&text, &shown, terminal);
        if formatted == text {
            continue;
        }
        changed += 1;
        if args.check {
            terminal.print(&diff(&shown, &text, &formatted, terminal))?;
        } else {
            atomic::replace(path, formatted.as_bytes())
                .map_err(|error| Failure::io("write", Path::new(&shown), &error))?;
            terminal.detail(&format!("formatted {shown}"));
        }
    }
    let files = located.asked()?.len();
    let verb = if args.check { "would change" } else { "changed" };
    terminal.say(&format!("{} read, {changed} {verb}", counted(files, "file")));
    Ok(Outcome::found(args.check && changed > 0))
}

fn standard_input(check: bool, terminal: Terminal) -> Result<Outcome, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::io("read", Path::new("standard input"), &error))?;
    let formatted = formatted(&text, "standard input", terminal);
    if !check {
        terminal.print(&formatted)?;
        return Ok(Outcome::Clean);
    }
    terminal.print(&diff("standard input", &text, &formatted, terminal))?;
    Ok(Outcome::found(formatted != text))
}

/// The formatted text; the text itself, with a word about it, where formatting it is not safe.
fn formatted(text: &str, shown: &str, terminal: Terminal) -> String {
    let formatted = format(text, &parse(text), DEFAULT_WIDTH);
    if let Some(refusal) = formatted.refused {
        terminal.say(&format!("{shown}: {refusal}"));
    }
    formatted.text
}

fn diff(path: &str, before: &str, after: &str, terminal: Terminal) -> String {
    if before == after {
        return String::new();
    }
    let unified = TextDiff::from_lines(before, after)
        .unified_diff()
        .header(path, &format!("{path} (formatted)"))
        .to_string();
    unified
        .split_inclusive('\n')
        .map(|line| {
            let style = match line.as_bytes() {
                [b'+', ..] => Style::Good,
                [b'-', ..] => Style::Bad,
                [b'@', ..] => Style::Name,
                _ => return harmless(line).into_owned(),
            };
            let text = line.trim_end_matches('\n');
            let ended = if text.len() < line.len() { "\n" } else { "" };
            format!("{}{ended}", terminal.paint(style, &harmless(text)))
        })
        .collect()
}
