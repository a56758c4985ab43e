//! What a run does not read of Parquet files, because no result looks at it.

use std::fmt::Write as _;
use std::fs;

use crate::sandbox;

/// Gives the records of the other policy as Parquet: days as DATE, counts as INT64.
const WRITER: &str = r#"policy writer { title "W" cite "c" }
record Person { key id: text }
record Entry { key id: text  whom: text  done: date  points: count }
allow(unused-definition) "a column"
define student of Entry: text = whom
allow(unused-definition) "a column"
define day of Entry: date = done
allow(unused-definition) "a column"
define value of Entry: count = points
amount all of Person: number { cite "c"  line one = 1 }
amount worth of Entry: number { cite "c"  line one = this.points }
"#;

const READER: &str = r#"policy reader { title "R" cite "c" }
record Person { key id: text  entries: many Entry }
record Entry { student: Person  day: date  value: count }
amount recent of Person: number { cite "c"
  line all = sum of value over entries where day >= 2024-07-01
}
"#;

#[test]
fn row_groups_without_a_row_that_counts_are_not_read_and_what_is_wrong_in_them_is_said() {
    let sandbox = sandbox();
    let (mut people, mut entries) = ("id\n".to_owned(), "id,whom,done,points\n".to_owned());
    (0..40).for_each(|person| writeln!(people, "P{person}").unwrap());
    for entry in 0..200 {
        // Some name nobody.
        writeln!(entries, "E{entry},P{},2024-0{}-11,{entry}", entry % 43, 1 + entry % 6).unwrap();
    }
    sandbox.write("w/records/Person.csv", &people);
    sandbox.write("w/records/Entry.csv", &entries);
    sandbox.write("w/p.rubric", WRITER);
    sandbox.write("w/rubric.toml", "[data.d]\npath = \"records\"\nas_of = 2024-09-01\n");
    sandbox.write("r/p.rubric", READER);
    sandbox
        .write("r/rubric.toml", "[data.d]\npath = \"../w/out\"\nformat = \"parquet\"\nas_of = 2024-09-01\n");
    let ran = sandbox.run(&[
        "run",
        "--project",
        "w",
        "--data",
        "d",
        "--out",
        "w/out",
        "--format",
        "parquet",
        "--facts",
    ]);
    assert_eq!(ran.status, Some(0), "{ran}");
    let run = |out: &str, more: &[&str]| {
        let mut command = vec!["run", "--project", "r", "--data", "d", "--out", out, "--timings"];
        command.extend(more);
        let ran = sandbox.run(&command);
        assert_eq!(ran.status, Some(0), "{ran}");
        let read = |name: &str| fs::read_to_string(sandbox.path().join(out).join(name)).unwrap();
        (read("Person.csv"), read("data-errors.csv"), ran.stderr)
    };
    let (results, errors, said) = run("all", &["--engine", "evaluator"]);
    assert!(!said.contains("row groups"), "{said}");
    assert!(errors.lines().filter(|line| line.contains("dangling-key")).count() > 5, "{errors}");
    let (by_column, of_columns, said) = run("columns", &[]);
    assert!(said.contains("not read            1 of 1 row groups of Entry, but for their keys"), "{said}");
    assert_eq!((by_column, of_columns), (results, errors));
}
