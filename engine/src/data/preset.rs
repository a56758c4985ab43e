//! Presets: which element and path of an interchange, or column of a file, gives which record and field.
//!
//! ```toml
//! [identity.Student]                 # how a reference names a student, wherever one is found
//! within = "StudentIdentity"
//! student_unique_id = "StudentUniqueId"
//!
//! [record.Student]
//! from = "Student"                   # or a list of elements
//! student_unique_id = "StudentUniqueId"
//! birth_date = ["BirthData/BirthDate", "BirthDate"]        # the first that is there
//!
//! [record.StudentAssessmentScoreResult]
//! from = "StudentAssessment"
//! each = "ScoreResult"               # a row for each of these; paths start there
//! student_assessment = "^"           # the row read from the element around it
//! result = "Result"
//! weight = { path = "Weight", percent = "fraction" }
//!
//! [record.StaffCredential]
//! from = "Staff"
//! each = "CredentialReference"
//! staff = "^"
//! credential = "."                   # the place itself: what `[identity.Credential]` says is looked for in it
//!
//! [[record.Session]]                 # one of several ways to the same record
//! from = "classes"
//! where = { status = ["", "active"] }
//! distinct = true                    # rows that are the same are one
//! session_name = { path = "termSourcedIds", take = "all" }
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeTable;

use super::manifest::Reader;
use super::{ManifestError, PercentAs, Writing};

/// A preset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Preset {
    /// `[identity.NAME]`.
    pub(super) identities: BTreeMap<String, Identity>,
    /// `[record.NAME]`, or several `[[record.NAME]]`.
    pub(super) records: Vec<(String, RecordPreset)>,
    /// `[writing]`: how cells are written, unless the manifest says otherwise.
    pub(super) writing: Writing,
    /// `[link.FILE]`: columns that name a row of another file.
    pub(super) links: BTreeMap<String, BTreeMap<String, Link>>,
    /// `lists`: columns whose cells are several values with commas between them.
    pub(super) lists: Vec<String>,
    /// `skip`: rows that are as good as not there, by column and value.
    pub(super) skip: BTreeMap<String, Vec<String>>,
}

/// What a column that names a row of another file leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Link {
    /// The file.
    pub(super) file: String,
    /// `file?`: there may be no such row.
    pub(super) optional: bool,
}

/// How a reference to a record is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Identity {
    /// The element, inside the reference, in which the key stands.
    pub(super) within: Vec<String>,
    /// Paths of the key fields, from there.
    pub(super) parts: BTreeMap<String, FieldPreset>,
}

/// Where the rows of a record are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RecordPreset {
    /// The elements.
    pub(super) from: Vec<String>,
    /// Path of the parts of the element that give a row each; empty: the element gives one row.
    pub(super) each: Vec<String>,
    /// Only elements with one of these values at each of these paths; an empty value is none at all.
    pub(super) only: BTreeMap<String, Vec<String>>,
    /// Rows that are the same in every cell are one row.
    pub(super) distinct: bool,
    /// Paths by field.
    pub(super) fields: BTreeMap<String, FieldPreset>,
}

/// Where the value of a field is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FieldPreset {
    /// The first that is there gives the value.
    pub(super) paths: Vec<FieldPath>,
    /// The value itself, the same in every row.
    pub(super) value: Option<String>,
    /// How a percent is written.
    pub(super) percent: Option<PercentAs>,
    /// Which of several values counts.
    pub(super) take: Option<Take>,
    /// Of the field's name in the preset.
    pub(super) span: Range<usize>,
}

/// Which of several values counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Take {
    /// The first day, or the smallest number.
    Lowest,
    /// The last day, or the largest number.
    Highest,
    /// The texts of all, with commas between them.
    All,
}

/// One place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FieldPath {
    /// `^`.
    Parent,
    /// `A/B/C`, or `.` for none.
    Steps(Vec<String>),
}

impl Preset {
    pub(super) fn parse(text: &str) -> Result<Self, Vec<ManifestError>> {
        let mut reader = Reader { text, errors: Vec::new() };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            reader.error(error.span().unwrap_or(0..0), error.message().replace('\n', ", "), None);
        }
        let mut preset = Self::default();
        if !reader.errors.is_empty() {
            return Err(reader.errors);
        }
        for (key, value) in table.get_ref().iter() {
            match key.get_ref().as_ref() {
                "identity" => {
                    for (name, value) in reader.table(value, "identity").into_iter().flat_map(DeTable::iter) {
                        let mut identity = Identity::default();
                        for (key, value) in
                            reader.table(value, name.get_ref()).into_iter().flat_map(DeTable::iter)
                        {
                            match key.get_ref().as_ref() {
                                "within" => {
                                    identity.within =
                                        steps(&reader.string(value, "within").unwrap_or_default())
                                }
                                part => {
                                    let field = reader.field(value, part, key.span());
                                    identity.parts.insert(part.to_owned(), field);
                                }
                            }
                        }
                        preset.identities.insert(name.get_ref().to_string(), identity);
                    }
                }
                "record" => {
                    for (name, value) in reader.table(value, "record").into_iter().flat_map(DeTable::iter) {
                        match value.get_ref().as_array() {
                            Some(list) => {
                                for value in list.iter() {
                                    let record = reader.record_preset(name, value);
                                    preset.records.push((name.get_ref().to_string(), record));
                                }
                            }
                            None => {
                                let record = reader.record_preset(name, value);
                                preset.records.push((name.get_ref().to_string(), record));
                            }
                        }
                    }
                }
                "writing" => {
                    for (key, value) in reader.table(value, "writing").into_iter().flat_map(DeTable::iter) {
                        if !reader.writing(key.get_ref(), value, &mut preset.writing) {
                            let known = ["dates", "delimiter", "school_year", "absent", "codes"];
                            reader.unknown(key, &known, "`[writing]`");
                        }
                    }
                }
                "link" => {
                    for (file, value) in reader.table(value, "link").into_iter().flat_map(DeTable::iter) {
                        let links = preset.links.entry(file.get_ref().to_string()).or_default();
                        for (column, value) in
                            reader.table(value, file.get_ref()).into_iter().flat_map(DeTable::iter)
                        {
                            let text = reader.string(value, column.get_ref()).unwrap_or_default();
                            let optional = text.ends_with('?');
                            let file = text.trim_end_matches('?').to_owned();
                            links.insert(column.get_ref().to_string(), Link { file, optional });
                        }
                    }
                }
                "lists" => preset.lists = reader.strings(value, "lists"),
                "skip" => preset.skip = reader.values_by_name(value, "skip"),
                _ => reader.unknown(
                    key,
                    &["identity", "record", "writing", "link", "lists", "skip"],
                    "a preset",
                ),
            }
        }
        if reader.errors.is_empty() { Ok(preset) } else { Err(reader.errors) }
    }
}

impl Reader<'_> {
    fn record_preset(
        &mut self,
        name: &toml::Spanned<toml::de::DeString<'_>>,
        value: &toml::Spanned<toml::de::DeValue<'_>>,
    ) -> RecordPreset {
        let mut record = RecordPreset::default();
        for (key, value) in self.table(value, name.get_ref()).into_iter().flat_map(DeTable::iter) {
            match key.get_ref().as_ref() {
                "from" => record.from = self.strings(value, "from"),
                "each" => record.each = steps(&self.string(value, "each").unwrap_or_default()),
                "where" => record.only = self.values_by_name(value, "where"),
                "distinct" => {
                    record.distinct = value.get_ref().as_bool().unwrap_or_else(|| {
                        let message = "`distinct` is `true` or `false`".to_owned();
                        self.error(value.span(), message, None);
                        false
                    });
                }
                field => {
                    let path = self.field(value, field, key.span());
                    record.fields.insert(field.to_owned(), path);
                }
            }
        }
        if record.from.is_empty() {
            let message = format!("`{}` does not say from which element it is read", name.get_ref());
            self.error(name.span(), message, Some("add `from = \"…\"`".to_owned()));
        }
        record
    }

    fn values_by_name(
        &mut self,
        value: &toml::Spanned<toml::de::DeValue<'_>>,
        key: &str,
    ) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::new();
        for (name, value) in self.table(value, key).into_iter().flat_map(DeTable::iter) {
            found.insert(name.get_ref().to_string(), self.strings(value, name.get_ref()));
        }
        found
    }

    fn field(
        &mut self,
        value: &toml::Spanned<toml::de::DeValue<'_>>,
        name: &str,
        span: Range<usize>,
    ) -> FieldPreset {
        let mut field = FieldPreset { span, ..FieldPreset::default() };
        let mut texts = Vec::new();
        if let Some(table) = value.get_ref().as_table() {
            for (key, value) in table.iter() {
                match key.get_ref().as_ref() {
                    "path" => texts = self.strings(value, "path"),
                    "percent" => {
                        let written = [("fraction", PercentAs::Fraction), ("points", PercentAs::Points)];
                        field.percent = self.one_of(value, "percent", &written);
                    }
                    "value" => field.value = self.string(value, "value"),
                    "take" => {
                        let ways = [("lowest", Take::Lowest), ("highest", Take::Highest), ("all", Take::All)];
                        field.take = self.one_of(value, "take", &ways);
                    }
                    _ => self.unknown(key, &["path", "value", "percent", "take"], "a field of a preset"),
                }
            }
        } else {
            texts = self.strings(value, name);
        }
        if texts.is_empty() && field.value.is_none() {
            self.error(field.span.clone(), format!("`{name}` has no path"), None);
        }
        field.paths = texts
            .iter()
            .map(|text| if text == "^" { FieldPath::Parent } else { FieldPath::Steps(steps(text)) })
            .collect();
        field
    }
}

fn steps(text: &str) -> Vec<String> {
    text.split('/').filter(|step| !step.is_empty() && *step != ".").map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_said_where_they_are() {
        for (text, expected) in [
            ("[records.Student]\nfrom = \"Student\"\n", "1:2: `records` is not a key of a preset"),
            (
                "[record.Student]\nname = \"Name\"\n",
                "1:9: `Student` does not say from which element it is read",
            ),
            (
                "[record.A]\nfrom = \"A\"\nx = { pth = \"X\" }\n",
                "3:7: `pth` is not a key of a field of a preset",
            ),
            ("[record.A]\nfrom = \"A\"\nx = []\n", "3:1: `x` has no path"),
        ] {
            let errors = Preset::parse(text).unwrap_err();
            let first = &errors[0];
            assert_eq!(format!("{}:{}: {}", first.line, first.column, first.message), expected);
        }
    }
}
