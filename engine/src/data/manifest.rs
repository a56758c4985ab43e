//! `rubric.toml`: the project and its data sets.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::DateFormat;
use super::bytes::ending;
use crate::value::Date;

/// A `rubric.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// `name` of `[project]`.
    pub name: Option<String>,
    /// `policies` of `[project]`: files and folders, relative to the manifest; empty: every `.rubric` below it.
    pub policies: Vec<String>,
    /// `[data.NAME]`.
    pub data: BTreeMap<String, DataSet>,
}

/// `[data.NAME]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataSet {
    /// The folder, or a file, relative to the manifest.
    pub path: String,
    /// How it is stored.
    pub format: Format,
    /// The day of deciding, unless the command says another.
    pub as_of: Option<Date>,
    /// A preset in the place of the shipped one, relative to the manifest.
    pub preset: Option<String>,
    /// `set = { submission = "fall_1" }`: inputs of the policies, as text.
    pub set: BTreeMap<String, String>,
    /// How cells are written, unless a record says otherwise.
    pub writing: Writing,
    /// `[data.NAME.Record]`.
    pub records: BTreeMap<String, RecordMapping>,
}

/// How data is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// A folder of `.csv` and `.tsv` files, one for each record.
    #[default]
    Csv,
    /// A folder of `.jsonl` files, one for each record, with one JSON object a line.
    Jsonl,
    /// A folder of `.parquet` files, one for each record.
    Parquet,
    /// A folder of files whose fields stand at fixed places of the line.
    Fixed,
    /// A folder of Ed-Fi interchange files.
    EdfiXml,
    /// A folder of `.jsonl` files, one for each resource of the Ed-Fi interface.
    EdfiJsonl,
    /// A folder or a zip archive of OneRoster CSV files.
    Oneroster,
}

/// The formats by their name in a manifest.
const FORMATS: [(&str, Format); 7] = [
    ("csv", Format::Csv),
    ("jsonl", Format::Jsonl),
    ("parquet", Format::Parquet),
    ("fixed", Format::Fixed),
    ("oneroster", Format::Oneroster),
    ("edfi-xml", Format::EdfiXml),
    ("edfi-jsonl", Format::EdfiJsonl),
];

impl Format {
    /// Its name in a manifest.
    #[must_use]
    pub fn name(self) -> &'static str {
        FORMATS.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }

    /// The format that the names of the files suggest, where no manifest says it.
    #[must_use]
    pub fn of_path(path: &Path) -> Self {
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let names: BTreeSet<String> = if path.is_dir() {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            entries.filter_map(|entry| name(&entry.path())).collect()
        } else {
            name(path).into_iter().collect()
        };
        let has = |endings: &[&str]| names.iter().any(|name| endings.contains(&ending(name).as_str()));
        let is_roster = names.contains("manifest.csv") && names.contains("orgs.csv");
        if has(&["zip"]) || is_roster {
            Self::Oneroster
        } else if has(&["csv", "tsv"]) {
            Self::Csv
        } else if has(&["jsonl", "ndjson"]) {
            Self::Jsonl
        } else if has(&["parquet"]) {
            Self::Parquet
        } else if has(&["xml"]) {
            Self::EdfiXml
        } else {
            Self::Csv
        }
    }

    /// Whether a preset says what its files hold.
    #[must_use]
    pub const fn needs_preset(self) -> bool {
        matches!(self, Self::EdfiXml | Self::EdfiJsonl | Self::Oneroster)
    }
}

/// How cells are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writing {
    /// `dates = "%m/%d/%Y"`.
    pub dates: Option<DateFormat>,
    /// `delimiter = "|"`.
    pub delimiter: Option<u8>,
    /// `school_year = "ends"`: what a bare year means.
    pub school_year: Option<SchoolYearIs>,
    /// `absent = ["NULL"]`: cells that are as good as empty.
    pub absent: Vec<String>,
    /// `codes.GRADE = { "3rd" = "third_grade" }`: by category for a data set, by field for a record.
    pub codes: BTreeMap<String, BTreeMap<String, String>>,
}

/// Which school year a bare year is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchoolYearIs {
    /// The one that starts in it.
    Starts,
    /// The one that ends in it.
    Ends,
}

/// `[data.NAME.Record]`: where the data's names differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordMapping {
    /// Its file in the folder.
    pub file: Option<String>,
    /// For [`Format::Fixed`], the file in the folder that says where its fields stand.
    pub layout: Option<String>,
    /// Column by field; several where the field names a record whose key has several parts.
    pub columns: BTreeMap<String, Vec<String>>,
    /// How a percent is written, by field.
    pub percent: BTreeMap<String, PercentAs>,
    /// How cells are written.
    pub writing: Writing,
}

/// How a percent is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PercentAs {
    /// A quarter is `0.25`.
    Fraction,
    /// A quarter is `25`.
    Points,
}

/// Something in a manifest that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Bytes of the text.
    pub span: Range<usize>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Manifest {
    /// Reads the text of a `rubric.toml`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<ManifestError>> {
        let mut reader = Reader { text, errors: Vec::new() };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            reader.error(error.span().unwrap_or(0..0), error.message().replace('\n', ", "), None);
        }
        // A text that is no TOML has lost keys: what is missing in it would be a second message for one mistake.
        let manifest =
            if reader.errors.is_empty() { reader.manifest(table.get_ref()) } else { Self::default() };
        if reader.errors.is_empty() { Ok(manifest) } else { Err(reader.errors) }
    }
}

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) errors: Vec<ManifestError>,
}

type Value<'i> = Spanned<DeValue<'i>>;

impl Reader<'_> {
    pub(super) fn error(&mut self, span: Range<usize>, message: String, help: Option<String>) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.get(line_start..).map_or(0, |line| line.chars().count()) + 1;
        self.errors.push(ManifestError { message, help, span, line, column });
    }

    fn manifest(&mut self, table: &DeTable<'_>) -> Manifest {
        let mut manifest = Manifest::default();
        for (key, value) in table.iter() {
            match key.get_ref().as_ref() {
                "project" => self.project(value, &mut manifest),
                "data" => {
                    for (name, value) in self.table(value, "data").into_iter().flat_map(DeTable::iter) {
                        let set = self.data_set(name, value);
                        manifest.data.insert(name.get_ref().to_string(), set);
                    }
                }
                _ => self.unknown(key, &["project", "data"], "a manifest"),
            }
        }
        manifest
    }

    fn project(&mut self, value: &Value<'_>, manifest: &mut Manifest) {
        for (key, value) in self.table(value, "project").into_iter().flat_map(DeTable::iter) {
            match key.get_ref().as_ref() {
                "name" => manifest.name = self.string(value, "name"),
                "policies" => manifest.policies = self.strings(value, "policies"),
                _ => self.unknown(key, &["name", "policies"], "`[project]`"),
            }
        }
    }

    fn data_set(&mut self, name: &Spanned<toml::de::DeString<'_>>, value: &Value<'_>) -> DataSet {
        let mut set = DataSet::default();
        let Some(table) = self.table(value, name.get_ref()) else { return set };
        for (key, value) in table.iter() {
            let word = key.get_ref().as_ref();
            match word {
                "path" => set.path = self.string(value, word).unwrap_or_default(),
                "format" => set.format = self.format(value),
                "as_of" => set.as_of = self.date(value),
                "preset" => set.preset = self.string(value, word),
                "set" => {
                    for (name, value) in self.table(value, word).into_iter().flat_map(DeTable::iter) {
                        if let Some(text) = self.input(value, name.get_ref()) {
                            set.set.insert(name.get_ref().to_string(), text);
                        }
                    }
                }
                _ if self.writing(word, value, &mut set.writing) => {}
                _ if value.get_ref().is_table() => {
                    let mapping = self.record(value, word);
                    set.records.insert(word.to_owned(), mapping);
                }
                _ => self.unknown(
                    key,
                    &[
                        "path",
                        "format",
                        "as_of",
                        "preset",
                        "set",
                        "dates",
                        "delimiter",
                        "school_year",
                        "absent",
                        "codes",
                    ],
                    &format!("`[data.{}]`", name.get_ref()),
                ),
            }
        }
        if !table.iter().any(|(key, _)| key.get_ref() == "path") {
            self.error(
                name.span(),
                format!("`[data.{}]` does not say where the data is", name.get_ref()),
                Some("add `path = \"…\"`, relative to this file".to_owned()),
            );
        }
        set
    }

    fn record(&mut self, value: &Value<'_>, record: &str) -> RecordMapping {
        let mut mapping = RecordMapping::default();
        for (key, value) in self.table(value, record).into_iter().flat_map(DeTable::iter) {
            let word = key.get_ref().as_ref();
            match word {
                "file" => mapping.file = self.string(value, word),
                "layout" => mapping.layout = self.string(value, word),
                "columns" => {
                    for (field, value) in self.table(value, word).into_iter().flat_map(DeTable::iter) {
                        let columns = self.strings(value, field.get_ref());
                        mapping.columns.insert(field.get_ref().to_string(), columns);
                    }
                }
                "percent" => {
                    for (field, value) in self.table(value, word).into_iter().flat_map(DeTable::iter) {
                        let written = [("fraction", PercentAs::Fraction), ("points", PercentAs::Points)];
                        if let Some(written) = self.one_of(value, field.get_ref(), &written) {
                            mapping.percent.insert(field.get_ref().to_string(), written);
                        }
                    }
                }
                _ if self.writing(word, value, &mut mapping.writing) => {}
                _ => self.unknown(
                    key,
                    &[
                        "file",
                        "layout",
                        "columns",
                        "percent",
                        "dates",
                        "delimiter",
                        "school_year",
                        "absent",
                        "codes",
                    ],
                    &format!("the mapping of `{record}`"),
                ),
            }
        }
        mapping
    }

    /// Whether the key says how cells are written.
    pub(super) fn writing(&mut self, key: &str, value: &Value<'_>, writing: &mut Writing) -> bool {
        match key {
            "dates" => {
                if let Some(text) = self.string(value, key) {
                    match DateFormat::parse(&text) {
                        Ok(format) => writing.dates = Some(format),
                        Err(why) => self.error(
                            value.span(),
                            format!("`{text}` is not a date format: {why}"),
                            Some("for dates such as 06/01/2024 write \"%m/%d/%Y\"".to_owned()),
                        ),
                    }
                }
            }
            "delimiter" => writing.delimiter = self.delimiter(value),
            "school_year" => {
                let meanings = [("starts", SchoolYearIs::Starts), ("ends", SchoolYearIs::Ends)];
                writing.school_year = self.one_of(value, key, &meanings);
            }
            "absent" => writing.absent = self.strings(value, key),
            "codes" => {
                for (name, value) in self.table(value, key).into_iter().flat_map(DeTable::iter) {
                    let mut codes = BTreeMap::new();
                    for (code, value) in self.table(value, name.get_ref()).into_iter().flat_map(DeTable::iter)
                    {
                        if let Some(meant) = self.string(value, code.get_ref()) {
                            codes.insert(code.get_ref().to_string(), meant);
                        }
                    }
                    writing.codes.insert(name.get_ref().to_string(), codes);
                }
            }
            _ => return false,
        }
        true
    }

    /// The text of an input: what stands in quotes, or a number, date, true or false as it was written.
    fn input(&mut self, value: &Value<'_>, name: &str) -> Option<String> {
        match value.get_ref() {
            DeValue::Array(_) | DeValue::Table(_) => {
                self.wrong_type(value, name, "one value");
                None
            }
            DeValue::String(text) => Some(text.to_string()),
            _ => self.text.get(value.span()).map(|text| text.replace('_', "")),
        }
    }

    fn format(&mut self, value: &Value<'_>) -> Format {
        let Some(text) = self.string(value, "format") else { return Format::default() };
        if let Some((_, format)) = FORMATS.iter().find(|(name, _)| *name == text) {
            return *format;
        }
        let listed = FORMATS.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let help = nearest(&text, FORMATS.iter().map(|(name, _)| *name))
            .map_or_else(|| format!("the formats are {listed}"), |name| format!("did you mean `{name}`?"));
        self.error(value.span(), format!("`{text}` is not a format"), Some(help));
        Format::default()
    }

    fn delimiter(&mut self, value: &Value<'_>) -> Option<u8> {
        let text = self.string(value, "delimiter")?;
        match (text.as_str(), text.as_bytes()) {
            ("tab" | "\t", _) => Some(b'\t'),
            (_, [byte]) if byte.is_ascii_punctuation() => Some(*byte),
            _ => {
                let help = "write one character, such as \",\" \";\" \"|\", or \"tab\"".to_owned();
                self.error(value.span(), format!("`{text}` is not a delimiter"), Some(help));
                None
            }
        }
    }

    fn date(&mut self, value: &Value<'_>) -> Option<Date> {
        let date =
            value.get_ref().as_datetime().filter(|found| found.time.is_none()).and_then(|found| found.date);
        let date = match (date, value.get_ref().as_str()) {
            (Some(date), _) => {
                let parts = (i16::try_from(date.year), i8::try_from(date.month), i8::try_from(date.day));
                if let (Ok(year), Ok(month), Ok(day)) = parts {
                    Date::new(year, month, day).ok()
                } else {
                    None
                }
            }
            (None, Some(text)) => DateFormat::iso().read(text),
            _ => None,
        };
        if date.is_none() {
            self.error(
                value.span(),
                "`as_of` is not a date".to_owned(),
                Some("write it as 2024-06-01".to_owned()),
            );
        }
        date
    }

    pub(super) fn one_of<T: Copy>(&mut self, value: &Value<'_>, key: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.string(value, key)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let listed: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            self.error(
                value.span(),
                format!("`{key}` cannot be `{text}`"),
                Some(format!("write {}", listed.join(" or "))),
            );
        }
        found
    }

    pub(super) fn table<'v, 'i>(&mut self, value: &'v Value<'i>, key: &str) -> Option<&'v DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(value, key, "a table");
        }
        table
    }

    pub(super) fn string(&mut self, value: &Value<'_>, key: &str) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.wrong_type(value, key, "text in quotes");
        }
        text
    }

    /// One text, or a list of them.
    pub(super) fn strings(&mut self, value: &Value<'_>, key: &str) -> Vec<String> {
        match value.get_ref().as_array() {
            Some(list) => list.iter().filter_map(|value| self.string(value, key)).collect(),
            None => self.string(value, key).into_iter().collect(),
        }
    }

    fn wrong_type(&mut self, value: &Value<'_>, key: &str, expected: &str) {
        let found = match value.get_ref() {
            DeValue::String(_) => "text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.error(value.span(), format!("`{key}` is {found}, and {expected} is expected"), None);
    }

    pub(super) fn unknown(&mut self, key: &Spanned<toml::de::DeString<'_>>, known: &[&str], of: &str) {
        let listed = || {
            format!(
                "its keys are {}",
                known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
            )
        };
        let help = nearest(key.get_ref(), known.iter().copied())
            .map_or_else(listed, |name| format!("did you mean `{name}`?"));
        self.error(key.span(), format!("`{}` is not a key of {of}", key.get_ref()), Some(help));
    }
}

/// The name most like the one that was written, if any is like it.
pub(super) fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&written, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness > 0.82)
        // The first of equals, so that the answer does not depend on which comes last.
        .fold(None, |best: Option<(f64, &str)>, next| match best {
            Some(best) if best.0 >= next.0 => Some(best),
            _ => Some(next),
        })
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_manifest_is_read() {
        let manifest = Manifest::parse(
            r#"
            [project]
            name     = "florida"
            policies = ["policies"]

            [data.sample]
            path   = "records"
            format = "csv"
            as_of  = 2024-06-01
            absent = ["NULL"]
            set = { submission = "fall_1", rounds = 1_000, late = true, since = 2024-07-01 }
            codes.GradeLevel = { "3rd" = "third_grade" }

            [data.sample.Student]
            file    = "students.csv"
            columns = { grade = "GradeLevel", school = ["District", "School"] }
            dates   = "%m/%d/%Y"
            delimiter = "tab"
            percent = { upp = "points" }
            school_year = "ends"

            [data.state]
            path = "xml"
            format = "edfi-xml"
            preset = "ours.toml"
            "#,
        )
        .unwrap();
        assert_eq!(
            (manifest.name.as_deref(), manifest.policies),
            (Some("florida"), vec!["policies".to_owned()])
        );
        let sample = &manifest.data["sample"];
        assert_eq!(
            (sample.path.as_str(), sample.format, sample.as_of),
            ("records", Format::Csv, Date::new(2024, 6, 1).ok())
        );
        assert_eq!(sample.writing.absent, ["NULL"]);
        assert_eq!(sample.writing.codes["GradeLevel"]["3rd"], "third_grade");
        let set: Vec<(&str, &str)> =
            sample.set.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(
            set,
            [("late", "true"), ("rounds", "1000"), ("since", "2024-07-01"), ("submission", "fall_1")]
        );
        let student = &sample.records["Student"];
        assert_eq!(student.file.as_deref(), Some("students.csv"));
        assert_eq!(student.columns["grade"], ["GradeLevel"]);
        assert_eq!(student.columns["school"], ["District", "School"]);
        assert_eq!(student.writing.dates.as_ref().unwrap().as_str(), "%m/%d/%Y");
        assert_eq!(student.writing.delimiter, Some(b'\t'));
        assert_eq!(student.writing.school_year, Some(SchoolYearIs::Ends));
        assert_eq!(student.percent["upp"], PercentAs::Points);
        let state = &manifest.data["state"];
        assert_eq!((state.format, state.preset.as_deref()), (Format::EdfiXml, Some("ours.toml")));
    }

    #[test]
    fn mistakes_are_said_where_they_are() {
        let said = |text: &str| -> Vec<String> {
            let errors = Manifest::parse(text).unwrap_err();
            let line = |error: ManifestError| {
                let help = error.help.map(|help| format!("; {help}")).unwrap_or_default();
                format!("{}:{}: {}{help}", error.line, error.column, error.message)
            };
            errors.into_iter().map(line).collect()
        };
        for (text, expected) in [
            ("[projekt]\n", "1:2: `projekt` is not a key of a manifest; did you mean `project`?"),
            (
                "[project]\npolicy = \"x\"\n",
                "2:1: `policy` is not a key of `[project]`; did you mean `policies`?",
            ),
            ("[project]\nname = 3\n", "2:8: `name` is a number, and text in quotes is expected"),
            (
                "[data.a]\nformat = \"csv\"\n",
                "1:7: `[data.a]` does not say where the data is; add `path = \"…\"`, relative to this file",
            ),
            (
                "[data.a]\npath = \"r\"\nformat = \"excel\"\n",
                "3:10: `excel` is not a format; the formats are `csv`, `jsonl`, `parquet`, `fixed`, `oneroster`, `edfi-xml`, `edfi-jsonl`",
            ),
            (
                "[data.a]\npath = \"r\"\nformat = \"edfixml\"\n",
                "3:10: `edfixml` is not a format; did you mean `edfi-xml`?",
            ),
            (
                "[data.a]\npath = \"r\"\nformt = \"csv\"\n",
                "3:1: `formt` is not a key of `[data.a]`; did you mean `format`?",
            ),
            (
                "[data.a]\npath = \"r\"\nas_of = \"June\"\n",
                "3:9: `as_of` is not a date; write it as 2024-06-01",
            ),
            (
                "[data.a]\npath = \"r\"\nset = { round = [1] }\n",
                "3:17: `round` is a list, and one value is expected",
            ),
            (
                "[data.a]\npath = \"r\"\n[data.a.Student]\ncolumn = {}\n",
                "4:1: `column` is not a key of the mapping of `Student`; did you mean `columns`?",
            ),
            (
                "[data.a]\npath = \"r\"\n[data.a.Student]\ndates = \"MM/DD/YYYY\"\n",
                "4:9: `MM/DD/YYYY` is not a date format: it must name a year (%Y), a month (%m) and a day (%d), each once; for dates such as 06/01/2024 write \"%m/%d/%Y\"",
            ),
            (
                "[data.a]\npath = \"r\"\n[data.a.Student]\npercent = { upp = \"percent\" }\n",
                "4:19: `upp` cannot be `percent`; write `fraction` or `points`",
            ),
        ] {
            assert_eq!(said(text), [expected], "{text}");
        }
        assert_eq!(said("[project\nname = 1\n").len(), 1);
    }
}
