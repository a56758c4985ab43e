//! The names of policies that a `rubric.toml` says, with their places.

use std::ops::Range;

use rubric_grammar::Span;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A name of a policy in a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManifestName {
    /// `[data.NAME.Record]`.
    Record(String),
    /// A key of `columns`, `percent` or `codes` of a record: the record and the field.
    Field(String, String),
    /// A key of `codes` of a data set.
    Category(String),
    /// A value of `codes` of a data set: the category and the value.
    Value(String, String),
    /// A value of `codes` of a record: the record, the field and the value.
    FieldValue(String, String, String),
    /// A key of `set`.
    Input(String),
}

/// Keys of a data set that are no records.
const OF_A_DATA_SET: [&str; 9] =
    ["path", "format", "as_of", "preset", "set", "dates", "delimiter", "school_year", "absent"];

/// The names of a manifest; none when it is no TOML.
#[must_use]
pub fn manifest_names(text: &str) -> Vec<(ManifestName, Span)> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut found = Vec::new();
    if !errors.is_empty() {
        return found;
    }
    let Some(DeValue::Table(sets)) = value(table.get_ref(), "data") else { return found };
    for (_, set) in sets {
        let DeValue::Table(set) = set.get_ref() else { continue };
        for (key, inside) in set {
            let name = key.get_ref().to_string();
            match (name.as_str(), inside.get_ref()) {
                ("set", DeValue::Table(inputs)) => {
                    for (key, _) in inputs {
                        found.push((ManifestName::Input(key.get_ref().to_string()), span(key.span())));
                    }
                }
                ("codes", DeValue::Table(categories)) => {
                    for (key, codes) in categories {
                        let category = key.get_ref().to_string();
                        found.push((ManifestName::Category(category.clone()), span(key.span())));
                        for (value, place) in strings(codes) {
                            found.push((ManifestName::Value(category.clone(), value), place));
                        }
                    }
                }
                (other, DeValue::Table(record)) if !OF_A_DATA_SET.contains(&other) => {
                    found.push((ManifestName::Record(name.clone()), span(key.span())));
                    of_record(&name, record, &mut found);
                }
                _ => {}
            }
        }
    }
    found.sort_by_key(|(_, span)| *span);
    found
}

fn of_record(record: &str, table: &DeTable<'_>, found: &mut Vec<(ManifestName, Span)>) {
    for part in ["columns", "percent", "codes"] {
        let Some(DeValue::Table(fields)) = value(table, part) else { continue };
        for (key, inside) in fields {
            let field = key.get_ref().to_string();
            found.push((ManifestName::Field(record.to_owned(), field.clone()), span(key.span())));
            if part == "codes" {
                for (value, place) in strings(inside) {
                    found.push((ManifestName::FieldValue(record.to_owned(), field.clone(), value), place));
                }
            }
        }
    }
}

/// The texts that are the values of a table.
fn strings(value: &Spanned<DeValue<'_>>) -> Vec<(String, Span)> {
    let DeValue::Table(table) = value.get_ref() else { return Vec::new() };
    table
        .iter()
        .filter_map(|(_, value)| match value.get_ref() {
            DeValue::String(text) => Some((text.to_string(), span(value.span()))),
            _ => None,
        })
        .collect()
}

fn value<'t, 'i>(table: &'t DeTable<'i>, name: &str) -> Option<&'t DeValue<'i>> {
    table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value.get_ref())
}

fn span(range: Range<usize>) -> Span {
    Span::new(u32::try_from(range.start).unwrap_or(u32::MAX), u32::try_from(range.end).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_their_places() {
        let text = "[data.\"é\"]\npath = \"x\"\nset = { window = \"a\" }\ncodes.Grade = { \"3rd\" = \"G3\" }\n\n[data.\"é\".Student]\nfile = \"s.csv\"\ncolumns = { student_id = \"ID\", \"grade\" = \"G\" }\ncodes.grade = { x = \"G4\" }\n";
        let student = || "Student".to_owned();
        let expected = [
            (ManifestName::Input("window".to_owned()), "window"),
            (ManifestName::Category("Grade".to_owned()), "Grade"),
            (ManifestName::Value("Grade".to_owned(), "G3".to_owned()), "\"G3\""),
            (ManifestName::Record(student()), "Student"),
            (ManifestName::Field(student(), "student_id".to_owned()), "student_id"),
            (ManifestName::Field(student(), "grade".to_owned()), "\"grade\""),
            (ManifestName::Field(student(), "grade".to_owned()), "grade"),
            (ManifestName::FieldValue(student(), "grade".to_owned(), "G4".to_owned()), "\"G4\""),
        ];
        let found: Vec<(ManifestName, &str)> = manifest_names(text)
            .into_iter()
            .map(|(name, span)| (name, &text[span.start as usize..span.end as usize]))
            .collect();
        assert_eq!(found, expected);
        assert_eq!(manifest_names("[data"), []);
    }
}
