//! `run --memory`: records that have no room in memory, and the same results.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rubric_tests::{Ran, Sandbox};

use crate::sandbox;

/// Records read by their parent, with and without keys; places among all students; schools that read what students come to.
const POLICY: &str = r#"policy town { title "Town" cite "c" }
record School { key id: text  students: many Student }
record Course { key id: text  core: flag }
record Student { key id: text  school: School  bonus: count?  marks: many Mark  visits: many Visit }
record Mark { key id: text  student: Student  course: Course  value: count  weight: number? }
record Visit { student: Student  day: date  minutes: count }
define total of Student: number = sum of value * (weight presumed 1) over marks where course.core
define ahead of Student: flag = in top 25% of total among Student where total is known per (school)
define seen of Student: date? = (latest of visits by day).day
decision level of Student {
  outcomes high, low
  cite "c"
  default low
  rule far: high when ahead is known and ahead and (bonus presumed 0) < 9
    cite "c"
}
requirement visited of Student { cite "c"  must (sum of minutes over visits) + total > 100 }
amount due of Student: number { cite "c"
  line marks = total
  line late = 5 when seen > 2024-03-01
}
amount students of School: number { cite "c"
  line all = sum of total over students
  line high = count of students where level = high
}
"#;

fn project(students: usize) -> Sandbox {
    let project = sandbox();
    project.write("town.rubric", POLICY);
    project.write("rubric.toml", "[data.sample]\npath = \"records\"\nas_of = 2024-09-01\n");
    records(&project, students, 1);
    project
}

/// Invented records, not in any order; a few cells, keys and rows are as they should not be.
fn records(project: &Sandbox, students: usize, seed: u64) {
    let mut seed = seed;
    let mut below = |most: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % most
    };
    let mut schools = "id\n".to_owned();
    (0..7).for_each(|school| writeln!(schools, "S{school}").unwrap());
    let mut courses = "id,core\n".to_owned();
    (0..9).for_each(|course| {
        writeln!(courses, "C{course},{}", if course % 4 == 0 { "no" } else { "yes" }).unwrap()
    });
    let mut all = "id,school,bonus\n".to_owned();
    for student in 0..students {
        let bonus = if below(3) == 0 { String::new() } else { below(12).to_string() };
        writeln!(all, "P{student},S{},{bonus}", below(7)).unwrap();
    }
    let mut marks = "id,student,course,value,weight\n".to_owned();
    for mark in 0..students * 4 {
        // Some keys twice, some not there, some students of whom nobody knows.
        let id = match below(200) {
            0 => format!("M{}", below(mark + 1)),
            1 => String::new(),
            _ => format!("M{mark}"),
        };
        let student = match below(150) {
            0 => "P-".to_owned(),
            1 => String::new(),
            _ => format!("P{}", below(students)),
        };
        let value = match below(300) {
            0 => "many".to_owned(),
            1 => String::new(),
            _ => below(100).to_string(),
        };
        let weight = ["", "1.5", "0.25", "2"][below(4)];
        writeln!(marks, "{id},{student},C{},{value},{weight}", below(if mark % 99 == 0 { 10 } else { 9 }))
            .unwrap();
    }
    let mut visits = "student,day,minutes\n".to_owned();
    for visit in 0..students * 2 {
        let (month, day) = (1 + below(6), 1 + below(28));
        let minutes = if visit % 173 == 0 { String::new() } else { below(90).to_string() };
        writeln!(visits, "P{},2024-{month:02}-{day:02},{minutes}", below(students)).unwrap();
    }
    for (name, text) in
        [("School", schools), ("Course", courses), ("Student", all), ("Mark", marks), ("Visit", visits)]
    {
        project.write(&format!("records/{name}.csv"), &text);
    }
}

/// The files of results but the report, which holds times.
fn results(project: &Sandbox, ranges: Option<&str>, more: &[&str]) -> Vec<(String, Vec<u8>)> {
    let _ = fs::remove_dir_all(project.path().join("out"));
    let mut command = project.command();
    command.args(["run", "--data", "sample", "--out", "out", "--quiet", "--facts"]).args(more);
    if let Some(ranges) = ranges {
        command.args(["--memory", "4GB"]).env("RUBRIC_RANGES", ranges);
    }
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let files = all_files(&project.path().join("out")).into_iter().filter(|file| file != "run.json");
    files.map(|file| (file.clone(), fs::read(project.path().join("out").join(&file)).unwrap())).collect()
}

/// The names in a folder, hidden ones too.
fn all_files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).map(|entries| entries.map(|entry| entry.unwrap().file_name()));
    let mut names: Vec<String> =
        entries.map(|names| names.map(|name| name.into_string().unwrap()).collect()).unwrap_or_default();
    names.sort();
    names
}

#[test]
fn memory_and_threads_change_nothing() {
    let project = project(1500);
    for format in ["csv", "jsonl", "parquet"] {
        let whole = results(&project, None, &["--format", format, "--threads", "1"]);
        let names: Vec<&str> = whole.iter().map(|(name, _)| name.as_str()).collect();
        let of = |name: &str| format!("{name}.{format}");
        assert_eq!(names, [of("School"), of("Student"), "data-errors.csv".to_owned()]);
        let errors = String::from_utf8(whole[2].1.clone()).unwrap();
        for code in ["duplicate-key", "dangling-key"] {
            assert!(errors.lines().filter(|line| line.contains(code)).count() > 5, "{code}: {errors}");
        }
        assert!(errors.contains("Mark") && errors.contains("Visit"), "{errors}");
        let ways = [("1", "1"), ("2", "8"), ("11", "2"), ("400", "2")]
            .map(|(ranges, threads)| (Some(ranges), threads));
        for (ranges, threads) in [(None, "2"), (None, "8")].into_iter().chain(ways) {
            let parted = results(&project, ranges, &["--format", format, "--threads", threads]);
            for ((name, whole), (other, parted)) in whole.iter().zip(&parted) {
                assert_eq!(name, other);
                if let Some((whole, parted)) = first_difference(whole, parted) {
                    panic!("{name}, {ranges:?} ranges, {threads} threads:\n  {whole}\n  {parted}");
                }
            }
            assert_eq!(whole.len(), parted.len());
        }
    }
}

/// The first line that differs.
fn first_difference(one: &[u8], other: &[u8]) -> Option<(String, String)> {
    if one == other {
        return None;
    }
    let (one, other) = (String::from_utf8_lossy(one), String::from_utf8_lossy(other));
    let differing = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    let (one, other) = differing.unwrap_or(("as many lines", "as many lines"));
    Some((one.to_owned(), other.to_owned()))
}

#[test]
fn what_is_read_in_ranges_is_said() {
    let project = project(50);
    let mut command = project.command();
    command.args(["run", "--data", "sample", "--out", "out", "--timings", "--memory", "4GB"]);
    let ran = command.env("RUBRIC_RANGES", "3").output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(said.contains("in ranges  Mark, Visit"), "{said}");
}

#[test]
fn too_little_memory_is_refused_before_anything_is_written() {
    let project = project(50);
    let run = |memory: &str| -> Ran {
        project.run(&["run", "--data", "sample", "--out", "out", "--memory", memory])
    };
    if cfg!(target_os = "linux") {
        let ran = run("1MB");
        assert_eq!(ran.status, Some(2), "{ran}");
        assert!(ran.stderr.contains("the run does not fit in 1 MB of memory"), "{ran}");
        assert_eq!(all_files(&project.path().join("out")), Vec::<String>::new());
        // What is said to be enough is.
        let said = ran.stderr.split_once("allow it ").and_then(|(_, said)| said.split_once(" MB or more"));
        let (enough, _) = said.unwrap_or_else(|| panic!("{ran}"));
        let ran = run(&format!("{enough}MB"));
        assert_eq!(ran.status, Some(0), "{ran}");
    }
    let ran = run("much");
    assert_eq!(ran.status, Some(2), "{ran}");
    assert!(ran.stderr.contains("a number and a unit are expected"), "{ran}");
    assert_eq!(run("4GB").status, Some(0));
}

fn start(project: &Sandbox) -> Child {
    project
        .command()
        .args(["run", "--data", "sample", "--out", "out", "--threads", "2", "--memory", "4GB"])
        .env("RUBRIC_RANGES", "9")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// At how many moments runs are stopped.
fn kills() -> u32 {
    std::env::var("RUBRIC_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(8)
}

#[cfg(unix)]
#[test]
fn ctrl_c_at_any_moment_leaves_nothing() {
    use std::os::unix::process::ExitStatusExt as _;

    let project = project(1200);
    let out = project.path().join("out");
    let begun = Instant::now();
    assert!(start(&project).wait_with_output().unwrap().status.success());
    let lasts = begun.elapsed();
    let names = all_files(&out);
    let beside = all_files(&project.path());
    let whole: Vec<Vec<u8>> = names
        .iter()
        .filter(|name| name.ends_with(".csv"))
        .map(|name| fs::read(out.join(name)).unwrap())
        .collect();
    let (kills, mut stopped) = (kills(), 0);
    for kill in 0..kills {
        fs::remove_dir_all(&out).unwrap();
        fs::create_dir(&out).unwrap();
        let child = start(&project);
        thread::sleep(lasts.mul_f64(f64::from(kill) / f64::from(kills)) + Duration::from_millis(2));
        // It may be done already, and then nobody is there to be told.
        let _ = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).output().unwrap();
        let ended = child.wait_with_output().unwrap();
        if ended.status.success() {
            assert_eq!(all_files(&out), names);
            let csv = names.iter().filter(|name| name.ends_with(".csv"));
            assert!(csv.zip(&whole).all(|(name, whole)| fs::read(out.join(name)).unwrap() == *whole));
        } else {
            // Before the first file is begun, the signal ends the process by itself.
            let said = String::from_utf8_lossy(&ended.stderr);
            assert!(said.contains("interrupted") || ended.status.signal() == Some(2), "{ended:?}");
            assert_eq!(all_files(&out), Vec::<String>::new(), "after {kill} of {kills}: {said}");
            stopped += 1;
        }
        assert_eq!(all_files(&project.path()), beside, "after {kill} of {kills}");
    }
    assert!(stopped > 0, "no run was stopped");
}

#[test]
fn killed_at_any_moment_nothing_is_left_after_the_next_run() {
    let project = project(1200);
    let begun = Instant::now();
    assert!(start(&project).wait().unwrap().success());
    let lasts = begun.elapsed();
    let out = project.path().join("out");
    let read = |name: &str| fs::read(out.join(name)).unwrap();
    let names = all_files(&out);
    let tables: Vec<&String> = names.iter().filter(|name| name.ends_with(".csv")).collect();
    let before: Vec<Vec<u8>> = tables.iter().map(|name| read(name)).collect();
    records(&project, 1000, 2);
    assert!(start(&project).wait().unwrap().success());
    let after: Vec<Vec<u8>> = tables.iter().map(|name| read(name)).collect();
    assert_ne!(before, after);
    let beside = all_files(&project.path());
    let kills = kills();
    for kill in 0..kills {
        for (name, bytes) in tables.iter().zip(&before) {
            fs::write(out.join(name), bytes).unwrap();
        }
        let mut child = start(&project);
        thread::sleep(lasts.mul_f64(f64::from(kill) / f64::from(kills) * 1.1) + Duration::from_millis(1));
        let _ = child.kill();
        child.wait().unwrap();
        for ((name, before), after) in tables.iter().zip(&before).zip(&after) {
            let found = read(name);
            assert!(found == *before || found == *after, "{name} after kill {kill}");
        }
        // Beside the results there is never anything.
        assert_eq!(all_files(&project.path()), beside, "after kill {kill}");
    }
    assert!(start(&project).wait().unwrap().success());
    assert_eq!(all_files(&out), names);
    assert!(tables.iter().zip(&after).all(|(name, after)| read(name) == *after));
}
