//! Which project each thing that the client says is about.
//!
//! Every folder that is open is a project of its own with a worker of its own, as each is one for the command: two that
//! have files or policies of the same name have nothing to do with each other. Documents that are in none of them are
//! one more.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc::UnboundedSender;
use tower_lsp::ls_types as lsp;

use crate::client::{Client, file_path, is_untitled};
use crate::manual::Manual;
use crate::pool::{Ask, STACK};
use crate::publish::Message;
use crate::server::Ships;
use crate::worker::{Event, work};
use crate::workspace::{Opened, Place};

/// What the client said.
pub(crate) enum Said {
    /// The workspace is known.
    Start { folders: Vec<PathBuf>, client: Client },
    /// The client has other folders open.
    Folders { added: Vec<PathBuf>, removed: Vec<PathBuf> },
    /// Something about a document.
    Of(lsp::Uri, Event),
    /// Files changed on disk.
    Disk(Vec<lsp::Uri>),
    /// A question to one project.
    Ask(Aim, Ask),
    /// A question to each project.
    AskAll(Box<dyn FnMut() -> Ask + Send>),
}

/// Which project is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    /// The one that a document belongs to.
    Document(lsp::Uri),
    /// The one of that number.
    Project(u32),
    /// Whichever: all would say the same.
    Any,
}

/// A project and its worker.
struct Project {
    number: u32,
    place: Place,
    events: Sender<Event>,
    manual: Arc<Manual>,
    worker: JoinHandle<Vec<Opened>>,
}

impl Project {
    /// Ends it, and gives the documents that the client has open.
    fn end(self, with: Event) -> Vec<Opened> {
        let _ = self.events.send(with);
        self.worker.join().unwrap_or_default()
    }
}

/// The projects. Whoever has it hands on what the client says at once; it waits for nothing but for projects that end because
/// the client has other folders open.
pub(crate) struct Router {
    /// At least one as soon as the workspace is known.
    projects: Vec<Project>,
    next: u32,
    client: Client,
    messages: UnboundedSender<Message>,
    ships: Ships,
}

impl Router {
    pub(crate) fn new(messages: UnboundedSender<Message>, ships: Ships) -> Self {
        Self { projects: Vec::new(), next: 0, client: Client::default(), messages, ships }
    }

    /// Hands on what the client said.
    pub(crate) fn take(&mut self, said: Said) {
        match said {
            Said::Start { folders, client } => {
                self.client = client;
                self.set_folders(folders);
            }
            Said::Folders { added, removed } => {
                let open = self.projects.iter().filter_map(|project| project.place.folder.clone());
                let mut folders: Vec<PathBuf> = open.filter(|folder| !removed.contains(folder)).collect();
                folders.extend(added);
                self.set_folders(folders);
            }
            Said::Of(uri, event) => self.tell(&uri, event),
            Said::Disk(uris) => self.tell_of_disk(uris),
            Said::Ask(aim, ask) => {
                let project = match aim {
                    Aim::Document(uri) => Some(self.of(&uri)),
                    Aim::Project(number) => self.projects.iter().position(|it| it.number == number),
                    Aim::Any => Some(0),
                };
                // Without a project that can say, whoever asked hears that nobody will.
                if let Some(project) = project.and_then(|project| self.projects.get(project)) {
                    let _ = project.events.send(Event::Ask(ask));
                }
            }
            Said::AskAll(mut ask) => {
                for project in &self.projects {
                    let _ = project.events.send(Event::Ask(ask()));
                }
            }
        }
    }

    /// The client is gone.
    pub(crate) fn end(&mut self) {
        std::mem::take(&mut self.projects).into_iter().for_each(|project| drop(project.end(Event::Stop)));
    }

    /// The client has these folders open. What is a project already, with the same files, stays as it is.
    fn set_folders(&mut self, folders: Vec<PathBuf>) {
        let mut wanted: Vec<Place> = Vec::new();
        for folder in &folders {
            let below = |other: &&PathBuf| *other != folder && other.starts_with(folder);
            let others = folders.iter().filter(below).cloned().collect();
            let place = Place { folder: Some(folder.clone()), others };
            if !wanted.contains(&place) {
                wanted.push(place);
            }
        }
        if wanted.is_empty() {
            wanted.push(Place::default());
        }
        let before = std::mem::take(&mut self.projects);
        // A document in no folder may be in one now.
        let (stay, leave): (Vec<_>, Vec<_>) = before
            .into_iter()
            .partition(|project| project.place.folder.is_some() && wanted.contains(&project.place));
        let open: Vec<Opened> = leave.into_iter().flat_map(|project| project.end(Event::Leave)).collect();
        self.projects = stay;
        for place in wanted {
            if !self.projects.iter().any(|project| project.place == place) {
                self.start(place);
            }
        }
        for document in open {
            let uri = document.uri.clone();
            self.tell(&uri, Event::Open(document));
        }
    }

    fn start(&mut self, place: Place) {
        let number = self.next;
        self.next += 1;
        let (events, incoming) = channel();
        let manual = Arc::new(Manual::new());
        let (answered, messages, ships) = (events.clone(), self.messages.clone(), self.ships.clone());
        let pages = Arc::clone(&manual);
        let worker =
            thread::Builder::new().name("rubric-write".to_owned()).stack_size(STACK).spawn(move || {
                let done = work(&incoming, &answered, messages, ships, pages, number);
                done.unwrap_or_else(|error| {
                    told(&error);
                    Vec::new()
                })
            });
        match worker {
            Ok(worker) => {
                let _ = events.send(Event::Start { place: place.clone(), client: self.client.clone() });
                self.projects.push(Project { number, place, events, manual, worker });
            }
            Err(error) => told(&error),
        }
    }

    fn tell(&mut self, uri: &lsp::Uri, event: Event) {
        let project = self.of(uri);
        if let Some(project) = self.projects.get(project) {
            let _ = project.events.send(event);
        }
    }

    fn tell_of_disk(&self, uris: Vec<lsp::Uri>) {
        let mut of_each: Vec<Vec<lsp::Uri>> = self.projects.iter().map(|_| Vec::new()).collect();
        for uri in uris {
            let project = self.holding(&uri);
            if let Some(uris) = project.and_then(|project| of_each.get_mut(project)) {
                uris.push(uri);
            }
        }
        for (project, uris) in self.projects.iter().zip(of_each) {
            if !uris.is_empty() {
                let _ = project.events.send(Event::ChangedOnDisk { uris });
            }
        }
    }

    /// The position of the project that a document belongs to.
    fn of(&mut self, uri: &lsp::Uri) -> usize {
        if let Some(project) = self.holding(uri) {
            return project;
        }
        if is_untitled(uri) {
            // What was never saved may use the policies of the folder that was opened first.
            return 0;
        }
        let outside = |projects: &[Project]| projects.iter().position(|it| it.place.folder.is_none());
        if outside(&self.projects).is_none() {
            self.start(Place::default());
        }
        outside(&self.projects).unwrap_or_default()
    }

    /// The position of the project whose folder holds a file: the innermost.
    fn holding(&self, uri: &lsp::Uri) -> Option<usize> {
        let shows = |project: &Project| project.manual.shipped_path(uri).is_some();
        if let Some(project) = self.projects.iter().position(shows) {
            return Some(project);
        }
        let path = file_path(uri)?;
        let folders = self.projects.iter().enumerate().filter_map(|(position, project)| {
            let folder = project.place.folder.as_ref().filter(|folder| path.starts_with(folder))?;
            Some((folder.components().count(), position))
        });
        folders.max().map(|(_, position)| position)
    }
}

fn told(error: &io::Error) {
    eprintln!("rubric lsp: {error}");
}
