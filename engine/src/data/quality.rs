//! What is certainly wrong with records though every cell of them could be read.

use super::{Cell, DataError, Dataset, Severity};
use crate::plan::{Field, FieldKind, Record, Symbols};
use crate::value::{Base, Date, RecordId, Value};

/// Names, or ends of names, of the first and the last day of a stretch of time.
const STRETCHES: [(&str, &str); 6] = [
    ("begin_date", "end_date"),
    ("start_date", "end_date"),
    ("entry_date", "exit_withdraw_date"),
    ("entry_date", "exit_date"),
    ("hire_date", "end_date"),
    ("issuance_date", "expiration_date"),
];
/// Nothing in records of schools is dated outside these years; what is, is a typing mistake or stands for no date.
const YEARS: std::ops::RangeInclusive<i16> = 1850..=2199;
/// No one is older.
const OLDEST: i16 = 120;

/// Dates that cannot be: of another century, births after the day or more than 120 years before it, and stretches that
/// end before they begin. No message shows a date. A day that is not given is not compared with.
#[must_use]
pub fn implausible_dates(symbols: &Symbols, dataset: &Dataset, as_of: Option<Date>) -> Vec<DataError> {
    let mut found = Vec::new();
    for (position, record) in (0_u32..).zip(&symbols.records) {
        let id = RecordId(position);
        let Some(table) = dataset.table(id) else { continue };
        let dates: Vec<(u32, &Field)> = (0_u32..)
            .zip(&record.fields)
            .filter(|(_, field)| field.kind == FieldKind::Cell && field.ty.base == Base::Date)
            .collect();
        let stretches = stretches(record);
        for row in 0..table.len() {
            let date = |field: u32| match table.cell(row, field) {
                Cell::Known(Value::Date(date)) => Some(*date),
                _ => None,
            };
            let mut say = |field: u32, message: String| {
                let origin = table.origin(row);
                let name = record.fields.get(field as usize).map(|field| field.name.as_str());
                found.push(DataError {
                    code: "implausible-date",
                    severity: Severity::Warning,
                    record: Some(id),
                    row: Some(row),
                    field: Some(field),
                    file: Some(origin.file),
                    line: Some(origin.line),
                    column: name.map(Into::into),
                    message,
                });
            };
            for (field, declared) in &dates {
                let Some(date) = date(*field) else { continue };
                if !YEARS.contains(&date.year()) {
                    let message = format!(
                        "the date is not in the years {} to {}; if it stands for none, add it to `absent` in the manifest",
                        YEARS.start(),
                        YEARS.end()
                    );
                    say(*field, message);
                } else if let Some(day) = as_of.filter(|_| is_birth(&declared.name)) {
                    if date > day {
                        say(*field, format!("the birth is after {day}"));
                    } else if day.year() - date.year() > OLDEST {
                        say(*field, format!("the birth is more than {OLDEST} years before {day}"));
                    }
                }
            }
            for (first, last) in &stretches {
                if let (Some(begins), Some(ends)) = (date(*first), date(*last))
                    && ends < begins
                {
                    let name = record.fields.get(*first as usize).map_or("", |field| field.name.as_str());
                    say(*last, format!("it is before `{name}`"));
                }
            }
        }
    }
    found
}

fn is_birth(field: &str) -> bool {
    matches!(field, "birth_date" | "date_of_birth" | "birthdate" | "dob")
}

/// The first and the last day of each stretch that a record has: `begin_date` and `end_date`, or both after one prefix.
fn stretches(record: &Record) -> Vec<(u32, u32)> {
    let position = |name: &str| {
        let found = record.fields.iter().position(|field| {
            field.name == name && field.kind == FieldKind::Cell && field.ty.base == Base::Date
        });
        found.and_then(|found| u32::try_from(found).ok())
    };
    let mut found = Vec::new();
    for field in &record.fields {
        for (begin, end) in STRETCHES {
            let Some(prefix) = field.name.strip_suffix(begin) else { continue };
            if !prefix.is_empty() && !prefix.ends_with('_') {
                continue;
            }
            let pair = position(&field.name).zip(position(&format!("{prefix}{end}")));
            found.extend(pair.filter(|pair| !found.contains(pair)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Origin;
    use crate::data::fixtures::{field, private};
    use crate::value::Type;

    #[test]
    fn only_what_is_certain_is_said() {
        let mut symbols = crate::data::fixtures::symbols();
        let of = Type::of(Base::Date);
        let names = ["begin_date", "end_date", "service_begin_date", "service_end_date", "due_date"];
        symbols.records[1].fields = names.iter().map(|name| field(name, of)).collect();
        symbols.records[1].fields.push(private("birth_date", of));
        let mut dataset = Dataset::new(&symbols);
        let date = |text: &str| match text {
            "" => Cell::Missing,
            text => Cell::Known(Value::Date(crate::data::DateFormat::iso().read(text).unwrap())),
        };
        let rows = [
            ["2024-01-02", "2024-01-01", "", "", "2023-01-01", "2015-01-01"],
            ["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-01", "", "2030-01-01"],
            ["2024-01-01", "9999-12-31", "", "2024-01-01", "0024-01-01", "1899-01-01"],
            ["", "", "", "", "", "1904-06-01"],
        ];
        for (line, row) in (2..).zip(rows) {
            let table = dataset.supply(&symbols, RecordId(1)).unwrap();
            table.push(row.iter().map(|text| date(text)).collect(), Origin { file: 0, line });
        }
        let said = |day: Option<Date>| -> Vec<String> {
            let found = implausible_dates(&symbols, &dataset, day);
            found
                .iter()
                .map(|error| {
                    format!("{} {}: {}", error.line.unwrap(), error.column.as_deref().unwrap(), error.message)
                })
                .collect()
        };
        let other = "the date is not in the years 1850 to 2199; if it stands for none, add it to `absent` in the manifest";
        let expected = vec![
            "2 end_date: it is before `begin_date`".to_owned(),
            "3 birth_date: the birth is after 2024-06-01".to_owned(),
            "3 service_end_date: it is before `service_begin_date`".to_owned(),
            format!("4 end_date: {other}"),
            format!("4 due_date: {other}"),
            "4 birth_date: the birth is more than 120 years before 2024-06-01".to_owned(),
        ];
        assert_eq!(said(Date::new(2024, 6, 1).ok()), expected);
        assert_eq!(said(None).len(), 4);
    }
}
