//! Both engines write the same files, whatever the number of threads.

use std::path::Path;

use rubric_tests::Sandbox;

use crate::sandbox;

/// The shipped policies and the district that ships with them.
fn shipped() -> Sandbox {
    sandbox().with_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"))
}

/// The files of results but the report, which holds times.
fn results(project: &Sandbox, more: &[&str]) -> Vec<(String, Vec<u8>)> {
    let _ = std::fs::remove_dir_all(project.path().join("out"));
    let mut arguments = vec!["run", "--data", "sample", "--out", "out", "--quiet", "--facts"];
    arguments.extend(more);
    let ran = project.run(&arguments);
    assert_eq!(ran.status, Some(0), "{ran}");
    let files = project.files("out").into_iter().filter(|file| file != "run.json");
    files.map(|file| (file.clone(), std::fs::read(project.path().join("out").join(&file)).unwrap())).collect()
}

#[test]
fn the_engine_and_the_number_of_threads_change_nothing() {
    let project = shipped();
    for format in ["csv", "jsonl", "parquet"] {
        let by_row = results(&project, &["--format", format, "--engine", "evaluator", "--threads", "1"]);
        assert!(by_row.len() > 3, "{}", by_row.len());
        for threads in ["1", "2", "8"] {
            let by_column = results(&project, &["--format", format, "--threads", threads]);
            assert!(by_row == by_column, "{format}, {threads} threads");
        }
    }
}

/// A number that no column holds is one for the evaluator, not an error; past 10^76 it is an error in both.
#[test]
fn numbers_that_no_column_holds() {
    let project = sandbox();
    project.write(
        "large.rubric",
        "policy large { title \"Large\" cite \"c\" }\n\
         record Row { key id: text  n: number }\n\
         amount product of Row: number { cite \"c\"  line all = n * n * n * n }\n\
         requirement small of Row { cite \"c\"  must n * n * n < 1000 }\n",
    );
    project.write("rubric.toml", "[data.sample]\npath = \"records\"\nas_of = 2024-09-01\n");
    project.write(
        "records/Row.csv",
        "id,n\na,2\nb,9000000000000000000\nc,-9000000000000000000\nd,99999999999999999999\ne,0.000000000000000001\n",
    );
    let run = |engine: &str| {
        let ran = project.run(&["run", "--data", "sample", "--out", engine, "--quiet", "--engine", engine]);
        assert_eq!(ran.status, Some(0), "{ran}");
        project.read(&format!("{engine}/Row.csv"))
    };
    let by_column = run("columns");
    assert_eq!(by_column, run("evaluator"));
    let of = |id: &str| by_column.lines().find(|line| line.starts_with(id)).unwrap_or_default().to_owned();
    let fourth = format!("6561{}", "0".repeat(72));
    assert!(of("b").contains(&fourth) && of("c").contains(&fourth), "{by_column}");
    assert!(of("d").contains("error"), "{by_column}");
    assert!(!of("e").contains("error") && of("a").contains("16"), "{by_column}");
}

#[test]
fn timings_are_said_beside_the_results() {
    let project = shipped();
    let ran = project.run(&["run", "--data", "sample", "--out", "out", "--timings"]);
    assert_eq!(ran.status, Some(0), "{ran}");
    for said in ["read ", "evaluate ", "write ", " a second)", "row by row"] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    assert!(!ran.stdout.contains(" a second)"), "{}", ran.stdout);
}
