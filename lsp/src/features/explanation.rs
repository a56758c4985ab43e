//! An explanation as a Markdown document.

use std::fmt::Write as _;

use rubric_engine::evaluate::{Explanation, Step, StepKind};

/// The document.
pub(crate) fn markdown(title: &str, explanations: &[Explanation]) -> String {
    let mut text = format!("# {}\n", escaped(title));
    for explanation in explanations {
        let _ = writeln!(text, "\n## {}\n", escaped(&explanation.title));
        let _ = writeln!(text, "**{}** as of {}", escaped(&explanation.result), explanation.as_of);
        if !explanation.cites.is_empty() {
            let cites: Vec<String> = explanation.cites.iter().map(|cite| escaped(cite)).collect();
            let _ = writeln!(text, "\n*{}*", cites.join(", "));
        }
        for because in &explanation.because {
            let _ = writeln!(text, "\n> {}", escaped(because));
        }
        if !explanation.needs.is_empty() {
            let needs: Vec<String> = explanation.needs.iter().map(|need| format!("`{need}`")).collect();
            let _ = writeln!(text, "\nneeds {}", needs.join(", "));
        }
        text.push('\n');
        steps(&explanation.steps, 0, &mut text);
    }
    text
}

fn steps(of: &[Step], depth: usize, text: &mut String) {
    for step in of {
        let mark = match step.kind {
            StepKind::Decided => "● ",
            StepKind::Held => "✔ ",
            StepKind::NotHeld => "✘ ",
            StepKind::Overridden => "⊘ ",
            StepKind::NotInForce => "– ",
            StepKind::Waived => "~ ",
            StepKind::Undetermined => "? ",
            StepKind::Fault => "! ",
            _ => "",
        };
        let line: Vec<&str> = step.text.split_whitespace().collect();
        let _ = write!(text, "{}- {mark}`{}`", "  ".repeat(depth), line.join(" ").replace('`', "'"));
        if !step.state.is_empty() {
            let _ = write!(text, ": **{}**", escaped(&step.state));
        }
        if !step.cites.is_empty() {
            let cites: Vec<String> = step.cites.iter().map(|cite| escaped(cite)).collect();
            let _ = write!(text, " *({})*", cites.join(", "));
        }
        text.push('\n');
        steps(&step.steps, depth + 1, text);
    }
}

/// Text of a policy or of data that must not be taken for Markdown.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        if "\\`*_{}[]<>#|!".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}
