//! How much memory the process has, and how much a run may take.

use std::path::PathBuf;

/// The most memory that a run may take, and where it puts what has no room in it.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Bytes of the whole process.
    pub bytes: u64,
    /// A folder that is there and has room for the rows. Files in it have no name, and are gone with the process.
    pub folder: PathBuf,
    /// Into so many parts rows are divided whether or not they have room; for tests.
    pub ranges: Option<u32>,
}

impl Limit {
    /// The most memory, and the folder for what has no room in it.
    #[must_use]
    pub fn new(bytes: u64, folder: impl Into<PathBuf>) -> Self {
        Self { bytes, folder: folder.into(), ranges: None }
    }

    /// Whether the process has more than it may: a twentieth more is not noticed, since memory that was given back is
    /// counted until the system takes it.
    #[must_use]
    pub fn is_exceeded(&self) -> bool {
        self.ranges.is_none()
            && resident().is_some_and(|now| now > self.bytes.saturating_add(self.bytes / 20))
    }

    /// What remains.
    pub(super) fn left(&self) -> u64 {
        self.bytes.saturating_sub(resident().unwrap_or(UNTOLD))
    }
}

/// What is reckoned with where the system does not say what a process has.
const UNTOLD: u64 = 64 << 20;

/// How many bytes of memory the process has now; `None` where the system does not say.
#[must_use]
pub(crate) fn resident() -> Option<u64> {
    told("VmRSS:")
}

/// The most bytes of memory that the process had at a time; `None` where the system does not say.
#[must_use]
pub fn peak() -> Option<u64> {
    told("VmHWM:")
}

/// A line of what the system says of the process, in bytes.
fn told(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// Bytes as people write them: `1.5 GB`, `87 MB`.
pub(super) fn shown(bytes: u64) -> String {
    let tenths = |unit: u64| (bytes + unit / 20) / (unit / 10);
    if bytes >= 1_000_000_000 {
        let tenths = tenths(1_000_000_000);
        return format!("{}.{} GB", tenths / 10, tenths % 10);
    }
    format!("{} MB", bytes.div_ceil(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_in_round_numbers() {
        for (bytes, expected) in [
            (0, "0 MB"),
            (1, "1 MB"),
            (86_500_000, "87 MB"),
            (1_540_000_000, "1.5 GB"),
            (1_960_000_000, "2.0 GB"),
        ] {
            assert_eq!(shown(bytes), expected);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_process_has_some_memory() {
        let now = resident().unwrap();
        assert!(now > 1 << 20, "{now}");
        assert!(peak().unwrap() > 1 << 20);
        assert!(Limit::new(1, "/").is_exceeded());
        assert!(!Limit::new(now * 100, "/").is_exceeded());
    }
}
