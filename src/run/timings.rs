//! What `--timings` says: how long each phase took, how fast that is, and what memory it took.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use rubric_engine::columns::peak_memory;

/// The phases of a run.
#[derive(Debug, Default)]
pub(crate) struct Phases {
    /// What was done and how long that took, in order.
    pub(crate) took: Vec<(&'static str, Duration)>,
    /// How many rows were evaluated.
    pub(crate) rows: u64,
    /// The records that lay in a temporary file, and were read range by range.
    pub(crate) divided: Vec<String>,
    /// Records, and in how many of how many row groups of their files columns were passed over.
    pub(crate) passed_over: Vec<(String, u32, u32)>,
    /// For which reasons, and how often, the columns asked the explaining evaluator.
    pub(crate) replayed: BTreeMap<&'static str, u64>,
}

impl Phases {
    /// The table.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        let all: Duration = self.took.iter().map(|(_, took)| *took).sum();
        for (phase, took) in self.took.iter().copied().chain([("all", all)]) {
            let _ = writeln!(text, "{phase:<10} {:>10.3} s", took.as_secs_f64());
        }
        if all > Duration::ZERO {
            #[allow(clippy::cast_precision_loss, reason = "a speed for people")]
            let speed = self.rows as f64 / all.as_secs_f64();
            let _ = writeln!(text, "{:<10} {:>10} ({speed:.0} a second)", "rows", self.rows);
        }
        if let Some(peak) = peak_memory() {
            let _ = writeln!(text, "{:<10} {:>10} MB at most", "memory", peak / (1 << 20));
        }
        if !self.divided.is_empty() {
            let _ = writeln!(text, "in ranges  {}", self.divided.join(", "));
        }
        for (record, groups, of) in &self.passed_over {
            let _ =
                writeln!(text, "not read   {groups:>10} of {of} row groups of {record}, but for their keys");
        }
        for (why, times) in &self.replayed {
            let _ = writeln!(text, "row by row {times:>10}: {why}");
        }
        text
    }
}
