//! One element of an interchange at a time, as a small tree: memory does not grow with the file.

use std::collections::HashMap;
use std::io::{BufRead, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesDecl, BytesStart, Event};

use super::ReadError;
use super::bytes::unreadable;

/// A name of an element, by number.
pub(super) type NameId = u32;

/// Names of elements.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    ids: HashMap<String, NameId>,
    names: Vec<String>,
}

impl Names {
    pub(super) fn id(&mut self, name: &str) -> NameId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = NameId::try_from(self.names.len()).unwrap_or(NameId::MAX);
        self.ids.insert(name.to_owned(), id);
        self.names.push(name.to_owned());
        id
    }

    /// Every name, in the order of the numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub(super) fn name(&self, id: NameId) -> &str {
        self.names.get(id as usize).map_or("", String::as_str)
    }
}

/// A part of an element.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) name: NameId,
    pub(super) parent: usize,
    pub(super) children: Vec<usize>,
    pub(super) text: String,
    pub(super) line: u64,
    /// `ref="…"`: it stands for the element with that `id`.
    pub(super) reference: Option<String>,
    /// Something was read from it.
    pub(super) seen: bool,
    /// It cannot be read, and that has been said.
    pub(super) broken: bool,
    /// It is `true` or `false` of JSON, which is no text.
    pub(super) is_flag: bool,
}

/// An element below the root, with all its parts; the first is itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    /// `id="…"` of the element.
    pub(super) id: Option<String>,
}

impl Tree {
    /// Makes it a single node.
    pub(super) fn start(&mut self, name: NameId, line: u64) {
        self.nodes.clear();
        self.id = None;
        self.nodes.push(Node {
            name,
            parent: 0,
            children: Vec::new(),
            text: String::new(),
            line,
            reference: None,
            seen: false,
            broken: false,
            is_flag: false,
        });
    }

    /// Adds a node below another.
    pub(super) fn add(&mut self, parent: usize, name: NameId, text: &str) -> usize {
        let index = self.nodes.len();
        let line = self.node(parent).map_or(0, |node| node.line);
        self.nodes.push(Node {
            name,
            parent,
            children: Vec::new(),
            text: text.to_owned(),
            line,
            reference: None,
            seen: false,
            broken: false,
            is_flag: false,
        });
        if let Some(parent) = self.nodes.get_mut(parent) {
            parent.children.push(index);
        }
        index
    }

    pub(super) fn node(&self, index: usize) -> Option<&Node> {
        self.nodes.get(index)
    }

    /// The first place that the steps lead to.
    pub(super) fn first(&self, from: usize, steps: &[NameId]) -> Option<usize> {
        let Some((step, rest)) = steps.split_first() else { return Some(from) };
        let children = &self.node(from)?.children;
        children
            .iter()
            .filter(|child| self.node(**child).is_some_and(|node| node.name == *step))
            .find_map(|child| self.first(*child, rest))
    }

    /// Every place that the steps lead to.
    pub(super) fn all(&self, from: usize, steps: &[NameId], found: &mut Vec<usize>) {
        let Some((step, rest)) = steps.split_first() else {
            found.push(from);
            return;
        };
        for child in self.node(from).map_or(&[][..], |node| node.children.as_slice()) {
            if self.node(*child).is_some_and(|node| node.name == *step) {
                self.all(*child, rest, found);
            }
        }
    }

    /// Names from below the element down to a part of it.
    pub(super) fn path(&self, node: usize, names: &Names) -> String {
        let mut steps = Vec::new();
        let mut at = node;
        while let Some(found) = self.node(at).filter(|_| at != 0) {
            steps.push(names.name(found.name));
            at = found.parent;
        }
        steps.reverse();
        steps.join("/")
    }
}

/// Counts the lines that pass.
struct Lines<R> {
    inner: R,
    line: u64,
    /// Whether all letters so far are the same in every usual encoding.
    is_ascii: bool,
}

impl<R> Lines<R> {
    fn pass(&mut self, lines: u64, is_ascii: bool) {
        self.line += lines;
        self.is_ascii &= is_ascii;
    }
}

impl<R: BufRead> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.inner.read(buffer)?;
        let read = buffer.get(..length).unwrap_or(&[]);
        self.pass(newlines(read), read.is_ascii());
        Ok(length)
    }
}

impl<R: BufRead> BufRead for Lines<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        // What is consumed is still in the buffer, so that this reads nothing.
        if let Ok(buffer) = self.inner.fill_buf() {
            let passed = buffer.get(..amount).unwrap_or(buffer);
            let (lines, is_ascii) = (newlines(passed), passed.is_ascii());
            self.pass(lines, is_ascii);
        }
        self.inner.consume(amount);
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// What [`Elements::next`] finds.
pub(super) enum Step {
    /// An element whose name was asked for.
    Element,
    /// Another element, skipped: its name and line.
    Skipped(NameId, u64),
    /// The end of the file.
    End,
}

/// The elements below the root of a file.
pub(super) struct Elements<R: BufRead> {
    reader: Reader<Lines<R>>,
    buffer: Vec<u8>,
    shown: String,
    /// Name of the root, once it was met.
    pub(super) root: Option<String>,
    done: bool,
    /// The encoding that the file says it is in, where that is not UTF-8.
    encoding: Option<String>,
    /// Texts between the elements: the line of the first, and how many.
    pub(super) loose: Option<(u64, u64)>,
}

const DEEPEST: usize = 200;
const LARGEST: usize = 2_000_000;

impl<R: BufRead> Elements<R> {
    pub(super) fn new(input: R, shown: &str) -> Self {
        let mut reader = Reader::from_reader(Lines { inner: input, line: 1, is_ascii: true });
        reader.config_mut().expand_empty_elements = true;
        let shown = shown.to_owned();
        Self { reader, buffer: Vec::new(), shown, root: None, done: false, encoding: None, loose: None }
    }

    fn line(&self) -> u64 {
        self.reader.get_ref().line
    }

    fn error(&self, line: u64, message: String) -> ReadError {
        ReadError::new(message).file(&self.shown).line(line)
    }

    /// What is wrong with the text, or with its bytes.
    fn broken(&self, error: &quick_xml::Error) -> ReadError {
        if let quick_xml::Error::Io(error) = error {
            return unreadable(error, &self.shown);
        }
        let (message, help) = not_xml(&error.to_string());
        self.error(self.line(), message).help(help)
    }

    /// What is written before the root.
    fn declare(&mut self, declaration: &BytesDecl<'_>) {
        let said = declaration.encoding().and_then(Result::ok);
        let said: Option<String> = said.map(|name| (*name).to_owned());
        self.encoding = said.filter(|name| {
            !["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|known| name.eq_ignore_ascii_case(known))
        });
    }

    /// Letters that are not those of the encoding that the file says it is in cannot be read for sure.
    fn check_encoding(&self) -> Result<(), ReadError> {
        match &self.encoding {
            Some(name) if !self.reader.get_ref().is_ascii => Err(self
                .error(
                    self.line(),
                    format!("the file says that it is in `{name}`, and has letters beyond ASCII"),
                )
                .help("save it in UTF-8, and let its first line say so")),
            _ => Ok(()),
        }
    }

    /// Goes to the root; its name, or `None` in an empty file.
    pub(super) fn enter(&mut self) -> Result<Option<&str>, ReadError> {
        loop {
            self.buffer.clear();
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => return Err(self.broken(&error)),
            };
            match event {
                Event::Start(start) => {
                    self.root = Some(start.local_name().as_ref().to_owned());
                    return Ok(self.root.as_deref());
                }
                Event::Eof => return Ok(None),
                Event::Decl(declaration) => {
                    let declaration = declaration.into_owned();
                    self.declare(&declaration);
                }
                Event::Text(text) if !text.xml10_content().trim().is_empty() => {
                    let after = from_first_letter(&text.xml10_content());
                    let line = self.line().saturating_sub(after);
                    return Err(self
                        .error(line, "the file is not XML: it begins with text".to_owned())
                        .help("is it another file under this name?"));
                }
                _ => {}
            }
        }
    }

    /// The next element below the root, put into `tree` when it is `wanted`.
    pub(super) fn next(
        &mut self,
        names: &mut Names,
        wanted: impl Fn(NameId) -> bool,
        tree: &mut Tree,
    ) -> Result<Step, ReadError> {
        tree.nodes.clear();
        tree.id = None;
        let mut depth = 0_usize;
        let mut at = 0_usize;
        let mut skipping = None;
        let mut element_line = 0;
        let mut element_name = 0;
        loop {
            self.buffer.clear();
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => return Err(self.broken(&error)),
            };
            match event {
                Event::Start(start) => {
                    if depth == 0 && self.done {
                        let name = start.local_name().as_ref().to_owned();
                        return Err(self
                            .error(self.line(), format!("`{name}` stands after the end of the root"))
                            .help("put each interchange into a file of its own"));
                    }
                    depth += 1;
                    if let Some((message, help)) = wrong_tag(&start) {
                        return Err(self.error(self.line(), message.to_owned()).help(help));
                    }
                    let line = self
                        .reader
                        .get_ref()
                        .line
                        .saturating_sub(newlines(start.attributes_raw().as_bytes()));
                    if depth == 1 {
                        element_name = names.id(start.local_name().as_ref());
                        element_line = line;
                        if wanted(element_name) {
                            tree.id = attribute(&start, "id");
                        } else {
                            skipping = Some(element_name);
                        }
                    }
                    if depth > DEEPEST || tree.nodes.len() > LARGEST {
                        let message =
                            format!("`{}` is nested too deeply or too large", names.name(element_name));
                        return Err(self.error(element_line, message));
                    }
                    if skipping.is_none() {
                        let index = tree.nodes.len();
                        tree.nodes.push(Node {
                            name: names.id(start.local_name().as_ref()),
                            parent: at,
                            children: Vec::new(),
                            text: String::new(),
                            line,
                            reference: attribute(&start, "ref"),
                            seen: false,
                            broken: false,
                            is_flag: false,
                        });
                        if index > 0
                            && let Some(parent) = tree.nodes.get_mut(at)
                        {
                            parent.children.push(index);
                        }
                        at = index;
                    }
                }
                Event::End(_) => {
                    if depth == 0 {
                        self.done = true;
                        continue;
                    }
                    depth -= 1;
                    self.check_encoding()?;
                    at = tree.node(at).map_or(0, |node| node.parent);
                    if depth == 0 {
                        return Ok(skipping.map_or(Step::Element, |name| Step::Skipped(name, element_line)));
                    }
                }
                Event::Text(text) if skipping.is_none() && depth > 0 => {
                    append(tree, at, &text.xml10_content())
                }
                Event::CData(text) if skipping.is_none() && depth > 0 => {
                    append(tree, at, &text.xml10_content())
                }
                Event::Text(text) if depth == 0 && !text.xml10_content().trim().is_empty() => {
                    let after = from_first_letter(&text.xml10_content());
                    let line = self.line().saturating_sub(after);
                    if self.done {
                        return Err(self
                            .error(line, "text stands after the end of the root".to_owned())
                            .help("export the file again"));
                    }
                    self.loose.get_or_insert((line, 0)).1 += 1;
                }
                Event::GeneralRef(entity) => {
                    let resolved = match (entity.resolve_char_ref(), entity.xml10_content().as_ref()) {
                        (Ok(Some(found)), _) => Some(found),
                        (_, "amp") => Some('&'),
                        (_, "lt") => Some('<'),
                        (_, "gt") => Some('>'),
                        (_, "quot") => Some('"'),
                        (_, "apos") => Some('\''),
                        _ => None,
                    };
                    match resolved {
                        Some(found) if skipping.is_none() && depth > 0 => {
                            append(tree, at, found.encode_utf8(&mut [0; 4]));
                        }
                        Some(_) => {}
                        None => {
                            let message = format!("`&{};` stands for nothing", entity.xml10_content());
                            return Err(self.error(self.line(), message).help(
                                "write the character itself; what a DOCTYPE says of entities is not followed",
                            ));
                        }
                    }
                }
                Event::Eof if depth == 0 && self.done => return Ok(Step::End),
                Event::Eof => {
                    let open = if depth == 0 {
                        format!("inside `{}`", self.root.as_deref().unwrap_or_default())
                    } else {
                        format!(
                            "inside the `{}` that begins on line {element_line}",
                            names.name(element_name)
                        )
                    };
                    let message = format!("the file ends {open}: something cut it short");
                    return Err(self
                        .error(self.line(), message)
                        .help("export it again; nothing can be said of the rows it lacks"));
                }
                _ => {}
            }
        }
    }
}

/// How many lines end after the first letter of a text.
fn from_first_letter(text: &str) -> u64 {
    newlines(text.trim_start().as_bytes())
}

/// What is wrong with a text, and what to do.
fn not_xml(error: &str) -> (String, &'static str) {
    if error.contains("reference not closed") || error.contains("reference is not closed") {
        return ("an `&` stands for itself".to_owned(), "write `&amp;`");
    }
    if error.contains("end of input") {
        return (
            "the file ends in the middle of a tag: something cut it short".to_owned(),
            "export it again; nothing can be said of the rows it lacks",
        );
    }
    if error.contains("decode") {
        return ("the text is not UTF-8".to_owned(), "save the file in UTF-8");
    }
    let error = error.strip_prefix("ill-formed document: ").unwrap_or(error);
    (format!("the file is not well-formed XML: {error}"), "export it again")
}

/// What is wrong with a tag that begins an element, and what to do.
fn wrong_tag(start: &BytesStart<'_>) -> Option<(&'static str, &'static str)> {
    if start.local_name().as_ref().is_empty() {
        return Some(("a `<` stands for itself", "write `&lt;`"));
    }
    let mut attributes = start.attributes();
    attributes.any(|attribute| attribute.is_err()).then_some((
        "an attribute of this element stands twice, or is not written as `name=\"value\"`",
        "export the file again",
    ))
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = start.try_get_attribute(name).ok().flatten()?;
    Some(String::from(found.value.as_ref()))
}

fn append(tree: &mut Tree, at: usize, text: &str) {
    if let Some(node) = tree.nodes.get_mut(at) {
        node.text.push_str(text);
    }
}
