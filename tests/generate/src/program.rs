//! Policies: files of declarations, as text, in another order, and smaller.

use std::fmt::Write as _;
use std::sync::Arc;

use rubric_engine::db::Database;
use rubric_engine::plan::Plan;

use crate::random::Random;
use crate::tree::Node;

/// Policies.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its files, in the order in which they are given to the checker.
    pub files: Vec<File>,
}

/// One policy.
#[derive(Clone, Debug)]
pub struct File {
    /// `v.rubric`.
    pub path: String,
    /// Header, `use`s and vocabulary.
    pub head: String,
    /// Declarations, whose order does not count.
    pub items: Vec<Item>,
}

/// One declaration.
#[derive(Clone, Debug)]
pub struct Item {
    /// The whole of it, or its clauses before the members.
    pub head: Node,
    /// Rules, lines, `must`s: their order does not count.
    pub members: Vec<Node>,
    /// What closes it.
    pub tail: String,
}

impl Item {
    /// A declaration without members.
    #[must_use]
    pub const fn whole(head: Node) -> Self {
        Self { head, members: Vec::new(), tail: String::new() }
    }
}

impl File {
    /// Its text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = self.head.clone();
        for item in &self.items {
            _ = writeln!(out, "{}", item.head);
            for member in &item.members {
                _ = writeln!(out, "  {member}");
            }
            if !item.tail.is_empty() {
                _ = writeln!(out, "{}", item.tail);
            }
        }
        out
    }
}

impl Program {
    /// All files, one after the other, each with its path.
    #[must_use]
    pub fn text(&self) -> String {
        self.files.iter().map(|file| format!("// {}\n{}\n", file.path, file.text())).collect()
    }

    /// The plan of it.
    ///
    /// # Errors
    ///
    /// What the checker calls an error, in a line each with the text at its place. What only proofs find (rules that disagree
    /// about some record) is wanted: it is what must be evaluated alike.
    pub fn plan(&self) -> Result<Arc<Plan>, String> {
        let mut db = Database::default();
        let files: Vec<_> =
            self.files.iter().map(|file| db.set_text(&file.path, Some(&file.text()))).collect();
        let mut errors = String::new();
        for diagnostic in files.into_iter().flat_map(|file| db.errors(file)) {
            let place = diagnostic.place().and_then(|place| db.source(place)).unwrap_or_default();
            _ = writeln!(errors, "{}: {} at `{place}`", diagnostic.code, diagnostic.message);
        }
        if errors.is_empty() { Ok(db.plan()) } else { Err(errors) }
    }

    /// The same policies, files, declarations and their members in another order.
    #[must_use]
    pub fn reordered(&self, random: &mut Random) -> Self {
        let mut copy = self.clone();
        random.shuffle(&mut copy.files);
        for file in &mut copy.files {
            random.shuffle(&mut file.items);
            for item in &mut file.items {
                random.shuffle(&mut item.members);
            }
        }
        copy
    }

    /// Programs with one part left out or simpler.
    #[must_use]
    pub fn simpler(&self) -> Vec<Self> {
        let mut found = Vec::new();
        for (f, file) in self.files.iter().enumerate() {
            let mut change = |change: &dyn Fn(&mut File)| {
                let mut copy = self.clone();
                if let Some(file) = copy.files.get_mut(f) {
                    change(file);
                    found.push(copy);
                }
            };
            for (i, item) in file.items.iter().enumerate() {
                change(&|file| drop(file.items.remove(i)));
                for m in 0..item.members.len() {
                    change(&|file| {
                        if let Some(item) = file.items.get_mut(i) {
                            drop(item.members.remove(m));
                        }
                    });
                }
            }
            for (i, item) in file.items.iter().enumerate() {
                for head in item.head.simpler() {
                    change(&|file| {
                        if let Some(item) = file.items.get_mut(i) {
                            item.head = head.clone();
                        }
                    });
                }
                for (m, member) in item.members.iter().enumerate() {
                    for member in member.simpler() {
                        change(&|file| {
                            if let Some(at) = file.items.get_mut(i).and_then(|item| item.members.get_mut(m)) {
                                *at = member.clone();
                            }
                        });
                    }
                }
            }
        }
        found
    }
}

/// The smallest program found of which something still holds, most often that a comparison fails. `holds` is asked of
/// programs without errors alone, at most `most` times.
pub fn shrink(program: &Program, most: usize, mut holds: impl FnMut(&Program, &Plan) -> bool) -> Program {
    let mut best = program.clone();
    let mut asked = 0;
    'again: loop {
        for candidate in best.simpler() {
            if asked >= most {
                return best;
            }
            let Ok(plan) = candidate.plan() else { continue };
            asked += 1;
            if holds(&candidate, &plan) {
                best = candidate;
                continue 'again;
            }
        }
        return best;
    }
}
