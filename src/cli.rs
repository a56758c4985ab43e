//! The command line, as clap sees it.

use std::path::PathBuf;

use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Checked, explainable policy rules for public schools.
#[derive(Debug, Parser)]
#[command(name = "rubric", version, propagate_version = true, disable_help_subcommand = true)]
#[command(after_help = "\
Exit status: 0 clean, 1 findings (errors, failed tests, or what --fail-on names), 2 wrong usage or input that cannot be read.

Example: a project that works, from nothing
  rubric new my_policies && cd my_policies && rubric test && rubric run --data sample --out results")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    pub(crate) color: ColorChoice,

    /// Say only what was found: no summary, table or progress
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    /// Say also what is read and written
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find what is wrong in policies
    #[command(
        after_help = "Example: check the project of this folder\n  rubric check\n\nExample: one line a finding\n  rubric check policies/florida --format concise"
    )]
    Check(CheckArgs),

    /// Run the tests written in policies
    #[command(
        after_help = "Example: the tests whose title has the word, and the rules no test exercises\n  rubric test --filter retained --coverage\n\nExample: fail when tests notice fewer than 80 of 100 small changes of the policies\n  rubric test --mutate --fail-under 80\n\nExample: tests where none stands yet, for a person to confirm\n  rubric test --generate --out proposed.rubric"
    )]
    Test(TestArgs),

    /// Evaluate all records of a data set and write the results
    #[command(
        after_help = "Example: every policy of the project on the data set `sample` of rubric.toml\n  rubric run --data sample --out results\n\nExample: one policy on a folder of CSV files, failing when a requirement is violated\n  rubric run florida.grade_3_promotion --data records --as-of 2024-06-01 --out results --fail-on violated"
    )]
    Run(RunArgs),

    /// Say why a record has its result
    #[command(
        after_help = "Example: the whole record\n  rubric explain florida.grade_3_promotion S-1001/SY2023-24 --data sample\n\nExample: one rule of it, private fields shown\n  rubric explain florida.grade_3_promotion S-1001/SY2023-24 retained_twice --data sample --reveal\n\nExample: what it would take to be promoted\n  rubric explain florida.grade_3_promotion S-1001/SY2023-24 --data sample --how promoted"
    )]
    Explain(ExplainArgs),

    /// Compare two versions of policies: for every record that can be, or for those of a data set
    #[command(
        after_help = "Example: whether this year's policies ever give another result, with a record that shows it\n  rubric diff last_year this_year\n\nExample: which records come out otherwise, counted by grade\n  rubric diff last_year this_year --data records --as-of 2024-06-01 --by grade\n\nExample: fail only when a record that was promoted is now retained\n  rubric diff last_year this_year --data sample --fail-on 'promoted->retained'\n\nExit status: 1 when anything differs or is not decided, or with --fail-on when a record goes from the one result to the other."
    )]
    Diff(DiffArgs),

    /// Look at records without any policy
    #[command(
        after_help = "Example: what is wrong with the records of a folder\n  rubric data check --data records --as-of 2024-06-01"
    )]
    Data {
        #[command(subcommand)]
        command: DataCommand,
    },

    /// Format policies
    #[command(
        after_help = "Example: format the project\n  rubric fmt\n\nExample: show what would change, and exit with 1 if anything would\n  rubric fmt --check\n\nExample: format standard input\n  rubric fmt - < draft.rubric"
    )]
    Fmt(FmtArgs),

    /// Make a project that checks, tests and runs as it is
    #[command(after_help = "Example:\n  rubric new my_policies")]
    New(NewArgs),

    /// Speak the language server protocol on standard input and output
    #[command(after_help = "Example: what an editor is told to start\n  rubric lsp")]
    Lsp(LspArgs),

    /// Write shell completions
    #[command(
        after_help = "Example: for bash\n  rubric completions bash > ~/.local/share/bash-completion/completions/rubric"
    )]
    Completions {
        /// For which shell
        shell: Shell,
    },

    /// Write manual pages
    #[command(after_help = "Example:\n  rubric man ~/.local/share/man/man1")]
    Man {
        /// The folder to write to
        folder: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Files and folders; without any, the project of the current folder
    pub(crate) paths: Vec<PathBuf>,

    /// How to show what is found
    #[arg(long, value_enum, default_value_t = CheckFormat::Full)]
    pub(crate) format: CheckFormat,

    /// Show the manual page of a code, such as `unknown-name`, instead
    #[arg(long, value_name = "CODE", conflicts_with_all = ["paths", "format"])]
    pub(crate) manual: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// With the text around it
    Full,
    /// One line a finding
    Concise,
    /// One JSON object, described by docs/schemas/check.schema.json
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Files and folders; without any, the project of the current folder
    pub(crate) paths: Vec<PathBuf>,

    /// Only tests whose policy or title has this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,

    /// Say which rules no test exercises
    #[arg(long)]
    pub(crate) coverage: bool,

    /// Change policies in one small place at a time, and say which changes no test notices
    #[arg(long)]
    pub(crate) mutate: bool,

    /// Exit with 1 when tests notice fewer than so many percent of the changes
    #[arg(long, value_name = "SCORE", requires = "mutate", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) fail_under: Option<u8>,

    /// Write tests at the sides of thresholds and days that no test stands on, with today's results, for a person to confirm
    #[arg(long, conflicts_with_all = ["mutate", "coverage", "format"])]
    pub(crate) generate: bool,

    /// The new file to write these tests to, instead of standard output
    #[arg(long, value_name = "FILE", requires = "generate")]
    pub(crate) out: Option<PathBuf>,

    /// How to show the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Full)]
    pub(crate) format: ReportFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    Full,
    /// One JSON object, described in docs/schemas
    Json,
}

/// Which data, and how it is judged.
#[derive(Debug, Args)]
pub(crate) struct DataArgs {
    /// A data set of rubric.toml by its name, or a folder of records
    #[arg(long, value_name = "NAME|DIR")]
    pub(crate) data: String,

    /// The day of the run, such as 2024-06-01; else the data set's `as_of`
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<String>,

    /// A value for the whole run, such as `submission=fall_1`, in the place of the one in `set` of the data set; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,

    /// The folder or file of the project; without it, that of the current folder
    #[arg(long, value_name = "PATH")]
    pub(crate) project: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Compare records with the vocabulary: codes, keys, dates, what is missing and what is not read
    #[command(
        after_help = "Example: a data set of rubric.toml\n  rubric data check --data sample\n\nExample: a folder, with the vocabulary that comes with rubric\n  rubric data check --data records --as-of 2024-06-01 --format json"
    )]
    Check(DataCheckArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DataCheckArgs {
    /// A data set of rubric.toml by its name, or a folder of records
    #[arg(long, value_name = "NAME|DIR")]
    pub(crate) data: String,

    /// The day that births are compared with; else the data set's `as_of`
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<String>,

    /// The folder or file of the project; without it, that of the current folder
    #[arg(long, value_name = "PATH")]
    pub(crate) project: Option<PathBuf>,

    /// How to show the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Full)]
    pub(crate) format: ReportFormat,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Policies by name; without any, all of the project
    pub(crate) policies: Vec<String>,

    #[command(flatten)]
    pub(crate) data: DataArgs,

    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// How to write results
    #[arg(long, value_enum, default_value_t = TableFormat::Csv)]
    pub(crate) format: TableFormat,

    /// How many threads to use; results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,

    /// Use no more memory than this, such as 2GB: records that are read by their parent lie in a temporary file beside the results where they have no room; results do not depend on it
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(crate) memory: Option<u64>,

    /// Exit with 1 when there is any of these
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    pub(crate) fail_on: Vec<FailOn>,

    /// Write defines too
    #[arg(long)]
    pub(crate) facts: bool,

    /// Say how long each phase took, how fast that is, what memory it took, and what was evaluated row by row
    #[arg(long)]
    pub(crate) timings: bool,

    /// Which engine evaluates; results do not depend on it
    #[arg(long, value_enum, default_value_t = Engine::Columns)]
    pub(crate) engine: Engine,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// Many records at a time
    Columns,
    /// Record by record, as `explain` does: the definition
    Evaluator,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    /// Comma-separated values
    Csv,
    /// One JSON object a line
    Jsonl,
    /// Columns with types
    Parquet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// A requirement that is violated and is no `severity warning`
    Violated,
    /// A decision whose rules disagree
    Conflict,
    /// A result that hangs on a missing fact
    Undetermined,
    /// A data error
    Data,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The policy by its name
    pub(crate) policy: String,

    /// The record's key, its fields joined by `/`
    pub(crate) key: String,

    /// Only this decision, requirement or rule
    pub(crate) rule: Option<String>,

    #[command(flatten)]
    pub(crate) data: DataArgs,

    /// How to show the explanation
    #[arg(long, value_enum, default_value_t = ReportFormat::Full)]
    pub(crate) format: ReportFormat,

    /// Show the values of private fields
    #[arg(long)]
    pub(crate) reveal: bool,

    /// Say which facts would have to be others for another result, or for the one that is named
    #[arg(long, value_name = "OUTCOME", num_args = 0..=1, default_missing_value = "")]
    pub(crate) how: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The folder or file of the old version
    pub(crate) old: PathBuf,

    /// The folder or file of the new version
    pub(crate) new: PathBuf,

    /// A data set in rubric.toml of the new version by its name, or a folder of records; without it, every record that can be
    #[arg(long, value_name = "NAME|DIR")]
    pub(crate) data: Option<String>,

    /// The day of both runs, such as 2024-06-01; else the data set's `as_of`
    #[arg(long, value_name = "DATE", requires = "data")]
    pub(crate) as_of: Option<String>,

    /// A value for both runs, such as `submission=fall_1`; may be given several times
    #[arg(long, value_name = "NAME=VALUE", requires = "data")]
    pub(crate) set: Vec<String>,

    /// Count the records that differ by this field, beside their jurisdiction
    #[arg(long, value_name = "FIELD", requires = "data")]
    pub(crate) by: Vec<String>,

    /// Exit with 1 only when a record goes from the one result to the other, such as 'promoted->retained'
    #[arg(long, value_delimiter = ',', value_name = "FROM->TO", requires = "data")]
    pub(crate) fail_on: Vec<String>,

    /// How many threads to use; the report does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), requires = "data")]
    pub(crate) threads: Option<u16>,

    /// How to show the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Full)]
    pub(crate) format: ReportFormat,
}

#[derive(Debug, Args)]
pub(crate) struct FmtArgs {
    /// Files and folders, or `-` for standard input; without any, the project of the current folder
    pub(crate) paths: Vec<PathBuf>,

    /// Write nothing; show what would change and exit with 1 if anything would
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// The folder to make; its last part names the project
    pub(crate) name: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct LspArgs {
    /// Accepted for editors that pass it; standard input and output are always used
    #[arg(long)]
    pub(crate) stdio: bool,
}

/// Bytes as people write them: `500MB`, `2GB`, `1.5GiB`.
fn bytes(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 9] = [
        ("KIB", 1 << 10),
        ("MIB", 1 << 20),
        ("GIB", 1 << 30),
        ("TIB", 1 << 40),
        ("KB", 1000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000),
        ("B", 1),
    ];
    let wrong = || "a number and a unit are expected, such as `500MB`, `2GB` or `1.5GiB`".to_owned();
    let upper = text.trim().to_uppercase();
    let unit = UNITS.iter().find_map(|(unit, bytes)| Some((upper.strip_suffix(unit)?, *bytes)));
    let (number, unit) = unit.ok_or_else(wrong)?;
    let (whole, part) = number.trim().split_once('.').unwrap_or((number.trim(), ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= 9;
    if whole.is_empty() || !digits(whole) || !digits(part) || number.trim().ends_with('.') {
        return Err(wrong());
    }
    let places = u32::try_from(part.len()).map_err(|_| wrong())?;
    let number: u128 = format!("{whole}{part}").parse().map_err(|_| wrong())?;
    let bytes = u64::try_from(number * u128::from(unit) / 10_u128.pow(places)).map_err(|_| wrong())?;
    if bytes == 0 { Err(wrong()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::{Cli, bytes};

    #[test]
    fn bytes_have_a_unit() {
        for (text, expected) in [
            ("500MB", Some(500_000_000)),
            ("2gb", Some(2_000_000_000)),
            ("1.5 GiB", Some(3 << 29)),
            ("64B", Some(64)),
            ("2", None),
            ("GB", None),
            ("-1GB", None),
            ("1.GB", None),
            ("0MB", None),
            ("99999999999TB", None),
        ] {
            assert_eq!(bytes(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn every_subcommand_has_an_example() {
        let cli = Cli::command();
        cli.clone().debug_assert();
        for subcommand in cli.get_subcommands() {
            let help = subcommand.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example"), "{} has no example", subcommand.get_name());
            assert!(help.contains(&format!("rubric {}", subcommand.get_name())), "{}", subcommand.get_name());
        }
    }
}
