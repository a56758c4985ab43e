//! Runs that are stopped in the middle.

use std::fs;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rubric_tests::Sandbox;

use crate::sandbox;

const FILES: [&str; 3] = ["Student.csv", "data-errors.csv", "run.json"];

fn project(students: usize) -> Sandbox {
    let sandbox = sandbox();
    let made = sandbox.run(&["new", "town"]);
    assert_eq!(made.status, Some(0), "{made}");
    sandbox.write("town/records/Student.csv", &rows(students));
    sandbox
}

/// So many students with the columns of the template.
fn rows(students: usize) -> String {
    let template = include_str!("../../src/template/Student.csv");
    let mut lines = template.lines();
    let (header, first) = (lines.next().unwrap(), lines.next().unwrap());
    let rest = first.split_once(',').unwrap().1;
    let rows: Vec<String> = (0..students).map(|row| format!("S{row},{rest}")).collect();
    format!("{header}\n{}\n", rows.join("\n"))
}

fn start(project: &Sandbox) -> Child {
    project
        .command()
        .args(["run", "--project", "town", "--data", "sample", "--out", "results", "--threads", "2"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn result(project: &Sandbox, name: &str) -> Option<Vec<u8>> {
    fs::read(project.path().join("results").join(name)).ok()
}

/// All files of results, hidden ones too.
fn all_files(project: &Sandbox) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(project.path().join("results"))
        .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    names.sort();
    names
}

/// The report without what differs from run to run.
fn timeless(report: &[u8]) -> serde_json::Value {
    let mut report: serde_json::Value = serde_json::from_slice(report).unwrap();
    report.as_object_mut().unwrap().remove("timings");
    report
}

#[test]
fn killed_at_any_moment_no_file_is_partial_and_nothing_is_left_after_the_next_run() {
    let project = project(3000);
    let begun = Instant::now();
    assert!(start(&project).wait().unwrap().success());
    let lasts = begun.elapsed();
    let before: Vec<Vec<u8>> = FILES.iter().map(|name| result(&project, name).unwrap()).collect();
    // Another set of records, so that old and new results can be told apart.
    project.write("town/records/Student.csv", &rows(2500));
    assert!(start(&project).wait().unwrap().success());
    let after: Vec<Vec<u8>> = FILES.iter().map(|name| result(&project, name).unwrap()).collect();
    assert_ne!(before[0], after[0]);
    let kills: u32 = std::env::var("RUBRIC_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(12);
    let mut seed = 12_345_u32;
    for kill in 0..kills {
        for (name, bytes) in FILES.iter().zip(&before) {
            fs::write(project.path().join("results").join(name), bytes).unwrap();
        }
        let mut child = start(&project);
        // Spread over the whole run, and a little beyond its end.
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let part = f64::from(kill) / f64::from(kills) + f64::from(seed >> 16) / 65_536.0 / f64::from(kills);
        thread::sleep(lasts.mul_f64(part * 1.1));
        let _ = child.kill();
        child.wait().unwrap();
        for ((name, before), after) in FILES.iter().zip(&before).zip(&after) {
            let found = result(&project, name).unwrap();
            let whole = found == *before || found == *after;
            let report = *name == "run.json"
                && [before, after].iter().any(|known| timeless(&found) == timeless(known));
            assert!(whole || report, "{name} after kill {kill}");
        }
    }
    assert!(start(&project).wait().unwrap().success());
    assert_eq!(all_files(&project), FILES);
    assert_eq!(result(&project, "Student.csv").unwrap(), after[0]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_nothing() {
    let project = project(30_000);
    let mut child = start(&project);
    while all_files(&project).is_empty() && child.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(1));
    }
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let ended = child.wait_with_output().unwrap();
    // It may have been done already; then all of it is there.
    if ended.status.success() {
        assert_eq!(all_files(&project), FILES);
    } else {
        assert!(String::from_utf8_lossy(&ended.stderr).contains("interrupted"), "{ended:?}");
        assert_eq!(all_files(&project), Vec::<String>::new());
    }
}
