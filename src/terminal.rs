//! Where output goes: standard output for what was asked for, standard error for everything said beside it.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use clap::ColorChoice;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use miette::{GraphicalReportHandler, GraphicalTheme};

use crate::failure::Failure;

/// The width of output that goes to no terminal, so that it does not depend on one.
const WIDTH_WITHOUT_TERMINAL: usize = 100;

/// How to speak.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    pub(crate) color: bool,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    pub(crate) width: usize,
}

impl Terminal {
    pub(crate) fn new(choice: ColorChoice, quiet: bool, verbose: bool) -> Self {
        let on_terminal = io::stdout().is_terminal();
        let color = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                on_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        };
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let width = columns.filter(|_| on_terminal).unwrap_or(WIDTH_WITHOUT_TERMINAL).clamp(40, 160);
        Self { color, quiet, verbose, width }
    }

    /// Writes to standard output. A reader that went away is no failure: it has what it wanted.
    pub(crate) fn print(self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::new(format!("cannot write to standard output: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Says something on standard error unless asked to be quiet.
    pub(crate) fn say(self, text: &str) {
        if !self.quiet {
            let _ = writeln!(io::stderr().lock(), "{text}");
        }
    }

    /// Says something on standard error when asked to be verbose.
    pub(crate) fn detail(self, text: &str) {
        if self.verbose {
            self.say(text);
        }
    }

    /// Shows why the command cannot do its work.
    pub(crate) fn fail(self, failure: &Failure) {
        let mut text: String =
            failure.findings().iter().map(|finding| crate::render::full(finding, self)).collect();
        if self.handler().render_report(&mut text, failure).is_ok() {
            let _ = write!(io::stderr().lock(), "{text}");
        }
    }

    /// miette's drawing of messages in this terminal's width and colours.
    pub(crate) fn handler(self) -> GraphicalReportHandler {
        let theme = if self.color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        GraphicalReportHandler::new_themed(theme)
            .with_links(false)
            .with_width(self.width)
            .with_context_lines(1)
    }

    /// A bar that appears on a terminal after a second, and never in a pipe.
    pub(crate) fn progress(self, what: &'static str, length: u64) -> Progress {
        if self.quiet || !io::stderr().is_terminal() {
            return Progress { bar: None };
        }
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {eta}") {
            bar.set_style(style);
        }
        bar.set_message(what);
        Progress { bar: Some(bar) }
    }

    pub(crate) fn paint(self, style: Style, text: &str) -> Cow<'_, str> {
        if self.color {
            Cow::Owned(format!("\u{1b}[{}m{text}\u{1b}[0m", style.code()))
        } else {
            Cow::Borrowed(text)
        }
    }
}

/// A progress bar, or none.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(crate) fn advance(&self, by: u64) {
        let Some(bar) = &self.bar else { return };
        bar.inc(by);
        if bar.is_hidden() && bar.elapsed() > Duration::from_secs(1) {
            bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// What a piece of output means, from which its colour follows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Style {
    Good,
    Bad,
    Doubtful,
    Name,
    Faint,
    Strong,
}

impl Style {
    const fn code(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Bad => "31",
            Self::Doubtful => "33",
            Self::Name => "36",
            Self::Faint => "2",
            Self::Strong => "1",
        }
    }
}

/// Text of a policy or a record, safe to show: control characters, which a terminal would obey, are written out.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    if text.chars().any(|letter| letter.is_control() && letter != '\n') {
        let escape = |letter: char| {
            if letter.is_control() && letter != '\n' {
                letter.escape_default().to_string()
            } else {
                letter.to_string()
            }
        };
        Cow::Owned(text.chars().map(escape).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// `1 error`, `2 errors`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    if count == 1 {
        return format!("1 {what}");
    }
    let plural = what.strip_suffix('y').map_or_else(|| format!("{what}s"), |stem| format!("{stem}ies"));
    format!("{count} {plural}")
}

#[cfg(test)]
mod tests {
    use super::{counted, harmless};

    #[test]
    fn control_characters_are_written_out() {
        assert_eq!(harmless("plain é 😀\n"), "plain é 😀\n");
        assert_eq!(harmless("a\u{1b}[2Jb\rc\u{9b}"), "a\\u{1b}[2Jb\\rc\\u{9b}");
    }

    #[test]
    fn plurals() {
        assert_eq!(counted(1, "policy"), "1 policy");
        assert_eq!(counted(0, "policy"), "0 policies");
        assert_eq!(counted(2, "error"), "2 errors");
    }
}
