//! `rubric new`: a project that checks, tests and runs as it is.

use std::fs;
use std::path::Path;

use super::Outcome;
use crate::cli::NewArgs;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The files of a new project; `NAME` stands for its name, in paths too.
const FILES: &[(&str, &str)] = &[
    ("rubric.toml", include_str!("../template/rubric.toml")),
    ("README.md", include_str!("../template/README.md")),
    ("policies/NAME/promotion.rubric", include_str!("../template/promotion.rubric")),
    ("records/Student.csv", include_str!("../template/Student.csv")),
    ("records/Result.csv", include_str!("../template/Result.csv")),
];

pub(crate) fn new(args: &NewArgs, terminal: Terminal) -> Result<Outcome, Failure> {
    let folder = &args.name;
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let plain = plain(&name);
    if plain != name {
        let failure = Failure::new(format!("`{name}` cannot name a project: policies are named after it"));
        return Err(match plain.as_str() {
            "" => failure.help("use small letters, digits and `_`, such as `my_policies`"),
            plain => failure.help(format!("use small letters, digits and `_`: `{plain}`")),
        });
    }
    if folder.exists() && !is_empty_folder(folder) {
        return Err(
            Failure::new(format!("`{}` is there already", folder.display())).help("choose another name")
        );
    }
    for (path, text) in FILES {
        let path = folder.join(path.replace("NAME", &name));
        let written = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, text.replace("NAME", &name)));
        written.map_err(|error| Failure::io("write", &path, &error))?;
        terminal.detail(&format!("writing {}", path.display()));
    }
    terminal.say(&format!(
        "`{0}` is ready; next:\n  cd {0}\n  rubric test\n  rubric run --data sample --out results",
        folder.display()
    ));
    Ok(Outcome::Clean)
}

fn is_empty_folder(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// The name as a policy can have it: small letters, digits and `_`, a letter first.
fn plain(name: &str) -> String {
    let letters = name.chars().map(|letter| match letter.to_ascii_lowercase() {
        letter if letter.is_ascii_alphanumeric() => letter,
        _ => '_',
    });
    let plain: String = letters.collect();
    plain
        .trim_matches('_')
        .trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '_')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_that_policies_can_have() {
        for (name, expected) in
            [("florida", "florida"), ("my-policies", "my_policies"), ("2024 Rules", "rules"), ("...", "")]
        {
            assert_eq!(plain(name), expected);
        }
    }
}
